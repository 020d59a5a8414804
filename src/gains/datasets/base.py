"""What a data set is: a record with its options, and a function that makes its images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gains.config.base import Settings
from gains.instances import Instances
from gains.support.registry import Registry

Scene = tuple[str, NDArray[np.uint8], Instances]
"""File name (ending in .png), uint8 (H, W) grey or (H, W, 3) RGB, and the instances."""


@dataclass(frozen=True)
class PublishedCounts:
    """How much a published data set holds, as stated where it is described.

    Args:
        images: number of images, or None where not stated.
        objects: number of objects by category name; categories not stated are left out.
    """

    images: int | None
    objects: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What making a data set gives.

    Args:
        categories: names by category id.
        images: the scenes, made one at a time while they are asked for.
        repairs: what was changed in the source, one sentence each; a generator may add to it
            while ``images`` are asked for.
        expected: the published counts of what is made, or None where there are none.
        strict: whether other counts are an error; otherwise they are a repair.
    """

    categories: dict[int, str]
    images: Iterable[Scene]
    repairs: list[str] = field(default_factory=list)
    expected: PublishedCounts | None = None
    strict: bool = True


def _no_files(_: Any) -> list[Path]:
    return []


@dataclass(frozen=True)
class Dataset:
    """A source of images with ground truth.

    Args:
        name: name in config, e.g. ``synthetic-cells``.
        title: name for people.
        licence: of the images.
        citation: authors, title, venue, year; of the data or of what they imitate.
        homepage: where it is described, or an empty string.
        settings: the validated options.
        make: makes the images from validated options.
        inputs: the files and folders it reads, from validated options; of a published data set
            nothing, since the receipt of `gains fetch` stands for them.
        raw: of a published data set, its folder below ``data/raw`` and its name in
            ``data/sources.csv``; otherwise empty.
        splits: the committed files of official lists, e.g. ``data/splits/isbi2014.json``.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    settings: type[Settings]
    make: Callable[[Any], Made]
    inputs: Callable[[Any], list[Path]] = _no_files
    raw: str = ""
    splits: tuple[str, ...] = ()


DATASETS: Registry[Dataset] = Registry("data set")
