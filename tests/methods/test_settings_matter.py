"""No setting of a method is ignored: each changes losses, gradients or detections."""

from __future__ import annotations

import typing
from typing import Any

import pytest
import torch
from torch import Tensor

from gains.config.base import Settings
from gains.methods import METHODS
from gains.models.contract import Task
from helpers.models import scene
from helpers.tiny import tiny_settings

MANY = {"rpn_pre_nms_train": 300, "rpn_post_nms_train": 300, "rpn_nms": 0.9, "rois_per_image": 128}
WITH: dict[tuple[str, str], dict[str, Any]] = {
    ("htc", "semantic_weight"): {"semantic": True},
    ("mask_scoring_rcnn", "iou_weight"): {"binarize_logit": False},  # else no mask at first
    ("stardist", "score_threshold"): {"score_threshold": 0.9},  # more than 100 above the default
    ("layering", "repelling_weight"): {"adjacency_distance": 60},  # else no object is adjacent
    ("pisa", "positive_power"): MANY,  # several RoIs of one object
    ("pisa", "positive_bias"): MANY,
    # no score reaches the default
    **{("condinst", name): {"score_threshold": 0.0} for name in ("pre_nms", "score_threshold")},
}
"""Other settings with which a setting has an effect at all on a new model."""
ELSEWHERE = {
    ("condinst", "nms"),
    ("vrsp_net", "codes"),
    ("vrsp_net", "prior_objects"),
    ("stardist", "low_percentile"),
    ("stardist", "label_map"),
    ("stardist", "separate_masks"),
    ("stardist", "nms"),
}
"""Settings without an effect on a new model and this scene.

Its boxes do not overlap: test_fcos_selection. Its objects have one shape: test_vrsp_prior. Four
fifths of it have one colour, its objects do not overlap, and the first rays have no length:
test_stardist.
"""
VALUES: dict[str, Any] = {
    "anchor_sizes": (12, 16, 32, 64, 128),
    "aspect_ratios": (0.5, 1.0),
    "sizes_of_interest": (16, 32, 64, 128),
    "score_threshold": 0.4,
    "nms": 0.1,
    "rpn_pre_nms_train": 2,
    "rpn_pre_nms_test": 2,
    "roi_positive_fraction": 0.04,
    "pre_nms": 1,
    "mask_positives": 1,
    "negative_score": 0.5,
    "location_cost": 0.0,
    "adjacency_distance": 60,  # objects of one class are 26 px apart
    "min_area": 4000,  # the smallest one has no effect on a map without small components
    "high_percentile": 90.0,
}
"""Changed values that the rule of :func:`other_value` does not find."""


def other_value(settings: Settings, name: str) -> Any:
    """Return another valid value of a setting."""
    value, kind = getattr(settings, name), type(settings).model_fields[name].annotation
    if name in VALUES:
        return VALUES[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return next(word for word in typing.get_args(kind) if word != value)
    if isinstance(value, int):
        return max(1, value // 2) if value > 1 else value + 1
    return 0.5 * value if value else 0.3


def fields(method: str) -> list[str]:
    known = METHODS.get(method).settings.model_fields
    return [n for n in known if n != "backbone" and (method, n) not in ELSEWHERE]


def behaviour(method: str, settings: Settings) -> list[Tensor]:
    """Return losses, gradients and detections of a new model with fixed random numbers."""
    torch.manual_seed(0)
    model = METHODS.get(method).build(settings, Task(2, 100, 0))
    image, target = scene()
    model.prepare([target], torch.Generator().manual_seed(0))
    losses = model.losses([image], [target], torch.Generator().manual_seed(0))
    torch.stack(list(losses.values())).sum().backward()
    with torch.no_grad():
        (found,) = model.eval().detect([image])
    gradients = [torch.zeros(0) if p.grad is None else p.grad for p in model.parameters()]
    values = [losses[name].detach() for name in sorted(losses)]
    return [*gradients, *values, found.boxes, found.scores, found.masks]


def equal(a: list[Tensor], b: list[Tensor]) -> bool:
    return len(a) == len(b) and all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_every_setting_has_an_effect(method: str) -> None:
    ignored = []
    for name in fields(method):
        base = tiny_settings(method)
        base = base.model_validate({**base.model_dump(), **WITH.get((method, name), {})})
        changed = {**base.model_dump(), name: other_value(base, name)}
        if equal(behaviour(method, base), behaviour(method, base.model_validate(changed))):
            ignored.append(name)
    assert ignored == []
