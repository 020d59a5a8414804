"""Splits of a data set's images into train, val and test; the image is the unit."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gains.config import SplitSettings
from gains.datasets.coco import read_coco
from gains.files import read_json, write_json
from gains.registry import nearest

logger = logging.getLogger(__name__)

PARTS = ("train", "val", "test", "unlabelled")

Fold = dict[str, list[str]]
"""File names by part; every part of :data:`PARTS` is there."""


@dataclass(frozen=True)
class Split:
    """The parts of a data set.

    Args:
        dataset: name of the data set.
        generator: how the parts came about: ``ratio`` and ``seed``, or ``file``.
        folds: file names by part, one dict per fold.
    """

    dataset: str
    generator: dict[str, Any]
    folds: tuple[Fold, ...]

    def names(self, part: str, fold: int = 0) -> list[str]:
        """Return the file names of a part.

        Raises:
            ValueError: there is no such part or fold; those known are listed.
        """
        if part not in PARTS:
            raise ValueError(
                f"unknown part {part!r}; {nearest(part, list(PARTS))}known: {', '.join(PARTS)}"
            )
        if not 0 <= fold < len(self.folds):
            raise ValueError(
                f"split of {self.dataset!r} has no fold {fold}; known: 0 to {len(self.folds) - 1}"
            )
        return list(self.folds[fold][part])


def draw(file_names: Iterable[str], ratio: tuple[float, float, float], seed: int) -> Fold:
    """Draw train, val and test at random.

    Val and test get their share of the n images, rounded (half up), and at least one; train gets
    the rest. The names are sorted before they are shuffled, so their order does not matter.

    Args:
        file_names: n distinct names.
        ratio: shares of train, val, test.
        seed: of the shuffle.

    Raises:
        ValueError: fewer than three images, names that repeat, or none left for training.
    """
    names = sorted(file_names)
    if len(set(names)) != len(names):
        raise ValueError("file names repeat; the image is the unit of a split, so name each once")
    if len(names) < 3:
        raise ValueError(
            f"found {len(names)} images; train, val and test need at least one each, so 3 in all"
        )
    val, test = (max(1, math.floor(share * len(names) + 0.5)) for share in ratio[1:])
    if val + test >= len(names):
        raise ValueError(
            f"shares {ratio} of {len(names)} images give {val} to val and {test} to test and "
            "leave none to train; give train a larger share"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    shuffled = [names[i] for i in order]
    parts = {
        "train": shuffled[val + test :],
        "val": shuffled[:val],
        "test": shuffled[val : val + test],
    }
    return {part: sorted(parts.get(part, [])) for part in PARTS}


def _check_fold(where: str, content: Any) -> Fold:
    if not isinstance(content, Mapping):
        raise ValueError(f"{where}: expected lists by part, found {type(content).__name__}")
    for part, names in content.items():
        if part not in PARTS:
            raise ValueError(
                f"{where}: unknown part {part!r}; {nearest(str(part), list(PARTS))}"
                f"known: {', '.join(PARTS)}"
            )
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{where}: {part} is not a list of file names")
    fold = {part: list(content.get(part, [])) for part in PARTS}
    for part in ("train", "test"):
        if not fold[part]:
            raise ValueError(f"{where}: {part} is empty; list at least one image")
    seen: dict[str, str] = {}
    for part, names in fold.items():
        for name in names:
            if name in seen:
                raise ValueError(
                    f"{where}: {name!r} is in {seen[name]} and in {part}; parts must be disjoint"
                )
            seen[name] = part
    return fold


def _check_folds(where: str, content: Any) -> tuple[Fold, ...]:
    if isinstance(content, Mapping) and "folds" in content:
        folds = content["folds"]
        if not isinstance(folds, list) or not folds:
            raise ValueError(f"{where}: 'folds' is not a list with at least one fold")
        return tuple(_check_fold(f"{where}: fold {k}", fold) for k, fold in enumerate(folds))
    return (_check_fold(where, content),)


def read_split(path: str | Path) -> Split:
    """Read a split file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a split file, a part is unknown, train or test is empty, or two
            parts share an image.
    """
    content = read_json(path)
    if not isinstance(content, dict) or "folds" not in content:
        raise ValueError(f"{path}: expected a split file with 'folds'; make it with `gains split`")
    return Split(
        str(content.get("dataset", Path(path).stem)),
        dict(content.get("generator", {})),
        _check_folds(str(path), content),
    )


def make_split(coco: str | Path, settings: SplitSettings, out: str | Path) -> Split:
    """Split the images of a COCO file, drawn by seed or from given lists, and write it as JSON.

    A file of given lists is a split file, or one dict ``{"train": [...], "val": [...],
    "test": [...]}``; val may be empty, and images in no list are left out.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: too few images, or given lists that name unknown images, overlap, or leave
            train or test empty.
    """
    names = [image.file_name for image in read_coco(coco).images.values()]
    if settings.file is None:
        generator: dict[str, Any] = {"ratio": list(settings.ratio), "seed": settings.seed}
        try:
            folds: tuple[Fold, ...] = (draw(names, settings.ratio, settings.seed),)
        except ValueError as error:
            raise ValueError(f"{coco}: {error}") from error
    else:
        generator = {"file": settings.file}
        folds = _check_folds(settings.file, read_json(settings.file))
        _refuse_unknown(settings.file, folds, names)
    split = Split(Path(coco).stem, generator, folds)
    write_json(out, {"dataset": split.dataset, "generator": generator, "folds": list(folds)})
    return split


def _refuse_unknown(where: str, folds: tuple[Fold, ...], known: list[str]) -> None:
    for number, fold in enumerate(folds):
        listed = {name for names in fold.values() for name in names}
        for name in sorted(listed - set(known)):
            raise ValueError(
                f"{where}: fold {number} lists {name!r}, which the data set does not hold; "
                f"{nearest(name, known)}it has {len(known)} images (all named .png)"
            )
        if len(listed) < len(known):
            logger.info(
                "%s: fold %d leaves out %d of %d images",
                where,
                number,
                len(known) - len(listed),
                len(known),
            )
