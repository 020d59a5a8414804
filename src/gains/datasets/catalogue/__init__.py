"""All data sets: importing this module registers them. Steps that read COCO files need it not."""

from gains.datasets.base import DATASETS, Dataset
from gains.datasets.catalogue import (
    bbbc010,
    ccdb6843,
    chromseg_ssl,
    cps,
    dsb2018,
    folder,
    kaggle2018,
    kaggle2018_outlines,
    pannuke,
    ucoc,
)
from gains.datasets.catalogue.isbi2014 import coco as isbi2014_coco
from gains.datasets.catalogue.isbi2014 import edf as isbi2014_edf
from gains.datasets.catalogue.isbi2014 import matlab as isbi2014
from gains.datasets.catalogue.synthetic import cells as synthetic_cells
from gains.datasets.catalogue.synthetic import chromosomes as synthetic_chromosomes
from gains.datasets.catalogue.synthetic import nuclei as synthetic_nuclei

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
