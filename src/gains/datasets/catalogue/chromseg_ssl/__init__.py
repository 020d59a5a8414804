"""ChromSeg-SSL; importing this package registers it."""

from gains.datasets.catalogue.chromseg_ssl import scenes

__all__ = ["scenes"]
