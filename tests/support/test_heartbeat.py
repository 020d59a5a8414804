"""No verb is silent for long."""

from __future__ import annotations

import logging
import threading

import pytest

from gains.support import heartbeat as module
from gains.support.heartbeat import heartbeat


class Written(logging.Handler):
    """A handler that keeps lines and says when one has come."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.come = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.come.set()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    found = Written()
    found.setLevel(logging.INFO)
    monkeypatch.setattr(module.logger, "level", logging.INFO)
    monkeypatch.setattr(module.logger, "handlers", [found])
    return found


def test_a_silent_verb_says_that_it_is_at_work(written: Written) -> None:
    with heartbeat("gains audit", 0.001):
        assert written.come.wait(60)
    assert written.lines[0] == "gains audit: at work for 0 s"


def test_a_verb_that_speaks_or_shows_a_bar_gets_no_line(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    with heartbeat("gains audit", 3600):
        logging.getLogger("gains").warning("a line")
    asked = threading.Event()
    monkeypatch.setattr(module, "_bar_is_shown", lambda: asked.set() or True)
    with heartbeat("gains audit", 0.001):
        assert asked.wait(60)
    assert written.lines == []


def test_the_handler_goes_with_the_block() -> None:
    before = list(logging.getLogger().handlers)
    with heartbeat("x"):
        assert len(logging.getLogger().handlers) == len(before) + 1
    assert logging.getLogger().handlers == before
