"""Values of a study that follow from its data, each with its reason in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from gains.proposal.facts import Facts

CELL_SIDE = 10
"""Side in px that all but the smallest objects should have in training, to have a mask."""
SHORT_SIDES = {False: (256, 320, 512), True: (512, 640, 800)}
"""Smallest, usual and largest shorter side of training images in px, on a CPU and on a GPU."""
LEVELS = 5
"""Number of anchor sizes, of which each is twice the one before."""
FEW_IMAGES = 100
"""Number of images below which a single test part is too small."""


@dataclass(frozen=True)
class Value:
    """A value of a study file, and why it is this one."""

    value: Any
    reason: str


def target_of(facts: Facts) -> Value:
    """Return the category whose objects overlap most, or else touch most."""
    found = {k: c for k, c in facts.categories.items() if c["objects"]}
    number = max(found, key=lambda k: (found[k]["overlapping"] or 0, found[k]["touching"] or 0, -k))
    name, overlap = found[number]["name"], found[number]["overlapping"] or 0
    touch = found[number]["touching"] or 0
    if overlap:
        why = f"{overlap:.0%} of the objects of the class {name} overlap another one of it"
    elif touch:
        why = f"no objects overlap, and {touch:.0%} of the objects of the class {name} touch"
    else:
        return Value(
            number, "no objects overlap or touch, so the maps stay flat and GAInS gains nothing"
        )
    return Value(number, f"{why}, more than of any other class" if len(found) > 1 else why)


def map_values(facts: Facts, target: int) -> dict[str, Value]:
    """Return the settings of the anomaly maps.

    Args:
        facts: the data.
        target: the category that the maps are made of.
    """
    category, side = facts.categories[target], facts.sides[target]
    window = max(3, 2 * round((side / 15 - 1) / 2) + 1)
    overlap, touch = category["overlapping"] or 0, category["touching"] or 0
    size = (
        f"a median object is about {side:.0f} px wide, and the authors of GAInS advise 1/20 to "
        "1/10 of an object, in px of the images as they are"
    )
    if overlap >= touch:
        why = "the program for overlapping cells, with its authors' values"
        chosen = ("isbi", 0.5, 0.1)
    else:
        why = f"the program for touching nuclei: {touch:.0%} touch and {overlap:.0%} overlap"
        chosen = ("nuclei", 0.8, 0.1)
    return {
        "program": Value(chosen[0], why),
        "window_size": Value(window, size),
        "f_ga": Value(chosen[1], why),
        "overlap_highlight": Value(chosen[2], why),
    }


def image_sizes(facts: Facts, gpu: bool) -> dict[str, Value]:
    """Return ``train_sizes``, ``test_size`` and ``max_size``."""
    least, usual, most = SHORT_SIDES[gpu]
    wanted = CELL_SIDE * facts.short / facts.small
    side = min(max(usual, wanted), most, 2 * facts.short)
    side = max(32, 32 * round(max(side, min(least, 2 * facts.short)) / 32))
    small = facts.small * side / facts.short
    where = "a GPU" if gpu else "a CPU"
    bound = f"{most} px is the largest size that suits {where}"
    if side < most:
        bound = "images are enlarged to twice their size at most"
    reason = (
        f"the images are {facts.short:.0f} px on their shorter side, and a small object is "
        f"{facts.small:.0f} px wide. At {side} px it is {small:.0f} px wide"
        + (
            f", which is little: {bound}"
            if small < CELL_SIDE - 1
            else f"; {where} allows {least} to {most} px"
        )
    )
    long = 32 * math.ceil(side * min(facts.aspect, 2) / 32)
    sizes = [32 * round(side * share / 32) for share in (0.8, 0.9, 1)] if gpu else [side]
    return {
        "train_sizes": Value(list(dict.fromkeys(sizes)), reason),
        "test_size": Value(side, "as in training"),
        "max_size": Value(
            max(long, side),
            f"the longest image has sides of 1 : {facts.aspect:.2g}"
            + (
                ", and 1 : 2 is the longest that keeps this shorter side"
                if facts.aspect > 2
                else ""
            ),
        ),
    }


def too_small(facts: Facts, gpu: bool) -> list[str]:
    """Return a sentence if small objects are lost in training, because the images are large."""
    side = image_sizes(facts, gpu)["test_size"].value
    small = facts.small * side / facts.short
    if small >= CELL_SIDE / 2 or facts.short <= side:
        return []
    piece = math.floor(side * facts.small / CELL_SIDE)
    return [
        f"The images are reduced to {side} px for the training, where a small object is "
        f"{small:.1f} px wide: too little for a mask. Cut images and labels into pieces of at most "
        f"{max(piece, 32)} px, and run `gains init` on these; `gains predict` takes whole images."
    ]


def anchor_sizes(facts: Facts, side: int) -> Value:
    """Return the anchor sizes for images whose shorter side is ``side`` px in training."""
    small, large = (share * side for share in facts.boxes)
    middle = math.log2(math.sqrt(small * large)) - LEVELS // 2
    first = 2 ** min(5, max(2, round(middle)))
    return Value(
        [first * 2**level for level in range(LEVELS)],
        f"the boxes of 9 of 10 objects are {small:.0f} to {large:.0f} px wide at the size of "
        "training",
    )


def detector_numbers(facts: Facts, gpu: bool) -> dict[str, Value]:
    """Return the numbers of detections, proposals and RoIs."""
    detections = max(20, 10 * math.ceil(1.5 * facts.most / 10))
    proposals = max(1000 if gpu else 300, 50 * math.ceil(4 * facts.most / 50))
    rois = min(512, max(256 if gpu else 64, 32 * math.ceil(4 * facts.most / 32)))
    most = f"an image holds up to {facts.most} objects"
    return {
        "max_detections": Value(
            detections, f"{most}, and half as many again leave room for errors"
        ),
        "proposals": Value(proposals, f"{most}, and each needs several proposals"),
        "rois": Value(rois, f"{most}, and a quarter of the RoIs may show objects"),
    }


def folds_of(facts: Facts) -> tuple[int, ...]:
    """Return the numbers of folds to try, the best first."""
    if facts.labelled >= FEW_IMAGES:
        return (1,)
    return tuple(n for n in (5, 3) if facts.labelled >= 2 * n) + (1,)
