"""Ground truth and predictions of discs, for tests of scoring."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.masks.rle import Rle, encode_mask
from gains.support.files import write_json
from helpers.shapes import disc

SIZE = 60


def disc_rle(x: int, y: int, radius: int, *, size: int = SIZE) -> Rle:
    """Return a disc on a square image, run-length encoded."""
    return encode_mask(disc((size, size), y, x, radius))


def dataset(
    truths: Sequence[Sequence[Sequence[int]]],
    size: int = SIZE,
    first_id: int = 1,
    categories: tuple[int, ...] = (0, 1),
) -> CocoDataset:
    """Return a data set of discs (category, x, y, radius), one list per image; image ids start at 1."""
    annotations: dict[int, list[dict[str, Any]]] = {}
    number = first_id
    for image, discs in enumerate(truths, start=1):
        annotations[image] = []
        for category, *where in discs:
            annotations[image].append(
                {
                    "id": number,
                    "image_id": image,
                    "category_id": category,
                    "segmentation": disc_rle(*where, size=size),
                    "iscrowd": 0,
                }
            )
            number += 1
    images = {i: ImageRecord(i, f"{i}.png", size, size) for i in annotations}
    return CocoDataset("truth.json", images, {c: str(c) for c in categories}, annotations)


def detection(
    image: int, category: int, value: float, *where: int, size: int = SIZE
) -> dict[str, Any]:
    return {
        "image_id": image,
        "category_id": category,
        "score": value,
        "segmentation": disc_rle(*where, size=size),
    }


def as_predictions(truth: CocoDataset) -> list[dict[str, Any]]:
    """Return the ground truth as detections with distinct scores."""
    annotations = [a for listed in truth.annotations.values() for a in listed]
    return [
        {**{k: a[k] for k in ("image_id", "category_id", "segmentation")}, "score": 1 - k / 1000}
        for k, a in enumerate(annotations)
    ]


def write_truth(path: Path, truth: CocoDataset) -> None:
    write_json(
        path,
        {
            "images": [dataclasses.asdict(image) for image in truth.images.values()],
            "annotations": [a for listed in truth.annotations.values() for a in listed],
            "categories": [{"id": i, "name": name} for i, name in truth.categories.items()],
        },
    )


def three_images() -> CocoDataset:
    """Return a ground truth of two categories on three images."""
    return dataset(
        [[(0, 20, 20, 12), (1, 20, 20, 4)], [(0, 15, 15, 9), (0, 40, 40, 10)], [(1, 30, 30, 5)]]
    )


def four_detections() -> list[dict[str, Any]]:
    """Return detections on the first two of the three images, one of them false."""
    return [
        detection(1, 0, 0.9, 21, 20, 12),
        detection(1, 1, 0.8, 20, 20, 4),
        detection(2, 0, 0.7, 15, 16, 8),
        detection(2, 0, 0.2, 50, 10, 6),
    ]


def write_files(
    folder: Path, truth: CocoDataset, detections: list[dict[str, Any]]
) -> tuple[Path, Path]:
    """Write a ground truth and its predictions; return both paths."""
    write_truth(folder / "truth.json", truth)
    write_json(folder / "predictions.json.gz", detections)
    return folder / "truth.json", folder / "predictions.json.gz"
