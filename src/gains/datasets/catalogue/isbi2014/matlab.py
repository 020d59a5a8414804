"""ISBI2014 (OCC2014): synthetic images of overlapping cervical cells, from its MATLAB files.

There are 945 grey images of 512 x 512 px, with complete masks of every cytoplasm. They come in two
distributions: ``Dataset.zip`` (45 and 900 images) and ``Train45Test90.zip`` (the same 45, and the
first 90 of the 900).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.catalogue.isbi2014.checks import Orientation, grey, mask, nuclei
from gains.datasets.findings import Findings
from gains.datasets.readers.raw_files import RawSettings, one_file
from gains.instances import Instances
from gains.masks.rle import Rle, encode_mask

CYTOPLASM, NUCLEUS = 1, 2
TITLE = "Overlapping cervical cells (ISBI 2014 challenge)"
LICENCE = "none published"
CITATION = (
    "Lu, Carneiro, Bradley: An improved joint optimization of multiple level set functions for "
    "the segmentation of overlapping cervical cells, IEEE TIP 2015; Lu et al.: Evaluation of "
    "three algorithms for the segmentation of overlapping cervical cells, IEEE JBHI 2016"
)
HOMEPAGE = "https://cs.adelaide.edu.au/~carneiro/isbi14_challenge/dataset.html"

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")
IMAGES: dict[Part, int] = {"train": 45, "val": 90, "test": 810}
"""Published number of images by part; val and test are the first 90 and the rest of testset."""


class PartSettings(RawSettings):
    """Options of a data set that comes in the three parts of ISBI2014."""

    parts: tuple[Part, ...] = Field(
        PARTS, min_length=1, description="official parts to convert, each at most once"
    )

    @field_validator("parts")
    @classmethod
    def _each_once(cls, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        if len(set(parts)) != len(parts):
            raise ValueError(f"a part is repeated in {list(parts)}; name each once")
        return parts

    @property
    def images(self) -> int:
        """The published number of images in the requested parts."""
        return sum(IMAGES[part] for part in self.parts)


class IsbiSettings(PartSettings):
    """Options of ``isbi2014``."""

    root: OwnPath = Field(
        "data/raw/isbi2014",
        description="folder of the MATLAB files, which may lie in folders below it",
    )


@dataclass(frozen=True)
class _Kind:
    """Names of one of the two sets in both distributions and in the converted data set."""

    files: tuple[str, str]
    variables: tuple[str, str]
    truth_files: tuple[str, str]
    truth: str
    image: str


_TRAIN = _Kind(
    ("trainset.mat", "isbi_train.mat"),
    ("trainset", "ISBI_Train"),
    ("trainset_GT.mat", "isbi_train_GT.mat"),
    "train",
    "trainset_{:02d}.png",
)
_TEST = _Kind(
    ("testset.mat", "isbi_test90.mat"),
    ("testset", "ISBI_Test90"),
    ("testset_GT.mat", "isbi_test90_GT.mat"),
    "test",
    "testset_{:03d}.png",
)


@dataclass(frozen=True)
class _Run:
    """Images ``start`` to ``stop`` of one of the two sets, in checked files."""

    images: Path
    truth: Path
    variable: str
    kind: _Kind
    cells: list[int] | None
    start: int
    stop: int


def _run(settings: IsbiSettings, kind: _Kind) -> _Run:
    # imported late, because its libraries are slow to load and every verb imports the data sets
    from gains.datasets.readers.matlab import count_cells, read_array, variables

    images = one_file(settings.root, *kind.files)
    truth = one_file(settings.root, *kind.truth_files)
    known = variables(images)
    variable = next((name for name in kind.variables if name in known), kind.variables[0])
    n = count_cells(images, variable)
    names = (f"{kind.truth}_Cytoplasm", f"{kind.truth}_Nuclei")
    lengths = {name: count_cells(truth, name) for name in names}
    cells = None
    if "CellNum" in variables(truth):
        cells = [int(number) for number in read_array(truth, "CellNum").ravel()]
        lengths["CellNum"] = len(cells)
    for name, length in lengths.items():
        if length != n:
            raise ValueError(
                f"{truth}: {name} describes {length} images, but {images} holds {n}; the files "
                "belong to different distributions, so take both from the same archive"
            )
    start, stop = _range(settings, kind, images, n)
    return _Run(images, truth, variable, kind, cells, start, stop)


def _range(settings: IsbiSettings, kind: _Kind, path: Path, n: int) -> tuple[int, int]:
    if kind is _TRAIN:
        return 0, n
    last_of_val = IMAGES["val"]
    if "test" not in settings.parts:
        return 0, min(n, last_of_val)
    if n <= last_of_val:
        raise ValueError(
            f"{path}: holds {n} images, at most the validation part; the test part consists of "
            f"the images {last_of_val} to 899 of testset.mat in Dataset.zip. Add that file and "
            "testset_GT.mat, or leave the part out with the option `parts: [train, val]`"
        )
    return 0 if "val" in settings.parts else last_of_val, n


def _scenes(runs: list[_Run], findings: Findings) -> Iterator[Scene]:
    from gains.datasets.readers.matlab import read_cell_vector

    for run in runs:
        orientation = Orientation()
        columns = (
            (run.images, run.variable),
            (run.truth, f"{run.kind.truth}_Cytoplasm"),
            (run.truth, f"{run.kind.truth}_Nuclei"),
        )
        readers = (read_cell_vector(path, name, run.start, run.stop) for path, name in columns)
        for k, (pixels, cytoplasms, drawn) in enumerate(zip(*readers, strict=True), run.start):
            name = run.kind.image.format(k)
            image = grey(pixels, f"{run.images}: image {name}")
            at = f"{run.truth}: image {name}"
            masks = _cytoplasms(cytoplasms, image.shape, at)
            kept = [m for m in masks if m.any()]
            for _ in range(len(masks) - len(kept)):
                findings.add("cytoplasm masks that cover no pixel were dropped", name)
            # CellNum may or may not count empty masks, so both numbers are correct
            if run.cells is not None and run.cells[k] not in (len(masks), len(kept)):
                raise ValueError(
                    f"{at}: CellNum says {run.cells[k]} cells, found {len(masks)} cytoplasms; "
                    "the file is damaged or edited, so fetch it again"
                )
            if not orientation.check(image, kept, at):
                rule = "the orientation was not checked: no pixel lies in a cytoplasm, or every one"
                findings.add(rule, name)
            found = nuclei(mask(drawn, image.shape, f"{at}: nuclei"), name, findings)
            yield Scene(name, image, _instances(image, kept, found))
        orientation.conclude(run.truth)


def _cytoplasms(cell: object, shape: tuple[int, ...], at: str) -> list[NDArray[np.bool_]]:
    if isinstance(cell, np.ndarray) and cell.size == 0:
        return []  # MATLAB writes [] in place of an empty cell
    if not isinstance(cell, list):
        raise ValueError(
            f"{at}: expected a MATLAB cell array with one cytoplasm per cell, found a single array"
        )
    return [mask(m, shape, f"{at}: cytoplasm {k}") for k, m in enumerate(cell, start=1)]


def _instances(
    image: NDArray[np.uint8], cytoplasms: list[NDArray[np.bool_]], found: list[Rle]
) -> Instances:
    rles = [encode_mask(m) for m in cytoplasms]
    height, width = image.shape
    categories = [CYTOPLASM] * len(rles) + [NUCLEUS] * len(found)
    return Instances.from_rles(height, width, rles + found, categories)


def make(settings: IsbiSettings, findings: Findings) -> SceneSet:
    """Check the files of the requested parts; return the images in order of part and index.

    Raises:
        FileNotFoundError: the folder or a file is missing.
        ValueError: a file is damaged, lacks a variable, or has other images than its ground truth,
            or the test part is requested and there are only the 90 images. While the images are
            read: an array has another kind or size, the number of cells differs from the stated
            one, or masks are transposed against their images.
    """
    kinds = [_TRAIN] if "train" in settings.parts else []
    if {"val", "test"} & set(settings.parts):
        kinds.append(_TEST)
    runs = [_run(settings, kind) for kind in kinds]
    # for the other parts only a lower bound is published
    objects = {"cytoplasm": 270, "nucleus": 270} if set(settings.parts) == {"train"} else {}
    categories = {CYTOPLASM: "cytoplasm", NUCLEUS: "nucleus"}
    return SceneSet(categories, _scenes(runs, findings), DatasetCounts(settings.images, objects))


DATASETS.register(
    Dataset(
        name="isbi2014",
        title=TITLE,
        licence=LICENCE,
        citation=CITATION,
        homepage=HOMEPAGE,
        settings=IsbiSettings,
        make=make,
        raw="isbi2014",
        splits=("data/splits/isbi2014.json", "data/splits/occ2014.json"),
    )
)
