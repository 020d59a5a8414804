"""Reading of score files: the value of a metric for one run, and its mean and spread over seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gains.metrics.names import COCO_METRICS, MODES
from gains.published.classes import class_named
from gains.support.files import read_json, require_file


@dataclass(frozen=True)
class MeanOverSeeds:
    """Mean and spread over seeds, in percent.

    Attributes:
        mean: mean in percent; None if the value of a seed is undefined (a class without ground
            truth).
        sd: sample standard deviation; None for a single seed.
        n: number of seeds and folds.
    """

    mean: float | None
    sd: float | None
    n: int


@dataclass(frozen=True)
class ScoreFile:
    """The score file of one run; values are fractions, None where undefined.

    Attributes:
        path: path of the file, for messages.
        content: the JSON, see :func:`gains.scoring.score.score`.
    """

    path: str
    content: dict[str, Any]

    def value(self, metric: str, mode: str, target: int | None = None) -> float | None:
        """Return one metric.

        Args:
            metric: e.g. ``mAP`` or ``AJI``.
            mode: ``clean`` or ``as_published``; COCO metrics have none.
            target: category id of one class; None: the average over classes.

        Raises:
            ValueError: the file lacks the metric or the class.
        """
        if target is not None:
            return self._of_class(metric, mode, target)
        if metric in COCO_METRICS:
            return self._look_up(self.content["coco"], COCO_METRICS[metric])
        block = self.content[mode]
        if mode == "as_published":
            # The program's own average halves a single class, so the mean is computed here.
            rows = [block["per_class"][key] for key in self._present()]
            return _mean([self._look_up(row, metric) for row in rows])
        return self._look_up(block["average"], metric)

    def category(self, name: str) -> int:
        """Return the category id of a class.

        Args:
            name: name of the class, or another name of the same class.

        Raises:
            ValueError: the data set has no such class, or an earlier version wrote the file.
        """
        known = self.content.get("categories")
        if known is None:
            raise ValueError(
                f"{self.path}: expected the names of the classes, which this version of `gains "
                "score` writes; score the predictions again"
            )
        try:
            found = class_named(name, known.values())
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
        return next(int(number) for number, text in known.items() if text == found)

    def _of_class(self, metric: str, mode: str, target: int) -> float | None:
        classes, key = self.content["coco"]["per_category"], str(target)
        if key not in classes:
            raise ValueError(
                f"{self.path}: no scores of category {target}, only of {', '.join(classes)}; "
                "`maps.target_category` must be a category of the data set"
            )
        if key not in self._present():
            return None
        if metric in COCO_METRICS:
            return self._look_up(classes[key], COCO_METRICS[metric])
        return self._look_up(self.content[mode]["per_class"][key], metric)

    def _present(self) -> list[str]:
        """Return the classes that have ground truth; others have no AP."""
        classes = self.content["coco"]["per_category"]
        return [key for key, row in classes.items() if row["AP"] is not None]

    def _look_up(self, row: dict[str, float | None], key: str) -> float | None:
        if key not in row:
            raise ValueError(
                f"{self.path}: has no metric {key!r}; it holds {', '.join(sorted(row))}"
            )
        return row[key]


def read_scores(path: str) -> ScoreFile:
    """Read a score file.

    Raises:
        FileNotFoundError: the file does not exist; the message says how to make it.
        ValueError: the file is truncated or not a score file.
    """
    require_file(path, "no such score file; make it with `gains score` or let the workflow make it")
    content = read_json(path)
    expected = ("coco", *MODES)
    if not isinstance(content, dict) or any(key not in content for key in expected):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"{path}: expected a score file with {', '.join(expected)}, found {found}; "
            "make it with `gains score`"
        )
    return ScoreFile(path, content)


def over_seeds(fractions: Sequence[float | None]) -> MeanOverSeeds:
    """Return mean and sample standard deviation (ddof 1) of fractions, in percent."""
    n = len(fractions)
    percent = [100 * x for x in fractions if x is not None]
    if len(percent) < n:
        return MeanOverSeeds(None, None, n)
    sd = statistics.stdev(percent) if n > 1 else None
    return MeanOverSeeds(statistics.fmean(percent), sd, n)


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the arithmetic mean, None if a value is undefined."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None
