"""The classes and metrics of tables, their modes and the columns that they fill."""

from __future__ import annotations

from gains.config.tables import Cost
from gains.metrics import METRICS
from gains.metrics.names import COCO_METRICS, MODES
from gains.published.classes import AVERAGE, TARGET
from gains.scoring.score_file import ScoreFile
from gains.tables.specs import DatasetSpec

Field = str | int | float | None
"""A value of a line of a table's CSV."""

COSTS: dict[Cost, tuple[str, float]] = {
    "parameters": ("parameters (million)", 1e6),
    "multiply_adds": ("multiply-adds (billion)", 1e9),
    "seconds_per_image": ("seconds per image", 1),
    "memory_mb": ("memory (GB)", 1e3),
    "training_seconds": ("training (minutes)", 60),
    "training_memory_mb": ("memory of training (GB)", 1e3),
}
"""Heading and unit of each cost in the printed table; the CSV has whole units."""

SUBSETS = {TARGET: "target class", AVERAGE: "average over classes"}
"""The subsets that are no single named class, in words."""

STANDARD = ("mAP", "AP50", "AP75", "AJI", "Dice", "F1", "TPp", "FNo")
"""Metrics of every table's CSV; a table's settings may add others of the score file."""


def columns_of(name: str) -> dict[str, str]:
    """Return the CSV columns of a metric and the mode of each.

    ``mAP`` has one column, the same in both modes; ``AJI`` has the two columns ``AJI_clean`` and
    ``AJI_as_published``.
    """
    if name in COCO_METRICS:
        return {name: MODES[0]}
    record = METRICS.get(name)
    return {column(name, mode): mode for mode in MODES if getattr(record, mode) is not None}


def category_of(subset: str, dataset: DatasetSpec, scores: ScoreFile) -> int | None:
    """Return the category id of a subset of the classes; None for the average over all.

    Args:
        subset: ``average``, ``target`` or the name of a class.
        dataset: the data set.
        scores: scores on this data set.

    Raises:
        ValueError: the data set has no class of this name.
    """
    if subset == AVERAGE:
        return None
    return dataset.target_category if subset == TARGET else scores.category(subset)


def column(name: str, mode: str) -> str:
    """Return the name of a metric's column, which ends in the mode where the metric has modes."""
    return name if name in COCO_METRICS else f"{name}_{mode}"


def definition(name: str) -> str:
    """Return what a metric is in ``as_published`` mode, in words of ``definitions.csv``."""
    return "COCO AP of masks" if name in COCO_METRICS else METRICS.get(name).published_definition
