"""GeoJSON with one feature per object, which QuPath opens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from gains.datasets.records import CocoRecord
from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.masks.parts import MaskPart, Polygon, parts_of
from gains.support.files import json_bytes


def content(results: Results, images: Sequence[ExportedImage]) -> bytes:
    """Return the objects of one image as a collection of features in the form of QuPath."""
    (image,) = images
    features = [_feature(results, image, k) for k in range(len(image.objects))]
    return json_bytes("", {"type": "FeatureCollection", "features": features}, indent=None)


def _feature(results: Results, image: ExportedImage, k: int) -> CocoRecord:
    objects = image.objects
    category = int(objects.categories[k])
    # QuPath demands a UUID; one that is made of the name is the same in every export
    name = f"{image.record.file_name}#{k + 1}"
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "geometry": _geometry(parts_of(objects.masks[k])),
        "properties": {
            "objectType": "detection",
            "name": str(k + 1),
            "classification": {
                "name": results.categories[category],
                "color": list(results.colour(category)),
            },
            "measurements": {"score": float(objects.scores[k])},
        },
    }


def _geometry(parts: Sequence[MaskPart]) -> CocoRecord:
    coordinates = [[_closed(ring) for ring in (part.outer, *part.holes)] for part in parts]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _closed(polygon: Polygon) -> list[list[int]]:
    points: list[list[int]] = polygon.tolist()
    return [*points, points[0]]


FORMATS.register(ExportFormat("geojson", "GeoJSON for QuPath", ".geojson", content))
