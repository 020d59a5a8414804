"""The three synthetic data sets; importing this package registers them."""

from gains.datasets.catalogue.synthetic import cells, chromosomes, nuclei

__all__ = ["cells", "chromosomes", "nuclei"]
