"""Audits: counts, sizes, overlap and touching of objects, per part and category of a data set."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from gains.datasets.coco import CocoDataset, ImageRecord, read_coco
from gains.datasets.split_file import PARTS, read_split
from gains.instances import Instances
from gains.masks.contacts import contacts_of
from gains.masks.overlaps import mask_areas
from gains.masks.rle import Rle
from gains.masks.windows import window_of
from gains.support.files import read_json, write_json, write_text

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FLAT = ("images", "images_without_objects", "images_above_max_detections", "objects")
COLUMNS = (
    *("dataset", "part", "category", "category_name", *FLAT),
    *("objects_per_image_mean", "objects_per_image_max", "area_median"),
    *("overlapping", "touching", "overlap_ratio_median", "overlap_ratio_max"),
    *("images_published", "objects_published"),
)


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


def _category(name: str, found: list[list[Rle]]) -> CategoryAudit:
    """Describe one category; ``found`` holds a list of its masks for each image."""
    areas = [float(area) for masks in found for area in mask_areas(masks)]
    contacts = [contacts_of([window_of(rle) for rle in masks]) for masks in found]
    ratios = np.concatenate([c.ratios for c in contacts])
    overlapping = sum(int((c.overlapped > 0).sum()) for c in contacts)
    touching = sum(int(((c.touched > 0) & (c.overlapped == 0)).sum()) for c in contacts)
    n = len(areas)
    quantiles = {f"q{int(q * 100):02d}": float(np.quantile(areas, q)) for q in QUANTILES if n}
    return {
        "name": name,
        "objects": n,
        "objects_per_image": _summary([len(masks) for masks in found]),
        "area": {"min": min(areas), "max": max(areas), **quantiles} if n else None,
        "overlapping": overlapping / n if n else None,
        "touching": touching / n if n else None,
        "overlapping_pairs": len(ratios),
        "overlap_ratio": _summary(ratios),
    }


def describe_part(coco: CocoDataset, images: list[ImageRecord], max_detections: int) -> PartAudit:
    """Describe some images of a data set; see :func:`audit`."""
    instances: list[Instances] = [coco.instances(image.id) for image in images]
    crowded = [
        i.file_name for i, n in zip(images, instances, strict=True) if len(n) > max_detections
    ]
    empty = [i.file_name for i, n in zip(images, instances, strict=True) if not len(n)]
    categories = {}
    for number, name in coco.categories.items():
        masks = [
            [rle for rle, c in zip(i.masks, i.categories, strict=True) if c == number]
            for i in instances
        ]
        categories[str(number)] = _category(name, masks)
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
    intersection over the smaller area. Areas are in px. ``published_counts`` holds the published
    and the actual numbers of a published data set, and is null for others. ``repairs`` holds what
    the conversion changed, dropped or noticed, with the number of records that each rule touched.

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


def _row(
    dataset: str, part: str, number: str, described: PartAudit, published: dict[str, Any]
) -> dict[str, str | float | None]:
    category = described["categories"][number]
    per_image = category["objects_per_image"] or {}
    ratio = category["overlap_ratio"] or {}
    return {
        "dataset": dataset,
        "part": part,
        "category": number,
        "category_name": category["name"],
        "images": described["images"],
        "images_without_objects": len(described["images_without_objects"]),
        "images_above_max_detections": len(described["images_above_max_detections"]),
        "objects": category["objects"],
        "objects_per_image_mean": per_image.get("mean"),
        "objects_per_image_max": per_image.get("max"),
        "area_median": (category["area"] or {}).get("q50"),
        "overlapping": category["overlapping"],
        "touching": category["touching"],
        "overlap_ratio_median": ratio.get("median"),
        "overlap_ratio_max": ratio.get("max"),
        "images_published": published.get("images", {}).get("expected"),
        "objects_published": published.get("objects", {}).get(category["name"], {}).get("expected"),
    }


def _rows(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one audit in the CSV file."""
    for part in (name for name in ("all", *PARTS) if name in content["parts"]):
        described = content["parts"][part]
        for number in described["categories"]:
            # the published numbers describe the whole data set
            published = content.get("published_counts") if part == "all" else None
            row = _row(content["dataset"], part, number, described, published or {})
            yield {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}


def audit_table(files: Sequence[str | Path], out_csv: str | Path) -> None:
    """Write audits as one CSV with a row per data set, part and category.

    Undefined cells are empty.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: no file is given, one is given twice, or one is not an audit.
    """
    if not files:
        raise ValueError("no audit was given; name at least one file that `gains audit` wrote")
    counted = Counter(os.path.realpath(file) for file in files)
    repeated = [path for path, n in counted.items() if n > 1]
    if repeated:
        raise ValueError(f"{', '.join(repeated)}: given more than once; name each audit once")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for file in files:
        content = read_json(file)
        if not isinstance(content, dict) or "parts" not in content:
            raise ValueError(
                f"{file}: expected a file that `gains audit` wrote, but 'parts' is missing"
            )
        try:
            writer.writerows(_rows(content))
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{file}: expected a file that `gains audit` wrote, but a part of it has another "
                f"shape ({error}); make it again"
            ) from error
    write_text(out_csv, text.getvalue())
