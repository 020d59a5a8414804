"""The jobs of a running study, as their events and their logs tell."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from gains.study.runs import Run
from gains.support.progress import Step, read_step
from gains.workflow.events import ERROR, FAILED, FINISHED, STARTED, Event

TRAIN = "train"
"""The rule of trainings, which take nearly all of the time."""
WORDS = {
    "fetch": "download",
    "fetch_weights": "download",
    "convert": "convert images and labels",
    "split": "split",
    "audit": "describe the data",
    "maps": "anomaly maps",
    TRAIN: "train",
    "predict": "predict",
    "score": "score",
    "report_study": "write the report",
    "figure": "draw figure",
}
"""What the rules do, in words for people; other rules have their own names."""
TAIL = 4096
"""Number of bytes at the end of a log that are read for its last step."""


@dataclass
class JobInProgress:
    """A job that runs.

    Attributes:
        rule: its rule.
        wildcards: values of the wildcards of the rule.
        log: its log.
        began: time in s when it started, of the clock ``time.monotonic``.
        ended: the same of its end; None while it runs.
    """

    rule: str
    wildcards: dict[str, str]
    log: Path
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """The time in s that it has taken so far."""
        return (time.monotonic() if self.ended is None else self.ended) - self.began

    @property
    def run(self) -> Run | None:
        """The run that a training, prediction or scoring belongs to."""
        return run_of(self.wildcards)

    @property
    def name(self) -> str:
        """What it does with what, for people."""
        values = {k: v for k, v in self.wildcards.items() if (k, v) != ("variant", "default")}
        shown = [v for k, v in values.items() if k not in ("seed", "fold", "mapkey")]
        shown += [
            f"{k} {v}" for k, v in values.items() if k == "seed" or (k == "fold" and v != "0")
        ]
        return " ".join([f"{WORDS.get(self.rule, self.rule)}:" if shown else self.rule, *shown])

    def step(self) -> Step | None:
        """Return the last step that the log reports, if it reports any."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - TAIL))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:  # the job has not opened its log yet
            return None
        return next((step for line in reversed(lines) if (step := read_step(line))), None)


def run_of(wildcards: dict[str, str]) -> Run | None:
    """Return the run that wildcards name, or None if they name none."""
    if "seed" not in wildcards:
        return None
    w = wildcards
    return Run(w["dataset"], w["method"], w["variant"], int(w["seed"]), int(w["fold"]))


@dataclass
class Jobs:
    """All jobs of a call of Snakemake.

    Attributes:
        total: number of jobs that were planned.
        running: those that run, by their number.
        finished: those that have finished.
        failed: those that have failed.
        errors: messages of errors that belong to no job.
    """

    total: int
    running: dict[int, JobInProgress] = field(default_factory=dict)
    finished: list[JobInProgress] = field(default_factory=list)
    failed: list[JobInProgress] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take account of an event."""
        if event.kind == STARTED:
            self.running[event.job] = JobInProgress(event.rule, event.wildcards, Path(event.log))
        elif event.kind == ERROR:
            self.errors.append(event.text)
        elif event.job in self.running:
            job = self.running.pop(event.job)
            job.ended = time.monotonic()
            if event.kind == FINISHED:
                self.finished.append(job)
            elif event.kind == FAILED:
                self.failed.append(job)

    @property
    def done(self) -> int:
        """The number of jobs that have ended."""
        return len(self.finished) + len(self.failed)
