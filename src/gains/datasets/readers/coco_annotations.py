"""Checks of the annotations of a COCO file from any program.

Each error is repaired by a rule, or it is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pycocotools import mask as coco_mask

from gains.datasets.findings import Findings
from gains.datasets.readers.coco_checks import SourceImage
from gains.datasets.records import CocoId, CocoRecord, RecordPlace, flag, identity
from gains.masks.rle import Rle
from gains.masks.segmentation import empty_parts, to_rle
from gains.masks.units import in_first_pixel, may_be_percent, refuse_shares

Crowds = Literal["drop", "keep"]
"""What becomes of the annotations that a file marks as crowd regions."""


def check_annotations(
    records: list[CocoRecord],
    where: Path,
    images: dict[CocoId, SourceImage],
    categories: dict[CocoId, int],
    findings: Findings,
    crowds: Crowds = "drop",
) -> None:
    """Add the instances to their images, in file order.

    Args:
        records: the annotation records.
        where: the JSON file, for messages.
        images: the images by their id in the file; they get the instances.
        categories: the new id of a category by its id in the file.
        findings: record that the repairs are added to.
        crowds: what becomes of crowd regions.

    Raises:
        ValueError: an annotation names an unknown image or category, its ``iscrowd`` is no flag, or
            its mask is neither polygons nor RLE, is malformed, or is of another size; or all
            polygons are in another unit than px.
    """
    seen: set[Any] = set()
    twins: set[tuple[str, int, str]] = set()
    used: list[tuple[Any, SourceImage, str]] = []
    for position, record in enumerate(records):
        id_ = record.get("id")
        named = f"at {position}" if id_ is None else str(id_)[:80]
        at = RecordPlace(where, f"annotation {named}")
        _note_id(id_, seen, at.record, findings)
        image, category = _owners(record, at, images, categories, findings)
        if _is_dropped_crowd(record, at, crowds, findings):
            continue
        segmentation = record.get("segmentation")
        rle = _mask(segmentation, image, at, findings)
        used.append((segmentation, image, at.record))
        if rle is not None:
            _note_twin((image.name, category, rle["counts"]), twins, at.record, findings)
            image.masks.append(rle)
            image.categories.append(category)
    _check_units(used, where, findings)


def _note_id(id_: Any, seen: set[Any], record: str, findings: Findings) -> None:
    rule = "; annotations are numbered 1..M by image, then file order"
    if id_ is None:
        findings.add(f"missing annotation ids were added{rule}", record)
    elif id_ == 0:
        findings.add(f"annotation id 0 was replaced{rule}", record)
    elif str(id_) in seen:
        findings.add(f"repeated annotation ids were replaced{rule}", record)
    elif not isinstance(id_, int | float):
        findings.add(f"annotation ids that are text were replaced{rule}", record)
    seen.add(str(id_))


def _owners(
    record: CocoRecord,
    at: RecordPlace,
    images: dict[CocoId, SourceImage],
    categories: dict[CocoId, int],
    findings: Findings,
) -> tuple[SourceImage, int]:
    """Return the image and the new category of an annotation."""
    image_id, category = (identity(record, k, at, findings) for k in ("image_id", "category_id"))
    if image_id not in images:
        raise ValueError(f"{at} names image {image_id}, which the file does not list")
    if category not in categories:
        raise ValueError(f"{at} names category {category}, which the file does not list")
    return images[image_id], categories[category]


def _is_dropped_crowd(
    record: CocoRecord, at: RecordPlace, crowds: Crowds, findings: Findings
) -> bool:
    crowd = flag(record, "iscrowd", str(at))
    if isinstance(record.get("iscrowd"), str):
        findings.add("flags that are given as text were read as 0 or 1", at.record)
    if crowd and crowds == "keep":
        findings.add("crowd regions were kept as objects", at.record)
    elif crowd:
        findings.add("crowd regions were dropped, since they are not single objects", at.record)
    return crowd and crowds == "drop"


def _mask(segmentation: Any, image: SourceImage, at: RecordPlace, findings: Findings) -> Rle | None:
    """Return the mask of an annotation, or None if it covers no pixel."""
    try:
        rle = to_rle(segmentation, image.height, image.width)
    except ValueError as error:
        raise ValueError(f"{at} on {image.name!r}: {error}") from error
    if coco_mask.area(rle) == 0:
        why = "" if segmentation else ": no polygon is given, and boxes are not enough"
        findings.add(f"masks that cover no pixel were dropped{why}", at.record)
        return None
    for _ in range(empty_parts(segmentation, image.height, image.width)):
        findings.add("polygons that cover no pixel were dropped from their masks", at.record)
    if leaves_image(segmentation, image.height, image.width):
        findings.add("polygons were cut at the border of the image", at.record)
    return rle


def _note_twin(
    key: tuple[str, int, str], twins: set[tuple[str, int, str]], record: str, findings: Findings
) -> None:
    if key in twins:
        findings.add("objects that equal another in image, category and mask were kept", record)
    twins.add(key)


def _check_units(used: list[tuple[Any, SourceImage, str]], where: Path, findings: Findings) -> None:
    segmentations = [segmentation for segmentation, _, _ in used]
    refuse_shares(segmentations, where)
    for segmentation, _, record in used:
        if in_first_pixel(segmentation):
            findings.add(
                "polygons between 0 and 1 were read as parts of the first pixel; if they are "
                "shares of the image, multiply them by its width and height",
                record,
            )
    if may_be_percent(segmentations, [min(image.height, image.width) for _, image, _ in used]):
        findings.remark(
            "the coordinates of all polygons lie between 0 and 100 and were read as px; if they "
            "are percent, change them to px"
        )


def leaves_image(segmentation: Any, height: int, width: int) -> bool:
    """Return whether a polygon of a checked segmentation reaches over the border of its image."""
    return isinstance(segmentation, list) and any(
        min(part) < 0 or max(part[0::2]) > width or max(part[1::2]) > height
        for part in segmentation
        if part
    )
