"""The jobs of a running study: their names, their steps, and the time that is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.running.forecast import Forecast
from gains.running.jobs import JobInProgress, Jobs
from gains.running.screen import Lines, job_line, jobs_line, screen
from gains.study.runs import Run
from gains.workflow.events import FAILED, FINISHED, STARTED, Event


def run_of(seed: int, method: str = "gains") -> Run:
    return Run("cells", method, "default", seed)


def wildcards(run: Run) -> dict[str, str]:
    return {
        "dataset": run.dataset,
        "method": run.method,
        "variant": run.variant,
        "seed": str(run.seed),
        "fold": str(run.fold),
    }


def job(
    run: Run, began: float = 0.0, ended: float | None = None, log: Path = Path("no")
) -> JobInProgress:
    return JobInProgress("train", wildcards(run), log, began, ended)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in s, which a test sets."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_job_is_named_for_people(tmp_path: Path) -> None:
    assert job(run_of(2)).name == "train: cells gains seed 2"
    assert JobInProgress(
        "maps", {"dataset": "cells", "fold": "1", "mapkey": "x"}, tmp_path
    ).name == ("anomaly maps: cells fold 1")
    assert JobInProgress("summary", {}, tmp_path).name == "summary"


def test_the_last_step_of_a_log_is_shown(tmp_path: Path, clock: list[float]) -> None:
    log = tmp_path / "log"
    found = job(run_of(0), log=log)
    assert job_line(found) == "train: cells gains seed 0, since 2 min"
    log.write_text("12:00:00 c/g/d 0/9, 0 s, ? s to go\nother\n")
    assert job_line(found) == "train: cells gains seed 0 0/9, since 2 min"
    log.write_text("x" * 9000 + "\n12:00:00 c/g/d 3/9, 4 s, 80 s to go loss 1.5\nother\n")
    assert job_line(found) == "train: cells gains seed 0 3/9, loss 1.5, 80 s to go"


def test_events_start_and_end_jobs() -> None:
    jobs = Jobs(3)
    for number in (1, 2):
        jobs.take(Event(STARTED, number, "train", wildcards(run_of(number)), "log"))
    jobs.take(Event(FINISHED, 1))
    jobs.take(Event(FAILED, 2, "train"))
    jobs.take(Event(FINISHED, 7))  # a job that this call did not start
    assert [j.name for j in jobs.finished] == ["train: cells gains seed 1"]
    assert [j.name for j in jobs.failed] == ["train: cells gains seed 2"]
    assert (jobs.done, jobs.running) == (2, {})
    assert (
        jobs_line(jobs, 61.0)
        == "2 of 3 jobs done, 1 trained, 1 failed, trainings end in about 61 s"
    )


def test_the_time_of_all_trainings_is_that_of_the_slots(clock: list[float]) -> None:
    """Four trainings of 60, 60, 60 and 100 s: two at a time take 160 s, four take 100 s."""
    runs = [run_of(seed) for seed in range(4)]
    seconds = dict(zip(runs, [60.0, 60.0, 60.0, 100.0], strict=True))
    assert Forecast(runs, seconds, 2).all == 160
    assert Forecast(runs, seconds, 4).all == 100
    assert Forecast([*runs, run_of(9)], seconds, 2).all is None


def test_what_is_left_follows_the_trainings_that_run(tmp_path: Path, clock: list[float]) -> None:
    """The first took 40 s instead of 20. The second has run for 30 s and has 30 to go, so it takes 60
    instead of 20. The factors 2 and 3 have the median 2.5, so the third takes 50 s: 80 s in all."""
    log = tmp_path / "log"
    log.write_text("12:00:00 c/g/d 3/6, 30 s, 30 s to go\n")
    runs = [run_of(seed) for seed in range(3)]
    jobs = Jobs(3, running={1: job(runs[1], 70.0, log=log)}, finished=[job(runs[0], 0.0, 40.0)])
    assert Forecast(runs, dict.fromkeys(runs, 20.0), 1).left(jobs) == 80
    # without estimates the third takes as long as the median of both
    assert Forecast(runs, {}, 1).left(jobs) == 30 + 50
    assert Forecast(runs, {}, 1).left(Jobs(3)) is None
    ended = Jobs(3, finished=[job(run, 0.0, 40.0) for run in runs])
    assert Forecast(runs, dict.fromkeys(runs, 20.0), 1).left(ended) is None


def test_a_training_without_a_step_takes_the_estimated_time(clock: list[float]) -> None:
    jobs = Jobs(1, running={1: job(run_of(0), 90.0)})
    assert Forecast([run_of(0)], {run_of(0): 25.0}, 1).left(jobs) == 15
    assert Forecast([run_of(0)], {}, 1).left(jobs) is None


def test_a_log_gets_lines_at_once_then_every_30_s_and_after_each_training(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    shown, jobs = Lines(), Jobs(2)

    def lines_after(seconds: float) -> int:
        clock[0] += seconds
        shown.show(jobs, None)
        return len(capsys.readouterr().err.splitlines())

    assert [lines_after(s) for s in (0, 10, 19, 1)] == [1, 0, 0, 1]
    jobs.take(Event(STARTED, 1, "train", wildcards(run_of(0)), "log"))
    assert [lines_after(s) for s in (5, 25)] == [0, 2]
    jobs.take(Event(FINISHED, 1))
    assert [lines_after(s) for s in (1, 1)] == [1, 0]
    for event in (Event(STARTED, 2, "score", {}, "log"), Event(FAILED, 2)):
        jobs.take(event)
    assert [lines_after(s) for s in (1, 1)] == [1, 0]


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    with screen() as shown:
        assert isinstance(shown, Lines)
