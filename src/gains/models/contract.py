"""The contract between models, training and prediction, also for models without boxes or RoIs.

:class:`Detector` is the base class of every model. Its inputs are :class:`Task` and
:class:`Target`, its outputs are :class:`Detections`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from gains.models.block_maps import BlockMaps


@dataclass(frozen=True)
class Task:
    """The properties of a data set that a detector depends on.

    Attributes:
        num_classes: number of classes K, without the background.
        max_detections: largest number of detections per image.
        cell: class index of the objects that overlap (the declared cell category), or None.
    """

    num_classes: int
    max_detections: int
    cell: int | None = None


@dataclass
class Target:
    """Ground truth of one training image, at the size that the model sees.

    Attributes:
        boxes: float32 (N, 4), x0 y0 x1 y1 in px.
        labels: int64 (N,), class index 0..K-1.
        masks: uint8 (N, H, W), 0 or 1.
        maps: N gradient anomaly maps, or None if the method reads none.
    """

    boxes: Tensor
    labels: Tensor
    masks: Tensor
    maps: BlockMaps | None = None

    def select(self, keep: Tensor) -> Target:
        """Return the objects that ``keep``, bool (N,), selects."""
        maps = None if self.maps is None else self.maps.select(keep)
        return Target(self.boxes[keep], self.labels[keep], self.masks[keep], maps)

    def to(self, device: torch.device) -> Target:
        """Return the target on a device; tensors already on it are shared, not copied."""
        maps = None if self.maps is None else self.maps.to(device)
        return Target(
            self.boxes.to(device, non_blocking=True),
            self.labels.to(device, non_blocking=True),
            self.masks.to(device, non_blocking=True),
            maps,
        )


@dataclass
class Detections:
    """Detections of one image, best first.

    Attributes:
        boxes: float32 (D, 4), x0 y0 x1 y1 in px.
        scores: float32 (D,) in [0, 1].
        labels: int64 (D,), class index 0..K-1.
        masks: float32 probabilities: (D, M, M) inside each box or, if ``full``, (D, H, W) of the
            whole image at the size that the model saw.
        full: whether ``masks`` cover the whole image.
        box_scores: float32 (D,) in [0, 1], by which the method selected the detections; score
            thresholds apply to them. None if they equal ``scores``.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    masks: Tensor
    full: bool = False
    box_scores: Tensor | None = None


class Detector(nn.Module, ABC):
    """The base class of every method's model.

    Training calls :meth:`prepare` once and then :meth:`losses`, prediction calls :meth:`detect`.
    They use no other part of a model.

    Attributes:
        encoder: prefix, in the state dict, of the part that pretrained weights fill and whose
            learning rate ``backbone_lr_factor`` scales. The default names the ResNet of
            :class:`gains.models.backbone.Trunk`; a model with another encoder overrides it.
        unlearnt_because: why :meth:`unlearnt` names objects, and which settings help.
    """

    encoder: ClassVar[str] = "backbone.body."
    unlearnt_because: ClassVar[str] = ""

    def prepare(self, targets: Iterable[Target], generator: torch.Generator) -> None:  # noqa: B027
        """Learn what the model must know of the training objects before its first iteration.

        By default this is nothing, and ``targets`` is not read. A training that continues from a
        checkpoint does not call it, so all that it learns must be in the state dict.

        Args:
            targets: ground truth of each training image at the image's own size, without maps and
                without augmentation, on the CPU; it is made while it is read.
            generator: source of all random numbers, on the CPU.
        """

    @abstractmethod
    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the named, weighted losses of a batch; training minimises their sum.

        Args:
            images: (3, H_i, W_i) RGB in 0..255.
            targets: ground truth at the images' sizes.
            generator: source of all random numbers, on the images' device.
        """

    def unlearnt(self, target: Target) -> Tensor:
        """Return which objects of an image :meth:`losses` cannot learn, bool (N,)."""
        return torch.zeros(len(target.boxes), dtype=torch.bool, device=target.boxes.device)

    @abstractmethod
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections of images (3, H_i, W_i), RGB in 0..255."""
