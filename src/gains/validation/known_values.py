"""The value of a model file on a validation part, which is computed once and then read."""

from __future__ import annotations

from pathlib import Path

import torch

from gains.datasets.records import CocoRecord
from gains.methods.run_settings import RunSettings
from gains.prediction.predictor import Predictor
from gains.support.files import read_json, settings_hash, sha256, write_json
from gains.validation.validation import Validation


def known_value(
    model: Path,
    settings: RunSettings,
    coco: Path,
    split: Path,
    fold: int,
    memory: Path,
    device: str | None = None,
) -> tuple[float, int]:
    """Return the value of a model on the validation part, and the number of its images.

    See :class:`Validation`.

    Args:
        model: model file.
        settings: settings of the run, with those of the validation.
        coco: COCO JSON file, with the archive of images beside it.
        split: split file.
        fold: fold of the split.
        memory: file that keeps the value, with a hash of all that it depends on.
        device: device of the prediction; None for that of the training.

    Raises:
        FileNotFoundError: an input is missing.
        ValueError: an input is broken, or the part is empty or has no object.
    """
    files = [model, coco, coco.with_suffix(".zip"), split]
    key = settings_hash([settings.to_json(), fold, *map(sha256, files)])
    kept = _kept(memory)
    if kept.get("key") != key:
        validation = Validation(settings, coco, split, fold)
        torch.set_num_threads(settings.recipe.threads)
        thresholds = settings.while_training.prediction.model_dump(exclude_none=True)
        predictor = Predictor(model, device, thresholds)
        predictor.require_categories(validation.part.truth)
        kept = {"key": key, "value": validation(predictor.model), "images": validation.images}
        write_json(memory, kept)
    return kept["value"], kept["images"]


def _kept(memory: Path) -> CocoRecord:
    try:
        content = read_json(memory)
    except (FileNotFoundError, ValueError):  # a damaged memory is made again
        return {}
    return content if isinstance(content, dict) else {}
