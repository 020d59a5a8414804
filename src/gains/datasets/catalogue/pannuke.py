"""PanNuke: nuclei of five classes in H&E patches of 19 tissues, in three folds.

It is published as ``Fold 1/images/fold1/{images,types}.npy`` (S, 256, 256, 3) and (S,), and
``Fold 1/masks/fold1/masks.npy`` (S, 256, 256, 6). The masks are a map of instance ids per class,
and the background, which is not read. The arrays take about 8 GB, so they stay on disk and one
patch is read at a time.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.raw_files import RawSettings, one_file
from gains.instances import Instances
from gains.masks.rle import Rle, encode_mask

CATEGORIES = {1: "Neoplastic", 2: "Inflammatory", 3: "Connective", 4: "Dead", 5: "Epithelial"}
SIDE = 256
PATCHES = {1: 2656, 2: 2523, 3: 2722}
"""Published number of patches by fold."""

FoldNumber = Literal[1, 2, 3]


class PanNukeSettings(RawSettings):
    """Options of ``pannuke``."""

    root: OwnPath = Field(
        "data/raw/pannuke", description="folder that holds the folders Fold 1, 2 and 3"
    )
    folds: tuple[FoldNumber, ...] = Field((1, 2, 3), min_length=1, description="folds to convert")

    @field_validator("folds")
    @classmethod
    def _each_once(cls, folds: tuple[FoldNumber, ...]) -> tuple[FoldNumber, ...]:
        if len(set(folds)) < len(folds):
            raise ValueError(f"folds {list(folds)}: name each fold once")
        return folds


@dataclass(frozen=True)
class _Fold:
    """Memory-mapped arrays of one fold, and their files."""

    number: int
    images: NDArray[Any]
    masks: NDArray[Any]
    image_file: Path
    mask_file: Path


def _mapped(path: Path, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Return an array that stays on disk; None in ``shape`` stands for any length.

    Raises:
        ValueError: the file is damaged, has another shape, or holds Python objects.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, pickle.UnpicklingError) as error:
        if "Python objects" in str(error):
            raise ValueError(
                f"{path}: holds pickled Python objects, which can run any code when they are "
                "read; expected an array of numbers or of text. Fetch it again"
            ) from error
        raise ValueError(
            f"{path}: not a readable array ({error}); it may be damaged or cut off: fetch it again"
        ) from error
    fits = array.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = ", ".join("S" if n is None else str(n) for n in shape)
        raise ValueError(
            f"{path}: has shape {array.shape}; expected ({expected}), where S is the number of "
            "patches. Fetch it again"
        )
    return array


def _open_fold(root: str, number: int) -> _Fold:
    image_file, mask_file, type_file = (
        one_file(root, f"fold{number}/{name}.npy") for name in ("images", "masks", "types")
    )
    images = _mapped(image_file, (None, SIDE, SIDE, 3))
    masks = _mapped(mask_file, (len(images), SIDE, SIDE, len(CATEGORIES) + 1))
    tissues = _mapped(type_file, (len(images),))
    if tissues.dtype.kind != "U":
        raise ValueError(
            f"{type_file}: holds {tissues.dtype}; expected the tissue of each patch as text. "
            "Fetch it again"
        )
    return _Fold(number, images, masks, image_file, mask_file)


def _whole(values: NDArray[Any], largest: float, where: str) -> NDArray[Any]:
    """Return the values; raise ValueError if they are not whole numbers from 0 to ``largest``."""
    # NaN fails all comparisons
    good = (values >= 0) & (values <= largest) & (values == np.floor(values))
    if not good.all():
        raise ValueError(
            f"{where}: holds {values[~good][0]}; expected whole numbers from 0 to {largest:g}, "
            "as published. Fetch the fold again"
        )
    return values


def _instances(planes: NDArray[Any], where: str) -> Instances:
    """Return the objects of one patch, by class and then id.

    Args:
        planes: (256, 256, 6), instance ids per class, then the background.
        where: the patch, for messages.
    """
    rles: list[Rle] = []
    categories: list[int] = []
    for category in CATEGORIES:
        plane = _whole(planes[..., category - 1], 2**31 - 1, where)
        # an id in two classes means two objects
        for number in np.unique(plane):
            if number:
                rles.append(encode_mask(plane == number))
                categories.append(category)
    return Instances.from_rles(SIDE, SIDE, rles, categories)


def _scenes(folds: list[_Fold]) -> Iterator[Scene]:
    for fold in folds:
        for k in range(len(fold.images)):
            name = f"fold{fold.number}/{k:04d}.png"
            pixels = _whole(np.array(fold.images[k]), 255, f"{fold.image_file}: patch {k}")
            instances = _instances(np.array(fold.masks[k]), f"{fold.mask_file}: patch {k}")
            yield Scene(name, pixels.astype(np.uint8), instances)


def make(settings: PanNukeSettings, _: Findings) -> SceneSet:
    """Return the patches by fold, in the order of the arrays.

    Raises:
        FileNotFoundError: the folder or an array is missing.
        ValueError: an array is damaged, holds Python objects or values that are not whole, or has
            another shape.
    """
    numbers = sorted(settings.folds)
    folds = [_open_fold(settings.root, number) for number in numbers]
    published = DatasetCounts(sum(PATCHES[number] for number in numbers))
    return SceneSet(dict(CATEGORIES), _scenes(folds), published)


DATASETS.register(
    Dataset(
        name="pannuke",
        title="PanNuke",
        licence="CC BY-NC-SA 4.0",
        citation=(
            "Gamper et al.: PanNuke: an open pan-cancer histology dataset for nuclei instance "
            "segmentation and classification, ECDP 2019; PanNuke dataset extension, insights and "
            "baselines, arXiv 2003.10778"
        ),
        homepage="https://warwick.ac.uk/fac/cross_fac/tia/data/pannuke",
        settings=PanNukeSettings,
        make=make,
        raw="pannuke",
        splits=("data/splits/pannuke.json",),
    )
)
