"""All data sets: importing this module registers them. Steps that read COCO files need it not."""

from gains.datasets import (
    bbbc010,
    ccdb6843,
    chromseg_ssl,
    cps,
    dsb2018,
    folder,
    isbi2014,
    isbi2014_coco,
    isbi2014_edf,
    kaggle2018,
    kaggle2018_outlines,
    pannuke,
    synthetic_cells,
    synthetic_chromosomes,
    synthetic_nuclei,
    ucoc,
)
from gains.datasets.base import DATASETS, Dataset

__all__ = [
    "DATASETS",
    "Dataset",
    "bbbc010",
    "ccdb6843",
    "chromseg_ssl",
    "cps",
    "dsb2018",
    "folder",
    "isbi2014",
    "isbi2014_coco",
    "isbi2014_edf",
    "kaggle2018",
    "kaggle2018_outlines",
    "pannuke",
    "synthetic_cells",
    "synthetic_chromosomes",
    "synthetic_nuclei",
    "ucoc",
]
