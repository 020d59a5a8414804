"""The metrics of tables, their modes and the columns that they fill."""

from __future__ import annotations

from gains.metrics import METRICS, Metric
from gains.support.registry import nearest

COCO_METRICS = {"mAP": "AP", "AP50": "AP50", "AP75": "AP75"}
"""Metrics without a mode, by their key in a score file's ``coco`` block."""

MODES = ("clean", "as_published")

STANDARD = ("mAP", "AP50", "AP75", "AJI", "Dice", "F1", "TPp", "FNo")
"""Metrics of every table's CSV; a table's settings may add others of the score file."""

LOWER_IS_BETTER = ("FNo", "FNRp", "FNR_o", "FDR")


def check_metric(name: str, mode: str, where: str) -> None:
    """Refuse a metric that does not exist, or does not exist in the given mode.

    Raises:
        ValueError: the metric is refused; the message lists the known metrics.
    """
    known = [*COCO_METRICS, *(m.name for m in METRICS if _has(m, mode))]
    if name not in known:
        raise ValueError(
            f"{where}: no metric {name!r} in {mode} mode; {nearest(name, known)}"
            f"known: {', '.join(known)}"
        )


def columns_of(name: str) -> dict[str, str]:
    """Return the CSV columns of a metric and the mode of each.

    ``mAP`` has one column, the same in both modes; ``AJI`` has the two columns ``AJI_clean`` and
    ``AJI_as_published``.
    """
    if name in COCO_METRICS:
        return {name: MODES[0]}
    return {column(name, mode): mode for mode in MODES if _has(METRICS.get(name), mode)}


def column(name: str, mode: str) -> str:
    """Return the name of a metric's column, which ends in the mode where the metric has modes."""
    return name if name in COCO_METRICS else f"{name}_{mode}"


def definition(name: str) -> str:
    """Return what a metric is in ``as_published`` mode, in words of ``definitions.csv``."""
    return "COCO AP of masks" if name in COCO_METRICS else "DoNet's evaluator"


def _has(metric: Metric, mode: str) -> bool:
    return getattr(metric, mode) is not None
