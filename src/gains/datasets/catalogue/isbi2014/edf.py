"""The 16 real images of ISBI2014 (extended depth of field) with annotated nuclei."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.catalogue.isbi2014.checks import mask
from gains.datasets.catalogue.isbi2014.matlab import CITATION, HOMEPAGE, LICENCE
from gains.datasets.catalogue.isbi2014.outlines import nuclei_of
from gains.datasets.findings import Findings
from gains.datasets.readers.images import read_drawn, read_header, read_image
from gains.datasets.readers.mask_values import SWAPPED
from gains.datasets.readers.raw_files import RawSettings, one_file, some_files
from gains.instances import Instances

NUCLEUS = 1
IMAGES = 16


class EdfSettings(RawSettings):
    """Options of ``isbi2014-edf``."""

    root: OwnPath = Field(
        "data/raw/isbi2014",
        description="folder of EDF000.png etc., which may lie in folders below it",
    )


def _truth(path: Path, truth: Path, findings: Findings) -> Instances | None:
    """Return the nuclei of an image, or None if it is left out."""
    size, drawn = read_header(path), read_drawn(truth)
    if drawn.ndim == 3:  # a palette file of black and white is read as RGB
        drawn = np.asarray(drawn.max(axis=2))
    white = mask(drawn, (size.height, size.width), str(truth))
    if white[[0, 0, -1, -1], [0, -1, 0, -1]].all():
        findings.add(f"ground truth that is white in all four corners was kept{SWAPPED}", path.name)
    found = nuclei_of(white, path.name, findings)
    if found is None:
        return None
    return Instances.from_rles(size.height, size.width, found, [NUCLEUS] * len(found))


def _scene(path: Path, nuclei: Instances) -> Scene:
    image = read_image(path)
    return Scene(path.name, image.values, nuclei, image.changes)


def make(settings: EdfSettings, findings: Findings) -> SceneSet:
    """Pair every image with its ground truth; return the images in order of name.

    Outlines of nuclei are filled, and images with outlines that are not closed are left out.

    Raises:
        FileNotFoundError: the folder is missing or holds no image, or an image has no ground truth.
        ValueError: a file name occurs in two folders, a file cannot be read, or a ground truth is
            not binary or has another size, or no image is left.
    """
    found = some_files(settings.root, "EDF[0-9][0-9][0-9].png")
    pairs = [
        (one_file(settings.root, name), one_file(settings.root, f"{Path(name).stem}_GT.png"))
        for name in sorted({path.name for path in found})
    ]
    truths = {image: _truth(image, truth, findings) for image, truth in pairs}
    kept = {image: nuclei for image, nuclei in truths.items() if nuclei is not None}
    if pairs and not kept:
        raise ValueError(
            f"{settings.root}: the ground truth of all {len(pairs)} images is outlines of nuclei "
            "that are not closed, so no image is left; expected filled nuclei or closed outlines: "
            "fetch the files again"
        )
    scenes = (_scene(path, nuclei) for path, nuclei in kept.items())
    left_out = len(truths) - len(kept)
    return SceneSet({NUCLEUS: "nucleus"}, scenes, DatasetCounts(IMAGES - left_out))


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
