"""Small models, and a scene for them."""

from __future__ import annotations

import torch

from gains.methods import METHODS
from gains.models.contract import Detector, Target, Task
from helpers.tiny import maps_of, tiny_settings


def build(method: str, variant: str = "default", classes: int = 2) -> Detector:
    torch.manual_seed(0)
    return METHODS.get(method).build(tiny_settings(method, variant), Task(classes, 10, 0))


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
