"""The record of a data set: its options, and a function that makes its images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gains.config.base import Settings
from gains.datasets.findings import Findings
from gains.instances import Instances
from gains.support.registry import Registry


class Scene(NamedTuple):
    """One image with its objects.

    Attributes:
        name: file name in the archive, ending in ``.png``.
        pixels: uint8 (H, W) grey or (H, W, 3) RGB.
        instances: the objects.
        changes: sentences about the changes that reading the image file made.
    """

    name: str
    pixels: NDArray[np.uint8]
    instances: Instances
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetCounts:
    """Size of a data set, as published or as found.

    Attributes:
        images: number of images, or None if it is not published.
        objects: number of objects by category name; categories without a published number are
            left out.
    """

    images: int | None
    objects: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SceneSet:
    """Content of a data set.

    Attributes:
        categories: names by category id.
        scenes: the images; each is made when it is requested.
        published: the published counts of these images, or None if there are none.
    """

    categories: dict[int, str]
    scenes: Iterable[Scene]
    published: DatasetCounts | None = None


Names = Callable[[Path], list[str]]
"""Function that returns the names of the image files that a COCO JSON file lists."""


def _no_inputs(_: Any) -> list[Path]:
    return []


def _no_files(_: Any, __: Names) -> dict[str, Path]:
    return {}


@dataclass(frozen=True)
class Dataset:
    """A source of images with ground truth.

    Attributes:
        name: name in the config file, e.g. ``synthetic-cells``.
        title: name for people.
        licence: licence of the images.
        citation: authors, title, venue and year of the data, or of the data that they imitate.
        homepage: address of a description, or an empty string.
        settings: model of the options.
        make: function that makes the images from validated options, and adds its repairs to the
            findings.
        inputs: function that returns the files and folders that validated options name. It returns
            none for a published data set, because the receipt of `gains fetch` represents them.
        files: function that returns the files that the conversion reads, each by a name that does
            not depend on where they lie. It gets validated options, and a function that lists the
            images of a JSON file.
        raw: folder of a published data set below ``data/raw`` and its name in
            ``data/sources.csv``; empty for others.
        splits: files of official splits in the repository, e.g. ``data/splits/isbi2014.json``.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    settings: type[Settings]
    make: Callable[[Any, Findings], SceneSet]
    inputs: Callable[[Any], list[Path]] = _no_inputs
    files: Callable[[Any, Names], dict[str, Path]] = _no_files
    raw: str = ""
    splits: tuple[str, ...] = ()


DATASETS: Registry[Dataset] = Registry("data set", "gains.datasets.catalogue")
