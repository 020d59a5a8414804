"""The record of a format, and the predictions that are written in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from gains.datasets.coco import ImageRecord
from gains.datasets.records import CocoRecord
from gains.figures.drawing.colours import class_colour
from gains.instances import Instances
from gains.support.registry import Registry

Colour = tuple[int, int, int]
Source = Callable[[ImageRecord], NDArray[np.uint8]]
"""Function that returns an image as uint8 (H, W, 3) RGB."""


@dataclass(frozen=True)
class ExportedImage:
    """One image and its objects.

    Attributes:
        record: name and size of the image.
        objects: best first; object k has the number k + 1 in every format. No mask is empty.
    """

    record: ImageRecord
    objects: Instances


@dataclass(frozen=True)
class Results:
    """The predictions that are exported.

    Attributes:
        path: the prediction file.
        categories: names of the classes by id.
        images: the predicted images, also those without an object.
        score_threshold: lowest score of an object.
        detections: number of detections in the file.
        empty: number of detections with such a score, but without a pixel, which are left out.
        info: how the predictions were made.
        pixels: where the images come from; None if they are not known.
        scores: whether pictures show the scores.
    """

    path: Path
    categories: Mapping[int, str]
    images: Sequence[ExportedImage]
    score_threshold: float
    detections: int
    empty: int
    info: CocoRecord
    pixels: Source | None = None
    scores: bool = False

    def colour(self, category: int) -> Colour:
        """Return the colour of a class, three numbers from 0 to 255."""
        place = list(self.categories).index(category)
        red, green, blue = ImageColor.getrgb(class_colour(place))[:3]
        return red, green, blue


@dataclass(frozen=True)
class ExportFormat:
    """A format that another program reads.

    Attributes:
        name: name on the command line, and of the folder of the files.
        summary: what the files are, for the help.
        suffix: end of the name of each file.
        content: function that returns the bytes of a file from all results and the images that the
            file is about.
        file: name of the one file for all images; None if each image has a file.
        needs_images: whether the images themselves are read.
        note: function that returns what a person should know about the written files, or nothing.
    """

    name: str
    summary: str
    suffix: str
    content: Callable[[Results, Sequence[ExportedImage]], bytes]
    file: str | None = None
    needs_images: bool = False
    note: Callable[[Results], str] = lambda _: ""


FORMATS: Registry[ExportFormat] = Registry("format", "gains.export")
