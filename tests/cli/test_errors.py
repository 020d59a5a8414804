"""Errors in the command line: one message that names the option, the value and what is expected."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

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
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


ENDED = """
import os, signal, sys, time
from pathlib import Path
from gains.cli.main import main
from gains.datasets import convert
from gains.support.files import atomic_path

def end(name, source, options, out):
    with atomic_path(out) as file:
        file.write_text("half")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

convert.convert = end
sys.argv[1:] = ["convert", "synthetic-cells", "--out", sys.argv[1]]
main()
"""


def test_a_verb_that_is_ended_leaves_no_temporary_files(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ENDED, str(tmp_path / "x.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 143
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
