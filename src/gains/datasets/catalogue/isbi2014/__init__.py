"""ISBI2014 in its three published forms; importing this package registers them."""

from gains.datasets.catalogue.isbi2014 import coco, edf, matlab

__all__ = ["coco", "edf", "matlab"]
