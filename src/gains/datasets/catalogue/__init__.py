"""The catalogue of data sets. Importing this package registers all of them.

Steps that only read COCO files do not import this package.
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
