"""The catalogue of data sets; importing this package registers them all.

Steps that only read COCO files do not import it.
"""

from gains.datasets.base import DATASETS, Dataset
from gains.datasets.catalogue import (
    bbbc010,
    ccdb6843,
    chromseg_ssl,
    cps,
    dsb2018,
    folder,
    isbi2014,
    kaggle2018,
    kaggle2018_outlines,
    pannuke,
    synthetic,
    ucoc,
)

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
    "kaggle2018",
    "kaggle2018_outlines",
    "pannuke",
    "synthetic",
    "ucoc",
]
