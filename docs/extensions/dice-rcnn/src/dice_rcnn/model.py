"""The mask branch of Mask R-CNN with a further loss."""

from __future__ import annotations

import torch
from torch import Tensor

from dice_rcnn import DiceSettings
from gains.detection.mask_head import MASK_POOL_SIZE, MaskBranch, logits_of_class, mask_targets
from gains.detection.pooling import pool
from gains.detection.positives import Positives


class DiceBranch(MaskBranch):
    """Mask R-CNN's mask branch that also learns one minus the Dice of each mask."""

    def __init__(self, settings: DiceSettings, num_classes: int) -> None:
        super().__init__(settings, num_classes)
        self.dice_weight = settings.dice_weight

    def losses(
        self, features: list[Tensor], positives: Positives, generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return ``loss_mask`` and ``loss_dice``."""
        losses = super().losses(features, positives, generator)
        logits = self.head.logits(
            self.head.features(pool(features, positives.boxes, MASK_POOL_SIZE))
        )
        found = logits_of_class(logits, positives.labels).sigmoid().flatten(1)
        wanted = mask_targets(positives).float().flatten(1)
        dice = (2 * (found * wanted).sum(1) + 1) / (found.sum(1) + wanted.sum(1) + 1)
        return {**losses, "loss_dice": self.dice_weight * (1 - dice).sum() / max(1, len(dice))}
