"""The data sets; importing this package registers them all."""

from gains.datasets import folder, synthetic_cells, synthetic_chromosomes, synthetic_nuclei
from gains.datasets.base import DATASETS, Dataset

__all__ = [
    "DATASETS",
    "Dataset",
    "folder",
    "synthetic_cells",
    "synthetic_chromosomes",
    "synthetic_nuclei",
]
