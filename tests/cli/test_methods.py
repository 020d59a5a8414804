"""The verb ``gains methods``: lines for a pipe, a table for a terminal."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.methods import METHODS
from helpers.terminal import printed_to_a_terminal


def test_a_pipe_gets_a_line_each() -> None:
    lines = CliRunner().invoke(app, ["methods"]).output.splitlines()
    assert len(lines) == len(list(METHODS))
    assert {line.count("\t") for line in lines} == {3}
    gains = next(line for line in lines if line.startswith("gains\t"))
    assert "Segmentation. 2024" in gains and "alrm" in gains


@pytest.mark.parametrize("width", [80, 160])
def test_a_terminal_gets_a_table(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = printed_to_a_terminal(monkeypatch, "methods", width=width)
    assert max(map(len, shown.splitlines())) <= width
    for title in ("name", "title", "citation", "variants", *METHODS.names()):
        assert title in shown
    assert "alrm" in shown
