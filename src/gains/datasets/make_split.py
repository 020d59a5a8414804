"""Making of splits: at random by a seed, cross-validated, or from given lists."""

from __future__ import annotations

import fnmatch
import logging
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gains.config.data import SplitSettings
from gains.datasets.coco import read_coco
from gains.datasets.part_objects import (
    Labels,
    labels_of,
    parts_without_object,
    warn_of_absent_categories,
)
from gains.datasets.split_file import PARTS, Fold, Split, check_folds, refuse_shared
from gains.support.files import read_json, write_json
from gains.support.names import normal, portable
from gains.support.registry import nearest

logger = logging.getLogger(__name__)

MAX_DRAWS = 10_000
"""Number of draws after which a random split with an object in every part is given up."""
Seed = int | np.random.Generator
"""The seed of a shuffle, or a generator, which shuffles differently each time."""


def draw_split(file_names: Iterable[str], ratio: tuple[float, float, float], seed: Seed) -> Fold:
    """Draw train, val and test at random.

    Val and test get their share of the n images, rounded (half up), and at least one; train gets
    the rest. The names are sorted before they are shuffled, so their order does not matter.

    Args:
        file_names: n distinct names.
        ratio: shares of train, val, test.
        seed: seed of the shuffle, or its generator.

    Raises:
        ValueError: there are fewer than three images, a name is repeated, or no image is left for
            training.
    """
    names = sorted(file_names)
    if len(set(names)) != len(names):
        raise ValueError("a file name occurs more than once; a split lists each image once")
    if len(names) < 3:
        raise ValueError(
            f"found {len(names)} images; train, val and test need at least one each, so 3 in all"
        )
    val, test = (_share(share, len(names)) for share in ratio[1:])
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


def draw_folds(
    file_names: Iterable[str], folds: int, ratio: tuple[float, float, float], seed: Seed
) -> tuple[Fold, ...]:
    """Draw the folds of a cross-validation; every image is in the test part of one of them.

    The test parts differ by at most one image. Of the other images val gets the share that
    ``ratio`` gives it beside train, rounded (half up), and at least one.

    Args:
        file_names: n distinct names.
        folds: number of folds, from 2 up.
        ratio: shares of train, val, test; the last one is not used.
        seed: seed of the shuffle, or its generator.

    Raises:
        ValueError: a name is repeated, or there are too few images for train, val and test of every
            fold.
    """
    names = sorted(file_names)
    if len(set(names)) != len(names):
        raise ValueError("a file name occurs more than once; a split lists each image once")
    largest = math.ceil(len(names) / folds)
    val_share = ratio[1] / (ratio[0] + ratio[1])
    if len(names) < folds or len(names) - largest <= _share(val_share, len(names) - largest):
        raise ValueError(
            f"found {len(names)} images for {folds} folds; train, val and test of every fold need "
            "at least one each: choose fewer folds or a larger share for train"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    tests = np.array_split(order, folds)
    drawn = []
    for k, test in enumerate(tests):
        # start after the test part, so that val differs between folds too
        others = np.concatenate([*tests[k + 1 :], *tests[:k]])
        val = _share(val_share, len(others))
        parts = {"train": others[val:], "val": others[:val], "test": test}
        drawn.append({part: sorted(names[i] for i in parts.get(part, ())) for part in PARTS})
    return tuple(drawn)


def _share(share: float, n: int) -> int:
    return max(1, math.floor(share * n + 0.5))


def make_split(coco: str | Path, settings: SplitSettings, out: str | Path) -> Split:
    """Split the images of a COCO file, at random or by given lists, and write the split as JSON.

    A file of given lists is a split file, or one object ``{"train": [...], "val": [...],
    "test": [...]}``; val may be empty, and images in no list are left out. An entry with ``*``,
    ``?`` or ``[`` is a shell pattern, unless it is the name of an image.

    Every part needs an image with an object. A random split is drawn again until each part has
    one; ``generator`` then records the number of the draw.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: there are too few images or images with objects, or given lists name unknown
            images, overlap, leave train or test empty, or have a part without an object.
    """
    labels = labels_of(read_coco(coco))
    if settings.file is None:
        try:
            generator, folds = _drawn(settings, labels)
        except ValueError as error:
            raise ValueError(f"{coco}: {error}") from error
    else:
        generator, folds = {"file": portable(settings.file)}, _given(settings.file, labels)
    warn_of_absent_categories(folds, labels)
    split = Split(Path(coco).stem, generator, folds)
    write_json(out, {"dataset": split.dataset, "generator": generator, "folds": list(folds)})
    return split


def _drawn(settings: SplitSettings, labels: Labels) -> tuple[dict[str, object], tuple[Fold, ...]]:
    """Draw folds again until each part has an object, and return their origin too."""
    generator: dict[str, object] = {"ratio": list(settings.ratio), "seed": settings.seed}
    if settings.folds > 1:
        generator["folds"] = settings.folds
    rng = np.random.default_rng(settings.seed)
    for draw in range(1, MAX_DRAWS + 1):
        if settings.folds == 1:
            folds: tuple[Fold, ...] = (draw_split(labels, settings.ratio, rng),)
        else:
            folds = draw_folds(labels, settings.folds, settings.ratio, rng)
        empty = parts_without_object(folds, labels)
        if not empty:
            return generator | ({"draw": draw} if draw > 1 else {}), folds
        if draw == 1:
            number, part = empty[0]
            _require_enough(labels, settings.folds, f"fold {number}: {part}")
            logger.warning("fold %d: %s has no object, so the split is drawn again", number, part)
    raise ValueError(
        f"{MAX_DRAWS} draws left a part without an object, because only {_count(labels)}; give "
        "lists with `file`, or choose larger shares or fewer folds"
    )


def _require_enough(labels: Labels, folds: int, empty: str) -> None:
    """Raise ValueError if no draw can give each part an object."""
    # the test part of a fold holds train and val of the other one if there are two
    needed = {1: 3, 2: 4}.get(folds, folds)
    if sum(map(bool, labels.values())) < needed:
        raise ValueError(
            f"{empty} has no object, and {_count(labels)}; train, val and test of every fold need "
            f"at least one, so {needed} in all: add annotated images, or give lists with `file`, "
            "where val may be empty"
        )


def _count(labels: Labels) -> str:
    return f"{sum(map(bool, labels.values()))} of {len(labels)} images have an object"


def _given(file: str, labels: Labels) -> tuple[Fold, ...]:
    names = list(labels)
    folds = tuple(
        _resolved(f"{file}: fold {number}", fold, names)
        for number, fold in enumerate(check_folds(file, read_json(file)))
    )
    if empty := parts_without_object(folds, labels):
        listed = ", ".join(f"{part} of fold {number}" for number, part in empty)
        raise ValueError(
            f"{file}: no listed image has an object in {listed}, and {_count(labels)}; list at "
            "least one of them in each part, or leave val empty"
        )
    return folds


def _resolved(where: str, fold: Fold, known: list[str]) -> Fold:
    """Return a fold of given lists with its patterns replaced by the names they match."""
    resolved = {
        part: list(
            dict.fromkeys(name for entry in fold[part] for name in _meant(where, entry, known))
        )
        for part in PARTS
    }
    refuse_shared(where, resolved)
    left = len(known) - sum(len(names) for names in resolved.values())
    if left:
        logger.info("%s leaves out %d of %d images", where, left, len(known))
    return resolved


def _meant(where: str, entry: str, known: list[str]) -> list[str]:
    if entry in known:
        return [entry]
    wanted = normal(entry)
    if found := [name for name in sorted(known) if fnmatch.fnmatchcase(normal(name), wanted)]:
        return found
    problem = "matches no image" if set(entry) & set("*?[") else "is not in the data set"
    raise ValueError(
        f"{where} lists {entry!r}, which {problem}; {nearest(entry, known)}"
        f"it has {len(known)} images (all named .png), first {min(known)!r}"
    )
