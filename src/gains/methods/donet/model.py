"""The mask branch of DoNet: decomposition (DRM) and recombination (CRM), paper section 3."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.detection.mask_head import MASK_POOL_SIZE, ConvHead, logits_of_class, mask_loss
from gains.detection.overlap import cell_class, part_targets
from gains.detection.pooling import pool
from gains.detection.positives import Positives
from gains.methods.donet import DoNetSettings
from gains.models.contract import Task


def mismatch(refined: Tensor, intersection: Tensor, complement: Tensor) -> Tensor:
    """Return the published consistency term: 100 times the share of pixels that differ.

    The program compares the thresholded refined mask with the XOR of the thresholded parts by
    binary cross entropy. Its logarithms are clamped, so it is 0 or 100 per pixel. Thresholds have
    no gradient, so the term increases the loss but trains nothing.

    Args:
        refined: logits of any shape.
        intersection: logits of the same shape.
        complement: logits of the same shape.

    Returns:
        A scalar in [0, 100] without a graph; 0 when there is no pixel.
    """
    differs = (refined > 0) ^ (intersection > 0) ^ (complement > 0)
    return 100 * differs.float().sum() / max(differs.numel(), 1)


def soft_consistency(refined: Tensor, intersection: Tensor, complement: Tensor) -> Tensor:
    """Return the paper's Eq. 4 as a trainable loss: cross entropy with the soft XOR of the parts.

    Of two independent events with probabilities a and b, exactly one happens with probability
    a + b - 2ab. The gradient reaches all three masks.

    Args:
        refined: logits of any shape.
        intersection: logits of the same shape.
        complement: logits of the same shape.

    Returns:
        A scalar; 0 (with a graph) when there is no pixel.
    """
    a, b = intersection.float().sigmoid(), complement.float().sigmoid()
    pixels = F.binary_cross_entropy_with_logits(refined.float(), a + b - 2 * a * b, reduction="sum")
    return pixels / max(refined.numel(), 1)


class PartHead(nn.Module):
    """One of the two paths of the DRM: a concatenation unit (CU) and a mask head.

    Args:
        pyramid: channels of the RoI features.
        width: channels of the heads.
        num_classes: K.
    """

    def __init__(self, pyramid: int, width: int, num_classes: int) -> None:
        super().__init__()
        # the program makes three of these, gives each the same input and uses only the last
        self.unit = nn.Conv2d(pyramid + width, pyramid, 3, padding=1)
        self.head = ConvHead(pyramid, width, num_classes)

    def features(self, joined: Tensor) -> Tensor:
        """Return (R, width, 14, 14) of RoI and coarse features (R, pyramid + width, 14, 14)."""
        return self.head.features(F.relu(self.unit(joined), inplace=True))


def fusion_unit(inside: int, outside: int) -> nn.Sequential:
    """Return the fusion unit (FU): three consecutive 3x3 convolutions."""
    layers: list[nn.Module] = []
    for channels in (inside, inside, outside):
        layers += [nn.Conv2d(inside, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


class DoNetBranch(nn.Module):
    """The instance head H_i, the part heads H_o and H_m, and H_i again on the fused features.

    Args:
        settings: ``modules`` (``intersection`` or more), widths, weights.
        task: number of classes, and the class that overlaps.

    Raises:
        ValueError: the task declares no category whose objects overlap.
    """

    parts: Mapping[str, PartHead]

    def __init__(self, settings: DoNetSettings, task: Task) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        self.settings = settings
        self.cell = cell_class(task)
        self.instance = ConvHead(pyramid, width, task.num_classes)
        names = ["intersection", "complement"][: 1 if settings.modules == "intersection" else 2]
        heads = {name: PartHead(pyramid, width, task.num_classes) for name in names}
        self.add_module("parts", nn.ModuleDict(heads))
        refines = settings.modules in ("crm", "mrp")
        self.fusion = fusion_unit(pyramid + 2 * width, pyramid) if refines else None

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return the logits of all masks that have a loss.

        Args:
            x: pooled RoI features (R, C, 14, 14).

        Returns:
            ``coarse``, ``intersection`` and, if the settings include them, ``complement`` and
            ``refined``, each (R, K, 28, 28).
        """
        coarse = self.instance.features(x)
        parts = self._part_features(x, coarse)
        logits = {"coarse": self.instance.logits(coarse)}
        logits |= {name: self.parts[name].head.logits(part) for name, part in parts.items()}
        if self.fusion is not None:
            logits["refined"] = self._refined(self.fusion, x, parts)
        return logits

    def output(self, x: Tensor) -> Tensor:
        """Return the output logits (R, K, 28, 28): refined, or coarse without a CRM."""
        coarse = self.instance.features(x)
        if self.fusion is None:
            return self.instance.logits(coarse)
        return self._refined(self.fusion, x, self._part_features(x, coarse))

    def _part_features(self, x: Tensor, coarse: Tensor) -> dict[str, Tensor]:
        joined = torch.cat([x, coarse], dim=1)
        return {name: part.features(joined) for name, part in self.parts.items()}

    def _refined(self, fusion: nn.Module, x: Tensor, parts: dict[str, Tensor]) -> Tensor:
        fused = fusion(torch.cat([x, *parts.values()], dim=1))
        return self.instance.logits(self.instance.features(fused))

    def losses(
        self, features: list[Tensor], positives: Positives, _generator: torch.Generator, /
    ) -> dict[str, Tensor]:
        """Return the losses of :meth:`mask_losses` on pooled features."""
        return self.mask_losses(self(pool(features, positives.boxes, MASK_POOL_SIZE)), positives)

    def mask_losses(self, logits: dict[str, Tensor], positives: Positives) -> dict[str, Tensor]:
        """Return ``loss_<mask>`` of every mask in ``logits``, and ``loss_consistency``.

        Args:
            logits: result of :meth:`forward`.
            positives: the RoIs that the logits belong to.
        """
        labels, parts = positives.labels, part_targets(positives, self.cell)
        pairs = {
            "coarse": (self.settings.mask_weight, parts.whole),
            "intersection": (1.0, parts.intersection),
            "complement": (1.0, parts.complement),
            "refined": (1.0, parts.whole),
        }
        losses = {}
        for name, found in logits.items():
            weight, target = pairs[name]
            losses[f"loss_{name}"] = weight * mask_loss(found, labels, target, None)
        if "refined" in logits and self.settings.consistency != "none":
            weight = self.settings.consistency_weight
            losses["loss_consistency"] = weight * self._consistency(logits, labels)
        return losses

    def _consistency(self, logits: dict[str, Tensor], labels: Tensor) -> Tensor:
        compared = [logits[name] for name in ("refined", "intersection", "complement")]
        if self.settings.consistency == "published":
            return mismatch(*compared)  # over the channels of all classes, as published
        return soft_consistency(*[logits_of_class(x, labels) for x in compared])

    def predict(self, features: list[Tensor], boxes: list[Tensor], labels: Tensor) -> Tensor:
        """Return mask probabilities (D, 28, 28)."""
        return (
            logits_of_class(self.output(pool(features, boxes, MASK_POOL_SIZE)), labels)
            .float()
            .sigmoid()
        )
