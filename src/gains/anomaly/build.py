"""Computation of the anomaly maps of many images, in parallel, into one file."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gains.anomaly.fields import Float
from gains.anomaly.maps import anomaly_maps
from gains.anomaly.raster import rasterize
from gains.anomaly.store import MapRecord, write_full, write_store
from gains.config.maps import MapSettings
from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.records import CocoRecord
from gains.support.files import require_suffix
from gains.support.parallel import parallel_map
from gains.support.progress import Advance, progress

logger = logging.getLogger(__name__)

MapJob = tuple[ImageRecord, list[CocoRecord], MapSettings]
"""An image, its annotations, and the settings of their maps."""


def build_maps(
    coco: CocoDataset,
    settings: MapSettings,
    images: Sequence[ImageRecord],
    out: str | Path,
    full: bool = False,
    jobs: int = 1,
) -> int:
    """Write the maps of all annotations of the given images in order, also of empty masks.

    Args:
        coco: data set with the annotations.
        settings: program, parameters, mode, rasterisation.
        images: image records of ``coco``; images without annotations are allowed.
        out: path of the .npz file.
        full: whether to write full-size float64 maps by annotation id instead of the compact store.
        jobs: number of processes; the file does not depend on it.

    Returns:
        The number of maps.

    Raises:
        ValueError: the file lacks the target category, the images have no annotation or none of
            the target category, a window is larger than an image, an annotation (named in the
            message) cannot be rasterised, or ``out`` does not end in .npz.
    """
    require_suffix(out, ".npz")
    if settings.target_category not in coco.categories:
        known = ", ".join(f"{i} ({name})" for i, name in coco.categories.items())
        raise ValueError(
            f"{coco.path}: there is no category {settings.target_category}, whose maps were "
            f"requested; known: {known}"
        )
    work = [(image, coco.annotations[image.id], settings) for image in images]
    total = sum(len(annotations) for _, annotations, _ in work)
    if total == 0:
        raise ValueError(
            f"{coco.path}: the {len(work)} chosen images hold no annotation; expected at least one"
        )
    _require_objects(coco, work, settings.target_category)
    with (
        parallel_map(maps_of_image if full else _stored_maps, work, jobs) as results,
        progress("anomaly maps, images", len(work)) as advance,
    ):
        records = _with_progress(coco.path, results, advance)
        number = write_full(out, records) if full else write_store(out, settings, records)
    logger.info("%s: %d anomaly maps of %d images", out, number, len(work))
    return number


def _require_objects(coco: CocoDataset, work: list[MapJob], target: int) -> None:
    """Refuse images without an object of the target category, since all maps would be flat."""
    counts = Counter(int(a["category_id"]) for _, annotations, _ in work for a in annotations)
    if counts[target] == 0:
        known = ", ".join(f"{i} ({name}): {counts[i]}" for i, name in coco.categories.items())
        raise ValueError(
            f"{coco.path}: category {target} ({coco.categories[target]}), whose maps were "
            f"requested, has no object on the {len(work)} chosen images, so all maps would be "
            f"flat; objects by category: {known}. Set target_category to one that has objects"
        )


def _with_progress(
    path: str, results: Iterable[list[MapRecord]], advance: Advance
) -> Iterator[MapRecord]:
    try:
        for done, found in enumerate(results, start=1):
            yield from found
            advance(done)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def maps_of_image(job: MapJob) -> list[MapRecord]:
    """Return the maps of one image's annotations, in their order."""
    image, annotations, settings = job
    try:
        masks = (rasterize(a, image.height, image.width, settings) for a in annotations)
        categories = [int(a["category_id"]) for a in annotations]
        boxes = _stored_boxes(annotations) if settings.program == "nuclei" else None
        maps = anomaly_maps(masks, categories, settings, boxes)
    except ValueError as error:
        raise ValueError(f"image {image.id} ({image.file_name}): {error}") from error
    size = (image.height, image.width)
    return [(int(a["id"]), size, found) for a, found in zip(annotations, maps, strict=True)]


def _stored_maps(job: MapJob) -> list[MapRecord]:
    """Return the maps in float32, as the store holds them, so that processes exchange less data."""
    return [
        (annotation_id, size, found._replace(block=found.block.astype(np.float32)))
        for annotation_id, size, found in maps_of_image(job)
    ]


def _stored_boxes(annotations: list[CocoRecord]) -> Float:
    for annotation in annotations:
        box = annotation.get("bbox")
        numbers = [x for x in box if isinstance(x, int | float)] if isinstance(box, list) else []
        known = len(numbers) == 4 and numbers == box and np.isfinite(numbers).all()
        if not known or min(numbers[2:]) < 0:
            raise ValueError(
                f"annotation {annotation['id']}: program 'nuclei' finds neighbours by the stored "
                f"bbox, expected [x, y, width, height] with a width and a height of at least 0, "
                f"found {box}"
            )
    return np.array([a["bbox"] for a in annotations], dtype=np.float64).reshape(-1, 4)
