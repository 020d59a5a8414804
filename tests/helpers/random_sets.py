"""Random ground truths and detections with ties, crowd regions and empty images."""

from __future__ import annotations

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.masks.rle import Rle, encode_mask

SIZE = 24


def box(x: int, y: int, w: int, h: int) -> Rle:
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = True
    return encode_mask(mask)


def random_set(
    seed: int,
    crowd: float = 0.0,
    images: int = 6,
    most: int = 7,
    levels: int = 8,
    first_id: int = 1,
) -> tuple[CocoDataset, list[dict[str, Any]]]:
    """Boxes on a coarse grid, so that IoUs and scores tie; some images empty on either side."""
    generator = np.random.default_rng(seed)
    annotations: dict[int, list[dict[str, Any]]] = {}
    predictions: list[dict[str, Any]] = []
    number = first_id
    for image in range(1, images + 1):
        annotations[image] = []
        for _ in range(generator.integers(0, most)):
            x, y, w, h = *generator.integers(0, 12, 2), *generator.integers(4, 11, 2)
            category = int(generator.integers(0, 3))
            rle = box(x, y, w, h)
            annotations[image].append(
                {
                    "id": number,
                    "image_id": image,
                    "category_id": category,
                    "segmentation": rle,
                    "area": float(coco_mask.area(rle)),
                    "iscrowd": int(generator.random() < crowd),
                }
            )
            number += 1
            for _ in range(generator.integers(0, 4)):
                dx, dy, dw, dh = generator.integers(-2, 3, 4)
                predictions.append(
                    {
                        "image_id": image,
                        "category_id": category if generator.random() < 0.8 else 1,
                        "segmentation": box(x + dx, y + dy, w + dw, h + dh),
                        "score": int(generator.integers(0, levels)) / levels,
                    }
                )
    records = {i: ImageRecord(i, f"{i}.png", SIZE, SIZE) for i in annotations}
    return CocoDataset(
        "set", records, {0: "a", 1: "b", 2: "c", 7: "none"}, annotations
    ), predictions
