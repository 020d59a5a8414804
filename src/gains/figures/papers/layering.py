"""What a trained model of layering computes on the way to its detections, for figures.

This is no module of the method, because all of these count as the code of its trainings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.methods.layering.model import Layering
from gains.models.contract import Detector
from gains.pixelwise.components import Component, foreground_region

Float = NDArray[np.float32]


@dataclass(frozen=True)
class LayerOutputs:
    """The outputs of one class on an image, at the size that the model saw.

    Attributes:
        foreground: float32 (H, W), probability.
        inside: bool (H, W), the pixels of the foreground.
        layers: float32 (L, H, W), activation in [0, 1].
        objects: the detections, in order of their layers; their category is the class index.
        layer_of: int64 (N,), layer of each object, counted from 0.
    """

    foreground: Float
    inside: NDArray[np.bool_]
    layers: Float
    objects: Instances
    layer_of: NDArray[np.int64]

    def in_layer(self, layer: int) -> Instances:
        """Return the objects of a layer, counted from 0."""
        return self.objects.select(self.layer_of == layer)

    @property
    def counts(self) -> list[int]:
        """Number of objects of each layer."""
        counts: list[int] = np.bincount(self.layer_of, minlength=len(self.layers)).tolist()
        return counts


@torch.no_grad()
def layer_outputs(model: Detector, images: list[Tensor]) -> list[list[LayerOutputs]]:
    """Return foreground, layers and objects of images, a list with an entry for each class.

    Args:
        model: a model of layering, in test mode.
        images: (3, H_i, W_i) RGB in 0..255.

    Raises:
        ValueError: the model has no layers.
    """
    if not isinstance(model, Layering):
        raise ValueError("the model has no layers; expected a model of the method `layering`")
    found = []
    for image in images:
        # together, the smaller images would be padded, as they are not for detections
        (logits,) = model.logits([image])
        foregrounds = logits["foreground"].sigmoid().cpu().numpy()
        layers = model.by_class(logits["layers"]).sigmoid().cpu().numpy()
        found.append(_classes(model, foregrounds, layers))
    return found


def _classes(model: Layering, foregrounds: Float, layers: Float) -> list[LayerOutputs]:
    """Return the outputs of each class of an image, with the objects that the model keeps."""
    outputs = {"foreground": foregrounds, "layers": layers.reshape(-1, *layers.shape[2:])}
    listed = [
        (place, layer, component)
        for place, by_layer in enumerate(model.objects_by_layer(outputs))
        for layer, part in enumerate(by_layer)
        for component in part
    ]
    best = sorted(range(len(listed)), key=lambda k: -listed[k][2].score)
    kept = [listed[k] for k in sorted(best[: model.task.max_detections])]
    found = []
    for place, (foreground, own) in enumerate(zip(foregrounds, layers, strict=True)):
        objects = [(layer, component) for number, layer, component in kept if number == place]
        instances = _instances([component for _, component in objects], place, foreground.shape)
        numbers = np.array([layer for layer, _ in objects], dtype=np.int64)
        how = model.settings
        inside = foreground_region(foreground, how.foreground_threshold, how.min_area)
        found.append(LayerOutputs(foreground, inside, own, instances, numbers))
    return found


def _instances(components: list[Component], category: int, size: tuple[int, ...]) -> Instances:
    masks = [encode_mask(c.whole(size[0], size[1])) for c in components]
    scores = [c.score for c in components]
    return Instances.from_rles(size[0], size[1], masks, [category] * len(masks), scores)
