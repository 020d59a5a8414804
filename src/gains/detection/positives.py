"""The foreground RoIs of a batch, from which box and mask branches learn."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gains.models.contract import Target


@dataclass
class Positives:
    """The foreground RoIs of a batch, and the objects that they were matched to.

    Attributes:
        boxes: one float32 (R_i, 4) per image.
        matched: one int64 (R_i,) per image, index of the object in the ground truth.
        targets: one per image.
    """

    boxes: list[Tensor]
    matched: list[Tensor]
    targets: list[Target]

    @property
    def labels(self) -> Tensor:
        """Return the class index of every RoI, int64 (R,)."""
        return torch.cat([t.labels[m] for t, m in zip(self.targets, self.matched, strict=True)])
