"""COCO JSON with images, classes and objects, which every program for COCO data sets opens."""

from __future__ import annotations

from collections.abc import Sequence

from gains.datasets.coco_writer import annotation_records
from gains.datasets.records import CocoRecord
from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.support.files import json_bytes


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return a COCO file; its annotations have RLE masks, areas, boxes of the masks and scores."""
    annotations: list[CocoRecord] = []
    for image in images:
        records = annotation_records(image.objects, image.record.id, len(annotations) + 1)
        scores = image.objects.scores.tolist()
        annotations += [{**r, "score": s} for r, s in zip(records, scores, strict=True)]
    return json_bytes(
        "detections.json",
        {
            "info": {**results.info, "exported_score_threshold": results.score_threshold},
            "images": [vars(image.record) for image in images],
            "annotations": annotations,
            "categories": [{"id": k, "name": name} for k, name in results.categories.items()],
        },
        indent=None,
    )


FORMATS.register(
    ExportFormat(
        "coco",
        "COCO JSON for pycocotools",
        ".json",
        content,
        file="detections.json",
    )
)
