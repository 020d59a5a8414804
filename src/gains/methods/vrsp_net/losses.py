"""The losses of VRSP-Net beside those of Mask R-CNN."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gains.detection.mask_head import logits_of_class

BETAS = (0.01, 0.05)
"""Weights of the matching of features before and after the deconvolution."""
TRUTH_WEIGHT = 0.1
"""Weight of the classification of the true visible part beside that of the predicted one."""


def roi_weights(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the IoU of each RoI's predicted masks with its true mask, float32 (R,) in [0, 1].

    As in the published program, the masks of all classes count against the one true mask, also
    those that are not trained for this object; this is how the published numbers came about.

    Args:
        logits: (R, K, 28, 28).
        truth: bool (R, 28, 28).

    Returns:
        The IoUs, without a graph; 0 where all masks are empty.
    """
    masks, truth = logits.detach() > 0, truth[:, None]
    shared, either = ((m).sum(dim=(1, 2, 3)) for m in (masks & truth, masks | truth))
    return shared / either.clamp(min=1)


def weighted_loss(logits: Tensor, labels: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Return the cross entropy of the class's mask, weighted per RoI; 0 when there is no RoI.

    Args:
        logits: (R, K, 28, 28).
        labels: int64 (R,).
        truth: bool (R, 28, 28).
        weights: (R,).
    """
    pixels = F.binary_cross_entropy_with_logits(
        logits_of_class(logits, labels).float(), truth.float(), reduction="none"
    )
    return (pixels.mean(dim=(1, 2)) * weights).sum() / max(len(labels), 1)


def matching_loss(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Return how far the features of a mask head are from those of the pass with true attention.

    Args:
        found: features (R, ...) before and after the deconvolution.
        wanted: those of the pass with true attention; they get no gradient.

    Returns:
        The sum over both of their weight times 1 minus the cosine, mean over RoIs; 0 without any.
    """
    terms = [
        beta * (1 - F.cosine_similarity(a.flatten(1).float(), b.detach().flatten(1).float()))
        for beta, a, b in zip(BETAS, found, wanted, strict=True)
    ]
    return torch.stack(terms).sum() / max(len(found[0]), 1)


def reclass_loss(found: Tensor, wanted: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the loss of the classification of predicted and true visible parts.

    Args:
        found: class logits (R, K) of the predicted visible parts.
        wanted: class logits (R, K) of the true visible parts.
        labels: int64 (R,).
        weights: (R,), IoU of the predicted with the true visible part.

    Returns:
        The weighted cross entropy, mean over the 2 R parts; 0 when there is no RoI.
    """
    weight = torch.cat([weights, torch.full_like(weights, TRUTH_WEIGHT)])
    logits = torch.cat([found, wanted]).float()
    losses = F.cross_entropy(logits, labels.repeat(2), reduction="none")
    return (losses * weight).sum() / max(2 * len(labels), 1)
