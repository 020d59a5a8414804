"""Numbers of score files: one metric of one run, its mean and spread over seeds."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains.metrics import METRICS, Metric
from gains.support.files import read_json
from gains.support.registry import nearest

COCO_METRICS = {"mAP": "AP", "AP50": "AP50", "AP75": "AP75"}
"""Metrics without a mode, by their key in a score file's ``coco`` block."""

MODES = ("clean", "as_published")

STANDARD = ("mAP", "AP50", "AP75", "AJI", "Dice", "F1", "TPp", "FNo")
"""Metrics of every table's CSV; a table's settings may add others of the score file."""

LOWER_IS_BETTER = ("FNo", "FNRp", "FNR_o", "FDR")


def check_metric(name: str, mode: str, where: str) -> None:
    """Refuse a metric that does not exist, or not in the mode that is asked for.

    Raises:
        ValueError: as said; the message lists those known.
    """
    known = [*COCO_METRICS, *(m.name for m in METRICS if _has(m, mode))]
    if name not in known:
        raise ValueError(
            f"{where}: no metric {name!r} in {mode} mode; {nearest(name, known)}"
            f"known: {', '.join(known)}"
        )


def columns_of(name: str) -> dict[str, str]:
    """Return the CSV columns of a metric and the mode that each is in.

    ``mAP`` has one, the same in both modes; ``AJI`` has ``AJI_clean`` and ``AJI_as_published``.
    """
    if name in COCO_METRICS:
        return {name: MODES[0]}
    return {column(name, mode): mode for mode in MODES if _has(METRICS.get(name), mode)}


def column(name: str, mode: str) -> str:
    """Return the name of a metric's column: with the mode where the metric has one."""
    return name if name in COCO_METRICS else f"{name}_{mode}"


def _has(metric: Metric, mode: str) -> bool:
    return getattr(metric, mode) is not None


@dataclass(frozen=True)
class Value:
    """Mean and spread over seeds, in percent.

    Args:
        mean: None where a seed's number is undefined (a class without ground truth).
        sd: sample standard deviation; None for a single seed.
        n: seeds.
    """

    mean: float | None
    sd: float | None
    n: int


@dataclass(frozen=True)
class ScoreFile:
    """The score file of one run; values are fractions, NaN where undefined.

    Args:
        path: where it was read from, for messages.
        content: see :func:`gains.scoring.score.score`.
    """

    path: str
    content: dict[str, Any]

    def value(self, metric: str, mode: str, target: int | None = None) -> float:
        """Return one metric.

        Args:
            metric: e.g. ``mAP`` or ``AJI``.
            mode: ``clean`` or ``as_published``; COCO metrics have none.
            target: category id of the one class that is meant; None: the average over classes.

        Raises:
            ValueError: the file lacks the metric or the class.
        """
        if target is not None:
            return self._of_class(metric, mode, target)
        if metric in COCO_METRICS:
            return self._look_up(self.content["coco"], COCO_METRICS[metric])
        block = self.content[mode]
        if mode == "as_published":
            # the program's own average halves a single class: the mean over classes is meant
            rows = [block["per_class"][key] for key in self._present()]
            return statistics.fmean(self._look_up(row, metric) for row in rows)
        return self._look_up(block["average"], metric)

    def _of_class(self, metric: str, mode: str, target: int) -> float:
        classes, key = self.content["coco"]["per_category"], str(target)
        if key not in classes:
            raise ValueError(
                f"{self.path}: no scores of category {target}, only of {', '.join(classes)}; "
                "`maps.target_category` must be a category of the data set"
            )
        if key not in self._present():
            return math.nan
        if metric in COCO_METRICS:
            return self._look_up(classes[key], COCO_METRICS[metric])
        return self._look_up(self.content[mode]["per_class"][key], metric)

    def _present(self) -> list[str]:
        """Return the classes that have ground truth; others have no AP."""
        classes = self.content["coco"]["per_category"]
        return [key for key, row in classes.items() if row["AP"] is not None]

    def _look_up(self, row: dict[str, Any], key: str) -> float:
        if key not in row:
            raise ValueError(
                f"{self.path}: has no metric {key!r}; it holds {', '.join(sorted(row))}"
            )
        return math.nan if row[key] is None else float(row[key])


def read_scores(path: str) -> ScoreFile:
    """Read a score file.

    Raises:
        FileNotFoundError: there is none; the message says how to make it.
        ValueError: truncated, or not a score file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: no such score file; make it with `gains score` or let the workflow make it"
        )
    content = read_json(path)
    wanted = ("coco", *MODES)
    if not isinstance(content, dict) or any(key not in content for key in wanted):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"{path}: expected a score file with {', '.join(wanted)}, found {found}; "
            "make it with `gains score`"
        )
    return ScoreFile(path, content)


def over_seeds(fractions: list[float]) -> Value:
    """Return mean and sample standard deviation (ddof 1) of fractions, in percent."""
    n = len(fractions)
    if any(math.isnan(x) for x in fractions):
        return Value(None, None, n)
    percent = [100 * x for x in fractions]
    return Value(statistics.fmean(percent), statistics.stdev(percent) if n > 1 else None, n)
