"""The formats of labels. Importing this package registers all of them, in the order of trial."""

from gains.datasets.labels.base import LABELS, LabelFormat

from gains.datasets.labels import (  # isort: skip
    coco_json,
    mask_layout,
    label_images,
    cellpose,
    geojson,
    imagej,
    labelme_json,
    yolo,
)

__all__ = [
    "LABELS",
    "LabelFormat",
    "cellpose",
    "coco_json",
    "geojson",
    "imagej",
    "label_images",
    "labelme_json",
    "mask_layout",
    "yolo",
]
