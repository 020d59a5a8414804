"""Audits: counts, sizes, overlap and touching of objects, per part and category of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord, read_coco
from gains.datasets.split_file import PARTS, read_split
from gains.instances import Instances
from gains.masks.contacts import KINDS, Contacts, contacts_of, in_batches
from gains.masks.overlaps import mask_areas
from gains.masks.rle import Rle
from gains.support.files import read_json, write_json

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class CategoryAudit(TypedDict):
    """The objects of one category. Areas are in px. Values are None if there are no objects."""

    name: str
    objects: int
    objects_per_image: dict[str, float] | None
    area: dict[str, float] | None
    overlapping: float | None
    touching: float | None
    overlapping_pairs: int
    overlap_ratio: dict[str, float] | None
    kinds: dict[str, int]


class PartAudit(TypedDict):
    """One part of a data set, with its categories by id and lists of images by file name."""

    images: int
    image_sizes: dict[str, int]
    objects: int
    images_without_objects: list[str]
    images_above_max_detections: list[str]
    categories: dict[str, CategoryAudit]


class Audit(TypedDict):
    """The content of an audit file; see :func:`audit`."""

    dataset: str
    max_detections: int
    published_counts: dict[str, Any] | None
    repairs: list[str]
    parts: dict[str, PartAudit]


def _summary(values: Sequence[float] | NDArray[np.float64]) -> dict[str, float] | None:
    if not len(values):
        return None
    return {
        "min": float(np.min(values)),
        "median": float(np.median(values)),
        "mean": float(np.mean(values)),
        "max": float(np.max(values)),
    }


def _category(name: str, found: list[list[Rle]], single: list[list[Rle]]) -> CategoryAudit:
    """Describe one category.

    Args:
        name: name of the category.
        found: a list of its masks for each image.
        single: the same without crowd regions, between which contact is found.
    """
    areas = [float(area) for masks in found for area in mask_areas(masks)]
    contacts = [_contacts(single[part]) for part in in_batches([len(masks) for masks in single])]
    ratios = np.concatenate([np.zeros(0), *(c.ratios for c in contacts)])
    kinds = np.zeros(len(KINDS), dtype=np.int64)
    for c in contacts:
        kinds += np.bincount(c.kinds, minlength=len(KINDS))
    overlapping = sum(int((c.overlapped > 0).sum()) for c in contacts)
    touching = sum(int(((c.touched > 0) & (c.overlapped == 0)).sum()) for c in contacts)
    n, whole = len(areas), sum(len(masks) for masks in single)
    quantiles = {f"q{int(q * 100):02d}": float(np.quantile(areas, q)) for q in QUANTILES if n}
    return {
        "name": name,
        "objects": n,
        "objects_per_image": _summary([len(masks) for masks in found]),
        "area": {"min": min(areas), "max": max(areas), **quantiles} if n else None,
        "overlapping": overlapping / whole if whole else None,
        "touching": touching / whole if whole else None,
        "overlapping_pairs": len(ratios),
        "overlap_ratio": _summary(ratios),
        "kinds": dict(zip(KINDS, kinds.tolist(), strict=True)),
    }


def _contacts(found: list[list[Rle]]) -> Contacts:
    images = np.repeat(np.arange(len(found)), [len(masks) for masks in found])
    return contacts_of([rle for masks in found for rle in masks], images)


def describe_part(coco: CocoDataset, images: list[ImageRecord], max_detections: int) -> PartAudit:
    """Describe some images of a data set; see :func:`audit`."""
    instances: list[Instances] = [coco.instances(image.id) for image in images]
    crowded = [
        i.file_name for i, n in zip(images, instances, strict=True) if len(n) > max_detections
    ]
    empty = [i.file_name for i, n in zip(images, instances, strict=True) if not len(n)]
    crowds = [[bool(a.get("iscrowd")) for a in coco.annotations[image.id]] for image in images]
    categories = {}
    for number, name in coco.categories.items():
        found, single = (
            [
                [
                    rle
                    for rle, c, crowd in zip(i.masks, i.categories, flags, strict=True)
                    if c == number and (every or not crowd)
                ]
                for i, flags in zip(instances, crowds, strict=True)
            ]
            for every in (True, False)
        )
        categories[str(number)] = _category(name, found, single)
    return {
        "images": len(images),
        "image_sizes": dict(Counter(f"{i.height}x{i.width}" for i in images)),
        "objects": sum(len(n) for n in instances),
        "images_without_objects": empty,
        "images_above_max_detections": crowded,
        "categories": categories,
    }


def audit(coco: str | Path, split: str | Path, max_detections: int, out_json: str | Path) -> Audit:
    """Describe a data set and the parts of its first fold, and write the result as JSON.

    Overlap and contact are between objects of the same category. ``overlapping`` is the share of
    objects that share a pixel with another one; ``touching`` is the share of those that share
    none, but would share one after growing by one pixel. The overlap ratio of a pair is the
    intersection over the smaller area. ``kinds`` is the number of objects of each kind of contact,
    see :class:`gains.masks.contacts.Contact`. Crowd regions are no objects of these four. Areas are
    in px. ``published_counts`` holds the published and the actual numbers of a published data set,
    and is null for others. ``repairs`` holds what the conversion changed, dropped or noticed, with
    the number of records that each rule touched.

    Args:
        coco: COCO json.
        split: split file.
        max_detections: images with more objects are listed, since a detector cannot find all.
        out_json: path of the JSON.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is broken, or the split names images that the data set lacks.
    """
    dataset, parts = read_coco(coco), read_split(split)
    described = {"all": describe_part(dataset, list(dataset.images.values()), max_detections)}
    for part in PARTS:
        images = dataset.by_name(parts.names(part))
        if images:
            described[part] = describe_part(dataset, images, max_detections)
    info = read_json(coco).get("info", {})
    content: Audit = {
        "dataset": Path(coco).stem,
        "max_detections": max_detections,
        "published_counts": info.get("counts"),
        "repairs": info.get("repairs", []),
        "parts": described,
    }
    write_json(out_json, content)
    return content
