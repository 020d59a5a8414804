"""Small models of every method, and a scene for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gains.config.base import Changes, merge
from gains.methods import METHODS
from gains.models.block_maps import BlockMaps
from gains.models.contract import Detector, Target, Task

DETECTOR: Changes = {
    "backbone": {
        "name": "resnet18",
        "norm": "gn",
        "weights": "none",
        "freeze_at": 0,
        "width": 16,
        "fpn_channels": 32,
    },
    "anchor_sizes": [8, 16, 32, 64, 128],
    "rpn_anchors_per_image": 32,
    "rpn_pre_nms_train": 100,
    "rpn_pre_nms_test": 100,
    "rpn_post_nms_train": 50,
    "rpn_post_nms_test": 50,
    "rois_per_image": 32,
    "box_dim": 32,
    "mask_channels": 16,
    "iou_channels": 16,
    "iou_dim": 32,
    "coarse_dim": 32,
    "subdivision_steps": 3,
    "subdivision_points": 196,
    "queries": 12,
    "feedforward_dim": 64,
    "points": 256,
    "reclass_dim": 32,
    "prior_steps": 20,
    "codes": 32,
    "size": "S",
    "width": 8,
    "min_area": 20,
    "base_channels": 16,
    "feature_channels": 128,
}
"""Settings of small models; a method uses those that it has."""


def tiny_settings(method: str, variant: str = "default", changes: Changes | None = None) -> Any:
    """Return the settings of a small model of a method.

    Args:
        method: name of the method.
        variant: one of its variants.
        changes: further changes of its settings.
    """
    record = METHODS.get(method)
    shared = {key: value for key, value in DETECTOR.items() if key in record.settings.model_fields}
    own = merge(shared, changes or {}, record.variants.get(variant, {}))
    return record.settings.model_validate(own)


def small_model(
    method: str, variant: str = "default", classes: int = 2, changes: Changes | None = None
) -> Detector:
    """Return a small model with random values; the global random state is then that of seed 0."""
    torch.manual_seed(0)
    settings = tiny_settings(method, variant, changes)
    return METHODS.get(method).build(settings, Task(classes, 10, 0))


def maps_of(planes: Tensor, constant: float = 1.0) -> BlockMaps:
    """Return whole planes (N, H, W) as maps."""
    parts = [(plane - constant, 0, 0) for plane in planes]
    size = (planes.shape[1], planes.shape[2])
    return BlockMaps.from_parts(parts, [constant] * len(planes), size)


def scene(classes: int = 2, objects: int = 3) -> tuple[torch.Tensor, Target]:
    """Return an image of bright squares on a dark ground, and its target."""
    image = torch.full((3, 64, 64), 40, dtype=torch.uint8)
    masks = torch.zeros(objects, 64, 64, dtype=torch.uint8)
    boxes = torch.zeros(objects, 4)
    for k in range(objects):
        x, y = 4 + 19 * k, 6 + 13 * k
        masks[k, y : y + 16, x : x + 16] = 1
        image[:, y : y + 16, x : x + 16] = 130 + 40 * k
        boxes[k] = torch.tensor([x, y, x + 16, y + 16])
    labels = torch.arange(objects) % classes
    return image, Target(boxes, labels, masks, maps_of(1 + 0.5 * masks.float()))
