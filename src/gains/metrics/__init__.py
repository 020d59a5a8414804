"""The metrics. Importing this package registers all of them, and imports no torch."""

from gains.metrics import aji, dice, f1, layering
from gains.metrics.base import METRICS, Metric

__all__ = ["METRICS", "Metric", "aji", "dice", "f1", "layering"]
