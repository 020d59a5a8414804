"""UCOC: 125 images of two overlapping chromosomes each, outlined by hand.

The data set is one COCO JSON file and PNG images of 211 x 210 px. The author's folder ``test``,
with another COCO JSON file and one LabelMe JSON file per image, is not part of it. The first
annotation has id 0, which COCO's evaluation reads as unmatched, so it is renumbered.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_folder import make_published
from gains.datasets.readers.raw_files import RawSettings, some_files
from gains.support.files import read_json

PATTERN = "labels_overlappchromosomes_*.json"


class UcocSettings(RawSettings):
    """Options of ``ucoc``."""

    root: OwnPath = Field("data/raw/ucoc", description="folder of the published files")


def _is_coco(path: Path) -> bool:
    content = read_json(path)
    return isinstance(content, dict) and {"images", "annotations", "categories"} <= set(content)


def _annotations(root: Path) -> Path:
    """Return the COCO JSON file of the 125 images: by its name, or else the only COCO file."""
    files = [
        path
        for path in some_files(root, "*.json")
        if "test" not in path.relative_to(root).parts[:-1]
    ]
    found = [path for path in files if path.match(PATTERN)]
    found = found or [path for path in files if _is_coco(path)]
    if not found:
        raise FileNotFoundError(
            f"{root}: there is no COCO JSON file outside of the folder test; expected {PATTERN}. "
            "Run `gains fetch ucoc`, or put the files there by hand (docs/datasets.md)"
        )
    if len(found) > 1:
        raise ValueError(
            f"{root}: expected one COCO JSON file, found {len(found)}: "
            f"{', '.join(str(path.relative_to(root)) for path in found[:3])}; keep only one of "
            "them"
        )
    return found[0]


def make(settings: UcocSettings, findings: Findings) -> SceneSet:
    """Check the JSON file and return its images in order of file name.

    Raises:
        FileNotFoundError: the JSON file or an image is missing.
        ValueError: there are several JSON files, or no rule repairs a record.
    """
    root = Path(settings.root)
    published = DatasetCounts(125, {"chromosome": 250})
    return make_published(root, _annotations(root), "chromosome", published, findings)


DATASETS.register(
    Dataset(
        name="ucoc",
        title="UCOC, overlapping chromosomes",
        licence="none published",
        citation="Pommier: Ultra small COCO dataset of 125 overlapping chromosomes, Kaggle 2021",
        homepage=(
            "https://www.kaggle.com/datasets/jeanpat/ultrasmall-coco-125-overlapping-chromosomes"
        ),
        settings=UcocSettings,
        make=make,
        raw="ucoc",
    )
)
