"""The five synthetic data sets; importing this package registers them."""

from gains.datasets.catalogue.synthetic import cells, chromosomes, neurons, nuclei, worms

__all__ = ["cells", "chromosomes", "neurons", "nuclei", "worms"]
