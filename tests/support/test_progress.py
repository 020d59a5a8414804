"""Progress in a log and on a terminal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gains.support.progress import Step, progress, read_step


@pytest.fixture
def clock(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in s, which a test sets."""
    now = [0.0]
    monkeypatch.setattr("gains.support.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    caplog.set_level("INFO")
    return now


def test_a_log_gets_the_start_then_twenty_lines_and_the_last_one(
    caplog: pytest.LogCaptureFixture, clock: list[float]
) -> None:
    """Of 45 pieces 5 are done before; each takes a second, and every second one has a line."""
    with progress("work", 45, 5) as advance:
        for done in range(6, 46):
            clock[0] += 1
            advance(done, "loss 2")
    assert len(caplog.messages) == 22
    assert caplog.messages[0] == "work 5/45, 0 s, ? s to go"
    assert caplog.messages[1] == "work 6/45, 1 s, 39 s to go loss 2"
    assert caplog.messages[2] == "work 8/45, 3 s, 37 s to go loss 2"
    assert caplog.messages[-1] == "work 45/45, 40 s, 0 s to go loss 2"


def test_a_log_is_not_silent_for_long(caplog: pytest.LogCaptureFixture, clock: list[float]) -> None:
    """Of 1000 pieces every 50th has a line, and slow ones have one every 30 s."""
    with progress("work", 1000) as advance:
        for done in range(1, 8):
            clock[0] += 12
            advance(done)
    assert [m.split(",")[0] for m in caplog.messages] == [
        "work 0/1000",
        "work 3/1000",
        "work 6/1000",
    ]


def test_a_log_of_quick_work_is_short(caplog: pytest.LogCaptureFixture, clock: list[float]) -> None:
    with progress("work", 45) as advance:
        for done in range(1, 46):
            clock[0] += 0.03
            advance(done)
    assert [m.split(",")[0] for m in caplog.messages] == ["work 0/45", "work 34/45", "work 45/45"]


@pytest.mark.parametrize("note", ["", "loss 1.25 lr 0.01"])
@pytest.mark.parametrize("left", [None, 37.0])
def test_a_line_is_read_as_it_was_written(note: str, left: float | None) -> None:
    step = Step("my data/gains/w 3/4", 8, 45, 3.0, left, note)
    assert read_step(str(step)) == read_step(f"12:01:59 {step}\n") == step
    assert read_step("12:01:59 8 detections in 45 images") is None


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
