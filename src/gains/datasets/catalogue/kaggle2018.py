"""Kaggle2018: the subset ``cluster_nuclei`` of stained tissue, as a COCO JSON file.

The files are ``Nuclei/annotations/cluster_nuclei.json`` and
``Nuclei/cluster_nuclei/<original>.bmp.jpg``, 200 x 200 px RGB. It is not part of the 2018 Data
Science Bowl. Its masks were made from red outlines; ``kaggle2018-outlines`` makes masks from the
same outlines.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_folder import make_published
from gains.datasets.readers.raw_files import RawSettings, one_file


class KaggleSettings(RawSettings):
    """Options of ``kaggle2018``."""

    root: OwnPath = Field("data/raw/kaggle2018", description="folder of the published files")


def make(settings: KaggleSettings, findings: Findings) -> SceneSet:
    """Check the JSON file and return its images in order of file name.

    Raises:
        FileNotFoundError: the JSON file or an image is missing.
        ValueError: there are several JSON files, or no rule repairs a record.
    """
    annotations = one_file(settings.root, "cluster_nuclei.json")
    published = DatasetCounts(52, {"nucleus": 885})
    return make_published(Path(settings.root), annotations, "nucleus", published, findings)


DATASETS.register(
    Dataset(
        name="kaggle2018",
        title="Kaggle2018, clustered nuclei",
        licence="none published",
        citation=(
            "Gangadhar: Nuclei segmentation in microscope cell images, Kaggle 2018; images: Shu et "
            "al.: Segmenting overlapping cell nuclei in digital histopathology images, IEEE EMBC "
            "2013 (IHC Toolbox)"
        ),
        homepage=(
            "https://www.kaggle.com/datasets/gangadhar/nuclei-segmentation-in-microscope-cell-images"
        ),
        settings=KaggleSettings,
        make=make,
        raw="kaggle2018",
    )
)
