"""The metrics; importing this package registers them all. Needs no torch."""

from gains.metrics import aji, dice, f1
from gains.metrics.base import METRICS, Metric

__all__ = ["METRICS", "Metric", "aji", "dice", "f1"]
