"""Progress in a log and on a terminal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gains.support.progress import progress


def test_a_log_gets_twenty_lines_and_the_last_one(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 45 pieces 5 are done before; each takes a second, and every second one has a line."""
    clock = [0.0]
    monkeypatch.setattr("gains.support.progress.time", SimpleNamespace(monotonic=lambda: clock[0]))
    caplog.set_level("INFO")
    with progress("work", 45, 5) as advance:
        for done in range(6, 46):
            clock[0] += 1
            advance(done, "loss 2")
    assert len(caplog.messages) == 21
    assert caplog.messages[0] == "work 6/45, 1 s, 39 s to go loss 2"
    assert caplog.messages[1] == "work 8/45, 3 s, 37 s to go loss 2"
    assert caplog.messages[-1] == "work 45/45, 40 s, 0 s to go loss 2"


def test_a_bar_starts_at_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    class Bar:
        """What the library gets to show."""

        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            calls.append("end")

        def add_task(self, what: str, **given: Any) -> int:
            calls.append((what, given["total"], given["completed"]))
            return 7

        def update(self, task: int, **given: Any) -> None:
            calls.append((task, given))

    terminal = SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("gains.support.progress.sys", terminal)
    monkeypatch.setattr("gains.support.progress.Progress", Bar)
    with progress("work", 45, 5) as advance:
        advance(6, "loss 2")
    assert calls == [("work", 45, 5), (7, {"completed": 6, "note": "loss 2"}), "end"]
