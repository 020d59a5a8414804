"""Predictions in the formats of other programs. Importing this package registers all formats."""

from gains.export import coco, geojson, label_images, overlay, roi_sets, table
from gains.export.base import FORMATS, ExportFormat

__all__ = [
    "FORMATS",
    "ExportFormat",
    "coco",
    "geojson",
    "label_images",
    "overlay",
    "roi_sets",
    "table",
]
