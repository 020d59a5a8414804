"""Reading of LabelMe files, which hold outlines with labels for one image each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains.datasets.records import integer
from gains.masks.segmentation import is_number
from gains.support.files import read_json

Polygon = list[float]
"""Coordinates x0, y0, x1, y1, ... in px."""


@dataclass(frozen=True)
class LabelMe:
    """Content of a LabelMe file.

    Attributes:
        path: the file, for messages.
        height: height of its image, px, or None if not stated.
        width: width of its image, px, or None if not stated.
        labels: labels of its objects.
        polygons: polygons of its objects, one or several each.
        grouped: for each object, the number of shapes with its label and ``group_id``; 1 if it has
            no ``group_id``.
        rectangles: number of rectangles that are given by two corners.
    """

    path: Path
    height: int | None
    width: int | None
    labels: list[str]
    polygons: list[list[Polygon]]
    grouped: list[int]
    rectangles: int


def read_labelme(path: Path, join_groups: bool) -> LabelMe:
    """Read a file. A label may be text or a whole number.

    Args:
        path: the file.
        join_groups: whether shapes with the same label and ``group_id`` form one object, as in
            LabelMe. If not, every shape is an object.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a LabelMe file, or a shape has no label, no points, or another kind
            than polygon and rectangle.
    """
    content = read_json(path)
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise ValueError(
            f"{path}: expected a LabelMe file, but 'shapes' is missing or not a list of records"
        )
    objects: dict[Any, list[Polygon]] = {}
    groups: Counter[Any] = Counter()
    owners: list[tuple[str, Any]] = []
    rectangles = 0
    for position, shape in enumerate(shapes):
        at = f"{path}: shape {position}"
        label, group = _label(shape, at), shape.get("group_id")
        own = position if group is None else (label, str(group))
        key = own if join_groups else position
        if key not in objects:
            owners.append((label, own))
        groups[own] += 1
        objects.setdefault(key, []).append(_polygon(shape, at))
        rectangles += shape.get("shape_type") == "rectangle" and len(shape["points"]) == 2
    height, width = (
        None if content.get(key) is None else integer(content, key, str(path))
        for key in ("imageHeight", "imageWidth")
    )
    labels, grouped = [label for label, _ in owners], [groups[own] for _, own in owners]
    polygons = list(objects.values())
    return LabelMe(path, height, width, labels, polygons, grouped, rectangles)


def _label(shape: dict[str, Any], at: str) -> str:
    label = shape.get("label")
    if type(label) is int:
        return str(label)
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"{at}: label is {label!r}; expected text")
    return label.strip()


def _polygon(shape: dict[str, Any], at: str) -> Polygon:
    points = shape.get("points")
    if not isinstance(points, list) or not all(
        isinstance(point, list) and len(point) == 2 and all(map(is_number, point))
        for point in points
    ):
        raise ValueError(f"{at}: 'points' is missing or not a list of [x, y] in px")
    # files of early versions hold only polygons and no shape_type
    kind = shape.get("shape_type") or "polygon"
    if kind not in ("polygon", "rectangle"):
        raise ValueError(
            f"{at}: is a {kind}; expected a polygon or a rectangle. Draw its outline in LabelMe"
        )
    if kind == "rectangle" and len(points) != 4:
        if len(points) != 2:
            raise ValueError(
                f"{at}: a rectangle of {len(points)} points; expected two opposite corners or four"
            )
        (left, top), (right, bottom) = points
        points = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return [value for point in points for value in point]
