"""Errors in the command line: one message that names the option, the value and what is expected."""

from __future__ import annotations

import sys

import pytest

from gains.cli.main import main

MAPS = ("maps", "--coco", "c.json", "--out", "m.npz", "--target-category", "1", "--program")
CASES = {
    "choice": ((*MAPS, "isby"), "--program: 'isby' is not one of 'isbi', 'chrom', 'nuclei'."),
    "number": (
        (*MAPS, "isbi", "--window-size", "x"),
        "--window-size: Input should be a valid integer, unable to parse string as an integer, "
        "found 'x'",
    ),
    "range": (
        ("plan", "--gpu-memory", "0"),
        "--gpu-memory: Input should be greater than or equal to 1, found '0'",
    ),
    "missing": (MAPS[:-1], "Missing option '--program'. Choose from:"),
    "unknown": ((*MAPS, "isbi", "--ful"), "No such option: --ful"),
    "our own": (
        (*MAPS, "isbi", "--variant", "isbi"),
        "--variant is now called --program; rename it",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_names_the_option_and_the_value(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, expected = CASES[case]
    monkeypatch.setattr(sys, "argv", ["gains", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code != 0
    assert capsys.readouterr().err.startswith(f"gains: error: {expected}")
