"""Clean metrics of a model file on a validation part, at several score thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gains.methods.run_settings import RunSettings
from gains.metrics import METRICS
from gains.metrics.base import mean
from gains.prediction.predictor import Predictor
from gains.scoring.pairing import ByClass, clean, pairs_by_class
from gains.validation.part import ValidationPart

ADVICE = "make a split with a validation part, or name the other data sets with --dataset"


def values_at_thresholds(
    model: Path,
    settings: RunSettings,
    coco: Path,
    split: Path,
    fold: int,
    thresholds: Sequence[float],
    metrics: Sequence[str],
    max_detections: int,
    device: str | None = None,
) -> tuple[NDArray[np.float64], int]:
    """Predict a validation part once, and score it at each threshold.

    Args:
        model: model file.
        settings: settings of its run.
        coco: COCO JSON file, with the archive of images beside it.
        split: split file.
        fold: fold of the split.
        thresholds: score thresholds.
        metrics: names of metrics that have a clean mode.
        max_detections: number of detections per image and category that count.
        device: device of the prediction; None for that of the training.

    Returns:
        The values, fractions, float64 (thresholds, metrics), and the number of images.

    Raises:
        FileNotFoundError: an input is missing.
        ValueError: an input is broken, the part is empty or has no object, or the model was trained
            on other categories.
    """
    part = ValidationPart(coco, split, fold, ADVICE)
    torch.set_num_threads(settings.recipe.threads)
    predictor = Predictor(model, device, settings.prediction.model_dump(exclude_none=True))
    predictor.require_categories(part.truth)
    by_class = pairs_by_class(part.truth, part.predictions(predictor), max_detections)
    values = [_clean_values(clean(by_class, threshold), metrics) for threshold in thresholds]
    return np.array(values), part.images


def _clean_values(by_class: ByClass, metrics: Sequence[str]) -> list[float]:
    """Return the means over the classes with ground truth, as in score files."""
    present = [images for images in by_class.values() if any(p.num_truths for p in images)]
    computed = [METRICS.get(name).clean for name in metrics]
    return [mean([compute(images) for images in present]) for compute in computed if compute]
