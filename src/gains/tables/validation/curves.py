"""The validations of a training, and the values of its curve that a table shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gains.support.csv_file import read_csv
from gains.support.files import read_json

Floats = NDArray[np.float64]

BEST, SLOPE = "best", "slope"
SHARES = {"third": Fraction(1, 3), "two_thirds": Fraction(2, 3), "end": Fraction(1)}
"""Places of a schedule whose validations are shown."""
QUANTITIES = (BEST, *SHARES, SLOPE)
"""What a table shows of a curve."""


@dataclass(frozen=True)
class Curve:
    """The validations of a training.

    Attributes:
        path: file of the validations, for messages.
        iterations: int64 (n,), iterations before each validation.
        values: float64 (n,), values of the metric in percent.
        threshold: score threshold of the predictions; empty if all detections count.
        images: number of validation images.
        training_images: number of training images.
        seconds: time of the training in s.
        ended_early: whether the training ended before the end of its schedule.
    """

    path: Path
    iterations: NDArray[np.int64]
    values: Floats
    threshold: str
    images: int
    training_images: int
    seconds: float
    ended_early: bool

    @staticmethod
    def read(folder: str, metric: str) -> Curve:
        """Read the validations of a training, and its record.

        Args:
            folder: folder of the training.
            metric: metric that its validations should have.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: there are no validations, or they are of another metric.
        """
        path = Path(folder, "validation.csv")
        rows = [row for _, row in read_csv(path, "train the run first").rows]
        found = sorted({row["metric"] for row in rows})
        if found != [metric]:
            raise ValueError(
                f"{path}: expected validations by {metric}, found {', '.join(found) or 'none'}; "
                "train this run again with the present settings"
            )
        record = read_json(Path(folder, "run.json"))
        return Curve(
            path,
            np.array([int(row["iteration"]) for row in rows]),
            100 * np.array([float(row["value"]) for row in rows]),
            rows[0]["score_threshold"],
            int(rows[0]["images"]),
            int(record["images"]),
            float(record["seconds"]),
            bool(record["validation"]["stopped_early"]),
        )

    def points(self, schedule: int) -> dict[str, tuple[float, float]]:
        """Return each quantity of the curve, and the iteration that its value is from.

        The value at a place of the schedule is that of the last validation up to there. The slope,
        in points per 100 iterations, is the median of the slopes between all pairs of validations
        in the last third of the schedule (Theil and Sen). What cannot be said is NaN.

        Args:
            schedule: number of iterations of the schedule.
        """
        best = int(self.values.argmax())
        found = {BEST: (float(self.values[best]), float(self.iterations[best]))}
        for name, share in SHARES.items():
            before = np.flatnonzero(self.iterations <= math.floor(schedule * share))
            last = before[-1] if len(before) else None
            found[name] = (
                (math.nan, math.nan)
                if last is None
                else (float(self.values[last]), float(self.iterations[last]))
            )
        late = 3 * self.iterations >= 2 * schedule
        found[SLOPE] = (_slope(self.iterations[late], self.values[late]), math.nan)
        return found


def _slope(iterations: NDArray[np.int64], values: Floats) -> float:
    if len(values) < 2:
        return math.nan
    return 100 * float(stats.theilslopes(values, iterations).slope)
