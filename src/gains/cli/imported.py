"""What `gains import` prints about labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gains.datasets.audit import CategoryAudit
    from gains.datasets.import_labels import Imported


def summary_of(imported: Imported) -> Iterator[str]:
    """Yield lines on the format, the images, the objects of each class, and what to heed."""
    content = imported.content
    sizes = ", ".join(f"{n} of {size} px" for size, n in content["image_sizes"].items())
    empty = len(content["images_without_objects"])
    yield f"format: {imported.format.name}"
    yield f"images: {content['images']} ({sizes}; height x width), {empty} without objects"
    yield f"objects: {content['objects']}"
    for category in content["categories"].values():
        yield f"  {category['name']}: {_described(category)}"
    crowded = content["images_above_max_detections"]
    if crowded:
        limit = imported.limit
        yield (
            f"images with more than {limit} objects: {len(crowded)} (first: {crowded[0]}); "
            "set `max_detections` of the data set to the largest number of objects"
        )
    if imported.format.note and not any(c["overlapping"] for c in content["categories"].values()):
        yield imported.format.note


def _described(category: CategoryAudit) -> str:
    area = category["area"]
    if area is None:
        return "no objects"
    return (
        f"{category['objects']} objects, median area {area['q50']:g} px; "
        f"{category['overlapping'] or 0:.1%} overlap another of their class, "
        f"{category['touching'] or 0:.1%} only touch one"
    )
