"""The names of metrics, by which tables and recipes choose them."""

from __future__ import annotations

from gains.metrics.base import METRICS
from gains.support.registry import nearest

MODES = ("clean", "as_published")
"""The modes of all other metrics."""

COCO_METRICS = {"mAP": "AP", "AP50": "AP50", "AP75": "AP75"}
"""Metrics without a mode, by their key in a score file's ``coco`` block."""


def metrics_in(mode: str) -> list[str]:
    """Return the names of the metrics that exist in a mode, ``clean`` or ``as_published``."""
    return [*COCO_METRICS, *(m.name for m in METRICS if getattr(m, mode) is not None)]


def quotients_of(name: str) -> tuple[str, ...]:
    """Return the metrics whose terms decide a value: those that it is the mean of, or itself."""
    return METRICS.get(name).mean_of or (name,)


def smaller_is_better() -> list[str]:
    """Return the names of the metrics of which a smaller value is better."""
    return [m.name for m in METRICS if m.smaller_is_better]


def check_metric(name: str, mode: str, where: str) -> None:
    """Refuse a metric that does not exist, or does not exist in the given mode.

    Raises:
        ValueError: the metric is refused; the message lists the known metrics.
    """
    known = metrics_in(mode)
    if name not in known:
        METRICS.require_import(name)
        raise ValueError(
            f"{where}: no metric {name!r} in {mode} mode; {nearest(name, known)}"
            f"known: {', '.join(known)}"
        )


def check_larger_is_better(name: str, where: str) -> None:
    """Refuse a metric whose largest clean value is not the best one.

    Raises:
        ValueError: the metric does not exist in clean mode, or a smaller value of it is better.
    """
    check_metric(name, "clean", where)
    if name in smaller_is_better():
        known = [other for other in metrics_in("clean") if other not in smaller_is_better()]
        raise ValueError(
            f"{where}: a smaller {name} is better, but the largest value is picked; choose one of "
            f"{', '.join(known)}"
        )
