"""The times of checkpoints."""

from __future__ import annotations

import pytest

from gains.training import checkpoint_timer


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(checkpoint_timer, "time", clock)
    return clock


def checkpoints_of(
    clock: Clock, iterations: int, seconds: float, cost: float, every: int = 10
) -> list[int]:
    """Train with given seconds per iteration and checkpoint; return when checkpoints are made."""
    found, gauge = [], checkpoint_timer.CheckpointTimer(every)
    for done in range(1, iterations + 1):
        clock.now += seconds
        if gauge.due(done):
            with gauge.saving():
                clock.now += cost
            found.append(done)
    return found


def test_cheap_checkpoints_are_made_every_few_iterations(clock: Clock) -> None:
    assert checkpoints_of(clock, 50, seconds=1.0, cost=0.1) == [10, 20, 30, 40, 50]


def test_dear_checkpoints_are_made_less_often(clock: Clock) -> None:
    # 50 times the 1.5 s of one are 75 s, so every 1500 of the iterations of 0.05 s
    found = checkpoints_of(clock, 20_000, seconds=0.05, cost=1.5, every=200)
    assert found[:4] == [200, 400, 2000, 3600]
    assert 1.5 * (len(found) - 1) <= checkpoint_timer.SHARE * 20_000 * 0.05


def after(clock: Clock, *costs: float) -> checkpoint_timer.CheckpointTimer:
    """Return a timer that has seen checkpoints of these costs."""
    gauge = checkpoint_timer.CheckpointTimer(1)
    for cost in costs:
        with gauge.saving():
            clock.now += cost
    return gauge


def test_a_disk_that_was_slow_once_does_not_put_checkpoints_off(clock: Clock) -> None:
    gauge = after(clock, 1.0, 600.0)
    clock.now += 50
    assert gauge.due(1)


def test_the_next_is_due_when_it_costs_little_of_the_time_since(clock: Clock) -> None:
    gauge = after(clock, 1.0, 1.0)
    clock.now += 49
    assert not gauge.due(1)
    clock.now += 1
    assert gauge.due(2)
