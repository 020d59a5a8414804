"""The time that the trainings of a running study still take."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gains.running.jobs import TRAIN, Jobs
from gains.study.cost import StartOf, one_after_other, together
from gains.study.runs import Run


@dataclass(frozen=True)
class Forecast:
    """What is known before the first training.

    Attributes:
        trainings: the trainings to do.
        seconds: estimated time in s of each that can be estimated.
        slots: how many run at the same time.
        start_of: function that returns the training from which another one starts, or None.
    """

    trainings: Sequence[Run]
    seconds: Mapping[Run, float]
    slots: int
    start_of: StartOf = lambda _: None

    @property
    def all(self) -> float | None:
        """The estimated time in s of all trainings, or None if one cannot be estimated."""
        if any(run not in self.seconds for run in self.trainings):
            return None
        return self._together({run: self.seconds[run] for run in self.trainings})

    def left(self, jobs: Jobs) -> float | None:
        """Return the estimated time in s until the last training ends.

        The result is None if it is unknown, or no training is left.
        """
        whole, left = dict[Run, float](), dict[Run, float]()
        for job in jobs.running.values():
            if job.rule != TRAIN or job.run is None:
                continue
            step, passed = job.step(), job.seconds
            rest = step.left if step else None
            if rest is None and job.run in self.seconds:
                rest = max(0.0, self.seconds[job.run] - passed)
            if rest is None:
                return None
            left[job.run] = rest
            whole[job.run] = passed + rest
        ended = [job for job in (*jobs.finished, *jobs.failed) if job.rule == TRAIN]
        whole |= {job.run: job.seconds for job in ended if job.run}
        for run in self.trainings:
            if run not in whole:
                expected = self._expected(run, whole)
                if expected is None:
                    return None
                left[run] = expected
        return self._together(left) if left else None

    def _together(self, seconds: Mapping[Run, float]) -> float:
        return together(one_after_other(seconds, self.start_of), self.slots)

    def _expected(self, run: Run, seen: Mapping[Run, float]) -> float | None:
        """Return the time of a training that waits, from those that were seen in this call."""
        known = [(r, seconds) for r, seconds in seen.items() if r in self.seconds]
        if run in self.seconds:
            factors = [seconds / max(self.seconds[r], 1.0) for r, seconds in known]
            return self.seconds[run] * (statistics.median(factors) if factors else 1.0)
        alike = [seconds for r, seconds in seen.items() if r.method == run.method]
        others = alike or list(seen.values())
        return statistics.median(others) if others else None
