"""Splits by given lists without validation images, for which training images are held out.

This is a module of its own, so that a change of it makes only those splits again that use it.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np

from gains.config.data import SplitSettings
from gains.datasets.coco import read_coco
from gains.datasets.make_split import make_split
from gains.datasets.part_objects import labels_of, parts_without_object
from gains.datasets.split_file import Fold, Split
from gains.support.files import write_json


def hold_out(fold: Fold, share: float, seed: int) -> Fold:
    """Return a fold in which a share of the training images, rounded (half up), is validation.

    At least one image is held out. The names are sorted before they are shuffled, so their order
    does not matter.

    Raises:
        ValueError: the fold has validation images, or no training image would be left.
    """
    if fold["val"]:
        raise ValueError(
            f"the given lists have {len(fold['val'])} validation images; remove `held_out`, or "
            "empty the list `val`"
        )
    names = sorted(fold["train"])
    count = max(1, math.floor(share * len(names) + 0.5))
    if count >= len(names):
        raise ValueError(
            f"held_out {share} of {len(names)} training images leaves none to train; choose a "
            "smaller share"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    val = {names[k] for k in order[:count]}
    return {**fold, "train": [n for n in names if n not in val], "val": sorted(val)}


def make_split_with_held_out(coco: str | Path, settings: SplitSettings, out: str | Path) -> Split:
    """Split by given lists, hold out training images for validation, and write the split as JSON.

    The paper on layering validates on a tenth of its training images, drawn at random; its data
    sets have official test images and no validation images.

    Args:
        coco: COCO JSON file.
        settings: with ``file`` and ``held_out``.
        out: split file to write.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: see :func:`gains.datasets.make_split.make_split` and :func:`hold_out`; or the
            images that are held out, or those that are left, have no object.
    """
    if settings.held_out is None:
        raise ValueError("held_out is not set; use make_split")
    lists = settings.model_copy(update={"held_out": None})
    with tempfile.TemporaryDirectory() as folder:
        given = make_split(coco, lists, Path(folder) / "given.json")
    try:
        folds = tuple(hold_out(fold, settings.held_out, settings.seed) for fold in given.folds)
    except ValueError as error:
        raise ValueError(f"{settings.file}: {error}") from error
    if empty := parts_without_object(folds, labels_of(read_coco(coco))):
        number, part = empty[0]
        raise ValueError(
            f"{settings.file}: with held_out {settings.held_out} and seed {settings.seed}, {part} "
            f"of fold {number} has no object; choose another seed or a larger share"
        )
    generator = given.generator | {"held_out": settings.held_out, "seed": settings.seed}
    split = Split(given.dataset, generator, folds)
    write_json(out, {"dataset": split.dataset, "generator": generator, "folds": list(folds)})
    return split
