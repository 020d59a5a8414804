"""Import of a person's own labels: a COCO JSON file, and what the labels hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gains.datasets.audit import CategoryAudit, PartAudit, describe_part
from gains.datasets.coco import read_coco
from gains.datasets.coco_writer import annotation_records
from gains.datasets.findings import Findings
from gains.datasets.labels.base import LabelFormat, Labelled
from gains.datasets.labels.recognise import read_labels
from gains.datasets.labels.settings import FolderSettings
from gains.datasets.records import CocoRecord
from gains.instances import Instances
from gains.support.files import write_json

logger = logging.getLogger(__name__)

MAX_DETECTIONS = 100
"""Number of objects of an image above which detectors need a higher limit."""


class Imported(NamedTuple):
    """What was imported.

    Attributes:
        format: the format of the labels.
        content: description of the images and objects.
        note: what a person should know of labels of this format, or nothing.
        limit: number of objects above which an image is listed.
    """

    format: LabelFormat
    content: PartAudit
    note: str = ""
    limit: int = MAX_DETECTIONS


def import_labels(settings: FolderSettings, out: str | Path) -> Imported:
    """Write labels of any format as a COCO JSON file, which the data set ``folder`` reads.

    ``info.repairs`` of the file and the log say what was left out and which rules were applied.
    File names in it are relative to the folder of images.

    Args:
        settings: the images and labels.
        out: the JSON file.

    Raises:
        FileNotFoundError: a folder or file is missing.
        ValueError: the labels are of no known format or of several, or cannot be read.
    """
    findings = Findings()
    format_, labelled = read_labels(settings, findings)
    repairs = findings.sentences()
    note = format_.note if format_.note in repairs else ""
    for sentence in repairs:
        if sentence != note:  # which the summary has
            logger.info("%s: %s", out, sentence)
    info = {"description": f"labels of the format {format_.name}", "repairs": repairs}
    write_json(out, {"info": info, **_records(labelled, Path(settings.images))}, indent=None)
    dataset = read_coco(out)
    described = describe_part(dataset, list(dataset.images.values()), MAX_DETECTIONS)
    return Imported(format_, described, note)


def _records(labelled: Labelled, folder: Path) -> dict[str, list[CocoRecord]]:
    images: list[CocoRecord] = []
    annotations: list[CocoRecord] = []
    for number, source in enumerate(labelled.sources, start=1):
        name = source.path.relative_to(folder).as_posix()
        size = {"height": source.height, "width": source.width}
        images.append({"id": number, "file_name": name, **size})
        instances = Instances.from_rles(
            source.height, source.width, source.masks, source.categories
        )
        annotations += annotation_records(instances, number, len(annotations) + 1)
    categories = [{"id": number, "name": name} for number, name in labelled.categories.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


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
    if imported.note:
        yield imported.note


def _described(category: CategoryAudit) -> str:
    area = category["area"]
    if area is None:
        return "no objects"
    return (
        f"{category['objects']} objects, median area {area['q50']:g} px; "
        f"{category['overlapping'] or 0:.1%} overlap another of their class, "
        f"{category['touching'] or 0:.1%} only touch one"
    )
