"""The output of a verb as a terminal shows it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from typer.testing import CliRunner

from gains.cli import printing
from gains.cli.main import app


def printed_to_a_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str, width: int) -> str:
    """Return what a verb prints with ``rich`` to a terminal of a width in characters.

    Colours are left out; lines that the verb prints without ``rich`` are not part of the result.
    """
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(printing, "terminal", lambda: console)
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return screen.getvalue()
