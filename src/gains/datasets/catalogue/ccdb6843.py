"""CCDB:6843: neuroblastoma cells with one or two layers of masks per image.

Published as ``MP6843_img_full/F01_120w1.TIF`` and ``...w2.TIF``, ``MP6843_seg/F01_120_GT_01.tif``
and, where cells overlap, ``F01_120_GT_02.tif`` with the cells that lie on those of the first
layer. An object is a connected region (8 neighbours) of one channel of a layer. The loader of the
paper on layering takes the first channel in the order of OpenCV, which is blue; loaders that read
RGB take red. Several public loaders report masks of half the size of the images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.images import read_image, read_samples
from gains.datasets.readers.raw_files import RawSettings, named_files
from gains.instances import Instances
from gains.masks.regions import components
from gains.masks.rle import Rle

IMAGE = re.compile(r"(.+)(w[12])\.(?:tif|TIF)")
LAYER = re.compile(r"(.+)_GT_0([12])\.(?:tif|TIF)")

MaskChannel = Literal["blue", "green", "red"]
PLANES: dict[MaskChannel, int] = {"red": 0, "green": 1, "blue": 2}
"""Planes of an RGB image by their names."""


class Ccdb6843Settings(RawSettings):
    """Options of ``ccdb6843``."""

    root: OwnPath = Field("data/raw/ccdb6843", description="folder of images and masks")
    channel: Literal["w1", "w2"] = Field(
        "w1", description="channel of the images; Layering uses w1"
    )
    mask_channel: MaskChannel = Field(
        "blue",
        description="channel of a colour mask that holds its objects; Layering reads the first "
        "channel in OpenCV's order, which is blue",
    )
    min_area: int = Field(
        100, ge=1, description="area in px of the published mask below which a region is left out"
    )


@dataclass
class _Files:
    """Image and layers of one field of view."""

    image: Path
    layers: list[Path] = field(default_factory=list)


def _files(root: str, channel: str) -> dict[str, _Files]:
    images = named_files(root, IMAGE, "F01_120w1.TIF", "*w[0-9].TIF", "*w[0-9].tif")
    found = {name: _Files(path) for (name, kind), path in images.items() if kind == channel}
    if not found:
        raise FileNotFoundError(
            f"{root}: none of the {len(images)} images is of channel {channel}; expected names "
            f"like F01_120{channel}.TIF. Choose the other channel, or fetch the data set again"
        )
    masks = named_files(root, LAYER, "F01_120_GT_01.tif", "*_GT_*.tif", "*_GT_*.TIF")
    for (name, _), path in masks.items():
        if name not in found:
            raise FileNotFoundError(
                f"{path}: the image {name}{channel}.TIF is missing; fetch the data set again"
            )
        found[name].layers.append(path)
    for name, files in found.items():
        if (name, "1") not in masks:
            raise FileNotFoundError(
                f"{files.image}: the mask {name}_GT_01.tif is missing; fetch the data set again"
            )
    return found


def _planes(path: Path) -> dict[MaskChannel, NDArray[np.bool_]]:
    """Return the planes of a layer as bool (H, W); those of a grey layer are equal."""
    drawn = read_samples(path).colour > 0  # transparency does not count, as in OpenCV
    if drawn.ndim == 2:
        return dict.fromkeys(PLANES, drawn)
    return {name: drawn[..., k] for name, k in PLANES.items()}


def _objects(
    path: Path, image: Path, size: tuple[int, int], settings: Ccdb6843Settings, findings: Findings
) -> list[Rle]:
    """Return the objects of one layer at the size of the image."""
    planes = _planes(path)
    mask = planes[settings.mask_channel]
    scale = 1
    if mask.shape != size:
        if (2 * mask.shape[0], 2 * mask.shape[1]) != size:
            raise ValueError(
                f"{path}: the mask has size {list(mask.shape)}, the image {image.name} "
                f"{list(size)}; expected the same size or half of it. Fetch both again"
            )
        findings.add("masks of half the image's size were scaled up by repeating pixels", path.name)
        scale = 2
    # repeating pixels neither joins nor divides regions of 8 neighbours
    large = mask.repeat(scale, axis=0).repeat(scale, axis=1)
    found = components(large, 8, settings.min_area * scale**2)
    for _ in range(scipy.ndimage.label(mask, np.ones((3, 3)))[1] - len(found)):
        findings.add(
            f"regions of less than {settings.min_area} px of the mask were dropped", path.name
        )
    _compare(planes, path, settings, findings)
    return found


def _compare(
    planes: dict[MaskChannel, NDArray[np.bool_]],
    path: Path,
    settings: Ccdb6843Settings,
    findings: Findings,
) -> None:
    """Record the masks and the objects for which the choice of the channel matters."""
    chosen = settings.mask_channel
    if all(np.array_equal(plane, planes[chosen]) for plane in planes.values()):
        return
    findings.add(f"of colour masks whose channels differ, the {chosen} one was taken", path.name)
    regions = {
        name: {str(rle["counts"]) for rle in components(plane, 8, settings.min_area)}
        for name, plane in planes.items()
    }
    taken = regions.pop(chosen)
    for region in taken:
        if not all(region in other for other in regions.values()):
            findings.add(
                "objects were taken that another channel lacks or draws otherwise", path.name
            )
    for _ in set().union(*regions.values()) - taken:
        findings.add("objects of another channel were not taken", path.name)


def _scenes(
    fields: dict[str, _Files], settings: Ccdb6843Settings, findings: Findings
) -> Iterator[Scene]:
    for name, files in fields.items():
        image = read_image(files.image)
        size = (image.values.shape[0], image.values.shape[1])
        rles: list[Rle] = []
        for path in files.layers:
            rles += _objects(path, files.image, size, settings, findings)
        instances = Instances.from_rles(*size, rles, [1] * len(rles))
        yield Scene(f"{name}.png", image.values, instances, image.changes)


def make(settings: Ccdb6843Settings, findings: Findings) -> SceneSet:
    """Return the images by name, the objects of the first layer before those of the second.

    Raises:
        FileNotFoundError: the folder, the images of the channel, a mask, or the image of a mask
            is missing.
        ValueError: a file name has another form, two files have one name, a file cannot be read,
            or a mask has another size.
    """
    fields = _files(settings.root, settings.channel)
    # the number of cells is not published
    return SceneSet({1: "cell"}, _scenes(fields, settings, findings), DatasetCounts(100))


DATASETS.register(
    Dataset(
        name="ccdb6843",
        title="CCDB:6843, neuroblastoma cells",
        licence="CC BY 3.0",
        citation="Yu et al.: CCDB:6843, mus musculus, Neuroblastoma, Cell Image Library",
        homepage="http://www.cellimagelibrary.org/images/CCDB_6843",
        settings=Ccdb6843Settings,
        make=make,
        raw="ccdb6843",
        splits=("data/splits/ccdb6843.json",),
    )
)
