"""GeoJSON files of QuPath: one per image, with a feature for each object.

Coordinates are in px of the full image, from the upper left corner of the first pixel, as those of
COCO.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.json_content import json_in, keys_of
from gains.datasets.labels.per_image import LabelObject, reader_of
from gains.datasets.labels.shapes import Part, Ring, shape_mask
from gains.datasets.readers.coco_checks import SourceImage
from gains.datasets.records import CocoRecord
from gains.masks.segmentation import is_number
from gains.support.files import read_json

SCORES = ("score", "Detection probability")
"""Measurements that are scores: of `gains export`, and of StarDist in QuPath."""


def _features(content: Any) -> list[Any] | None:
    """Return the features of a file, or None if it is no GeoJSON."""
    if isinstance(content, dict) and content.get("type") == "Feature":
        return [content]
    if isinstance(content, dict) and content.get("type") == "FeatureCollection":
        content = content.get("features")
    if not isinstance(content, list):
        return None
    fits = all(isinstance(item, dict) and item.get("type") == "Feature" for item in content)
    return content if fits else None


def _problem(path: Path, _: OwnFolders) -> str:
    if path.suffix.lower() == ".geojson":
        return ""
    content = json_in(path)
    if _features(content) is None:
        return f"it holds {keys_of(content)}, and no FeatureCollection or list of features"
    return ""


def _read(path: Path, image: SourceImage, _: LabelSet, findings: Findings) -> list[LabelObject]:
    content = read_json(path)
    features = _features(content)
    if features is None:
        raise ValueError(
            f"{path}: holds {keys_of(content)}; expected GeoJSON: a FeatureCollection, or a list "
            "of features, as QuPath exports them"
        )
    objects = []
    for position, feature in enumerate(features):
        record = f"feature {position}"
        at = f"{path}: {record}"
        parts = _parts(feature.get("geometry"), at)
        mask = shape_mask(parts, image, path, record, findings)
        objects.append(LabelObject(mask, _class(feature, at), _score(feature)))
    return objects


def _parts(geometry: Any, at: str) -> list[Part]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(
            f"{at}: has the geometry {kind!r}; expected Polygon or MultiPolygon. Remove it, or "
            "export only objects with an area"
        )
    plane = geometry.get("plane")
    places: list[Any] = [plane.get("z"), plane.get("t")] if isinstance(plane, dict) else []
    if any(is_number(place) and place > 0 for place in places):
        raise ValueError(f"{at}: belongs to another plane of a stack than the first ({plane})")
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not all(isinstance(part, list) for part in polygons):
        raise ValueError(f"{at}: coordinates are no lists of rings, as in a {kind}")
    return [[_ring(ring, at) for ring in part] for part in polygons]


def _ring(ring: Any, at: str) -> Ring:
    if not isinstance(ring, list) or not all(
        isinstance(point, list) and len(point) in (2, 3) and all(map(is_number, point))
        for point in ring
    ):
        raise ValueError(f"{at}: a ring is no list of points [x, y] in px")
    return [value for point in ring for value in point[:2]]


def _class(feature: CocoRecord, at: str) -> str | None:
    properties = feature.get("properties")
    found = properties.get("classification") if isinstance(properties, dict) else None
    name = found
    if isinstance(found, dict):
        names = found.get("names")
        joined = ": ".join(map(str, names)) if isinstance(names, list) else None
        name = found.get("name") or joined
    if not isinstance(name, str | int | None):
        raise ValueError(
            f"{at}: has the classification {str(found)[:60]!r}; expected a name, or a record with "
            "its 'name'"
        )
    return None if name is None else str(name).strip() or None


def _score(feature: CocoRecord) -> float | None:
    """Return the measurement that is a score; older files list their measurements."""
    properties = feature.get("properties")
    found = properties.get("measurements") if isinstance(properties, dict) else None
    if isinstance(found, list):
        found = {m.get("name"): m.get("value") for m in found if isinstance(m, dict)}
    values: list[Any] = [found.get(name) for name in SCORES] if isinstance(found, dict) else []
    return next((float(value) for value in values if is_number(value)), None)


LABELS.register(
    LabelFormat(
        name="GeoJSON",
        layout="one .geojson per image, as of QuPath",
        suffixes=(".geojson", ".json"),
        problem=_problem,
        read=reader_of(_read),
    )
)
