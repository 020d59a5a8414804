"""BBBC010: overlapping C. elegans in wells, with one mask file per worm.

Published as ``BBBC010_v2_images/1649_1109_0003_Amp5-1_B_20070424_A01_w1_<GUID>.tif`` (520 x 696
px, 16 bit; A01 is the well, w1 the channel) and
``BBBC010_v1_foreground_eachworm/A01_01_ground_truth.png``. The paper on layering crops the images
first and then scales them to 8 bit by the values within the crop; the option ``crop: layering``
does the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.images import cropped, read_drawn, read_header, read_image
from gains.datasets.readers.raw_files import RawSettings, named_files
from gains.instances import Instances
from gains.masks.rle import encode_mask

IMAGE = re.compile(r".+_([A-H]\d\d)_(w[12])_[^_]+\.tif")
MASK = re.compile(r"([A-H]\d\d)_(\d+)_ground_truth\.png")
LAYERING = (slice(50, 498), slice(120, 568))
"""Rows and columns that the paper on layering keeps."""

Window = tuple[slice, slice] | None


class Bbbc010Settings(RawSettings):
    """Options of ``bbbc010``."""

    root: OwnPath = Field("data/raw/bbbc010", description="folder of images and masks")
    channel: Literal["w1", "w2"] = Field(
        "w2", description="channel of the images; w2 is assumed to be brightfield"
    )
    crop: Literal["none", "layering"] = Field(
        "none",
        description="part of the images; layering: only rows 50 to 497 and columns 120 to 567",
    )


def _files(root: str, channel: str) -> dict[str, tuple[Path, list[Path]]]:
    """Return image and masks by well."""
    example = f"1649_1109_0003_Amp5-1_B_20070424_A01_{channel}_<GUID>.tif"
    images = named_files(root, IMAGE, example, "*.tif")
    wells: dict[str, tuple[Path, list[Path]]] = {
        well: (path, []) for (well, found), path in images.items() if found == channel
    }
    if not wells:
        raise FileNotFoundError(
            f"{root}: none of the {len(images)} images is of channel {channel}; expected names "
            f"like {example}. Choose the other channel, or fetch the data set again"
        )
    masks = named_files(root, MASK, "A01_01_ground_truth.png", "*_ground_truth.png")
    for (well, _), path in masks.items():
        if well not in wells:
            raise FileNotFoundError(
                f"{path}: the image of well {well} in channel {channel} is missing; expected a "
                f"name like {example}. Fetch the data set again"
            )
        wells[well][1].append(path)
    return wells


def _mask(path: Path, size: tuple[int, int], image: Path, window: Window) -> NDArray[np.bool_]:
    values = read_drawn(path)
    if values.shape[:2] != size:
        raise ValueError(
            f"{path}: the mask has size {list(values.shape[:2])}, the image {image.name} "
            f"{list(size)}; fetch both again"
        )
    mask = np.asarray(values.reshape(*size, -1).any(axis=2))
    return mask if window is None else cropped(mask, window, path)


def _brighter(pixels: NDArray[np.uint8], masks: list[NDArray[np.bool_]]) -> bool:
    """Return whether the worms of an image are brighter than its background."""
    worms = np.any(masks, axis=0)
    return bool(not worms.all() and pixels[worms].mean() > pixels[~worms].mean())


def _scenes(
    wells: dict[str, tuple[Path, list[Path]]], settings: Bbbc010Settings, findings: Findings
) -> Iterator[Scene]:
    window = LAYERING if settings.crop == "layering" else None
    place = " within the crop" if window else ""
    dropped = f"mask files without a pixel{place} were dropped"
    brighter, compared = 0, 0
    for well, (path, files) in wells.items():
        header = read_header(path)
        (pixels, changes), masks = read_image(path, window=window), []
        for file in files:
            mask = _mask(file, (header.height, header.width), path, window)
            if mask.any():
                masks.append(mask)
            else:
                findings.add(dropped, file.name)
        if masks:
            compared += 1
            brighter += _brighter(pixels, masks)
        height, width = pixels.shape[:2]
        rles = [encode_mask(mask) for mask in masks]
        instances = Instances.from_rles(height, width, rles, [1] * len(rles))
        yield Scene(f"{well}.png", pixels, instances, changes)
    if 2 * brighter > compared:
        findings.remark(
            f"nothing was changed, but worms are brighter than the background on {brighter} of "
            f"{compared} images, and in brightfield they are darker: channel {settings.channel} "
            "may be fluorescence (sources disagree); look at the contact sheet"
        )


def make(settings: Bbbc010Settings, findings: Findings) -> SceneSet:
    """Return the images by well.

    Raises:
        FileNotFoundError: the folder, the images of the channel, the masks, or the image of a
            mask is missing.
        ValueError: a file name has another form, two files have one name, a file cannot be read,
            a mask has another size, or an image is smaller than the crop.
    """
    wells = _files(settings.root, settings.channel)
    # the number of worms within the crop is not published
    objects = {"worm": 1407} if settings.crop == "none" else {}
    scenes = _scenes(wells, settings, findings)
    return SceneSet({1: "worm"}, scenes, DatasetCounts(100, objects))


DATASETS.register(
    Dataset(
        name="bbbc010",
        title="BBBC010, C. elegans live/dead",
        licence="none published",
        citation=(
            "Ljosa, Sokolnicki, Carpenter: Annotated high-throughput microscopy image sets for "
            "validation, Nature Methods 2012; Wählby et al.: An image analysis toolbox for "
            "high-throughput C. elegans assays, Nature Methods 2012"
        ),
        homepage="https://bbbc.broadinstitute.org/BBBC010",
        settings=Bbbc010Settings,
        make=make,
        raw="bbbc010",
        splits=("data/splits/bbbc010.json",),
    )
)
