"""The 16 real images of ISBI2014 (extended depth of field) with annotated nuclei."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import Field

from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.catalogue.isbi2014.checks import mask, nuclei
from gains.datasets.catalogue.isbi2014.matlab import CITATION, HOMEPAGE, LICENCE
from gains.datasets.findings import Findings
from gains.datasets.readers.images import read_pixels
from gains.datasets.readers.raw_files import RawSettings, one_file, some_files
from gains.instances import Instances

NUCLEUS = 1


class EdfSettings(RawSettings):
    """Options of ``isbi2014-edf``."""

    root: str = Field(
        "data/raw/isbi2014",
        description="folder of EDF000.png etc., which may lie in folders below it",
    )


def _scenes(pairs: list[tuple[Path, Path]], findings: Findings) -> Iterator[Scene]:
    for path, truth in pairs:
        image, drawn = read_pixels(path), read_pixels(truth)
        if drawn.ndim == 3:  # a palette file of black and white is read as RGB
            drawn = np.asarray(drawn.max(axis=2))
        found = nuclei(mask(drawn, image.shape[:2], str(truth)), path.name, findings)
        height, width = image.shape[:2]
        categories = [NUCLEUS] * len(found)
        instances = Instances.from_rles(height, width, found, categories)
        yield Scene(path.name, image, instances)


def make(settings: EdfSettings, findings: Findings) -> SceneSet:
    """Pair every image with its ground truth; return the images in order of name.

    Raises:
        FileNotFoundError: the folder is missing or holds no image, or an image has no ground truth.
        ValueError: a file name occurs in two folders. While the images are read: a file cannot be
            read, or a ground truth is not binary or has another size.
    """
    found = some_files(settings.root, "EDF[0-9][0-9][0-9].png")
    pairs = [
        (one_file(settings.root, name), one_file(settings.root, f"{Path(name).stem}_GT.png"))
        for name in sorted({path.name for path in found})
    ]
    return SceneSet({NUCLEUS: "nucleus"}, _scenes(pairs, findings), DatasetCounts(16))


DATASETS.register(
    Dataset(
        name="isbi2014-edf",
        title="Nuclei in real cervical smears, extended depth of field (ISBI 2014 challenge)",
        licence=LICENCE,
        citation=CITATION,
        homepage=HOMEPAGE,
        settings=EdfSettings,
        make=make,
        raw="isbi2014",
    )
)
