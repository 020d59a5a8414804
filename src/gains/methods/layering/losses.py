"""The losses of layering for the objects of one class in one image.

An object is learnt from its own pixels, which no other object of its class covers. ``e`` is the
activation of the layers at a pixel, in (0, 1)^L.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from gains.pixelwise.morphology import dilate

Formulas = Literal["program", "paper"]

EPSILON = 1e-7
"""The epsilon of Keras."""


def adjacent_pairs(masks: Tensor, distance: int) -> Tensor:
    """Return which objects are adjacent, bool (N, N), symmetric, with an empty diagonal.

    Two objects are adjacent if they meet when both are dilated by a disk of radius
    ``distance // 2``, as in the program. It does this once, before the augmentation; here the
    objects are those that the losses see.

    Args:
        masks: bool (N, H, W), whole objects.
        distance: the paper's t, px.
    """
    pixels = dilate(masks, distance // 2).flatten(1).float()
    adjacent = (pixels @ pixels.T) > 0
    return adjacent.fill_diagonal_(False)


@dataclass(frozen=True)
class Layered:
    """The objects of one class in one image, and what the layers say of them.

    Attributes:
        activation: e, float32 (L, P) of the P = H W pixels.
        masks: bool (N, P), whole objects.
        own: float32 (N, P), 1 where a pixel belongs to this object alone.
        means: float32 (N, L), mean over an object's own pixels of e / |e|; 0 for an object without
            such pixels.
    """

    activation: Tensor
    masks: Tensor
    own: Tensor
    means: Tensor

    @classmethod
    def from_logits(cls, logits: Tensor, masks: Tensor) -> Layered:
        """Return the objects of masks, bool (N, H, W), with the logits (L, H, W) of the layers."""
        activation, flat = logits.flatten(1).sigmoid(), masks.flatten(1)
        own = (flat & (flat.sum(dim=0) == 1)).to(activation.dtype)
        return cls(activation, flat, own, _means(own, F.normalize(activation, dim=0)))

    @property
    def layers(self) -> Tensor:
        """Layer of each object, int64 (N,): that of its largest mean, 0 without own pixels."""
        return self.means.detach().argmax(dim=1)

    def separation(
        self, adjacent: Tensor, formulas: Formulas = "program"
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the attracting, the repelling and the sparse term (Eqs. 1 to 3 of the paper).

        Pixels of several objects or none take no part.

        Args:
            adjacent: bool (N, N), from :func:`adjacent_pairs`.
            formulas: ``program``, or ``paper`` where the two differ: the direction of an object is
                that of the mean of e / |e| or of e; the repelling term is the mean over ordered
                pairs, or over objects of the mean over their neighbours; the sparse term is the
                mean over all pixels of 1 - max (e / |e|)^2 of the own ones, or 1 minus the mean
                over own pixels of max e / |e|.
        """
        direction = F.normalize(self.activation, dim=0)
        means = self.means if formulas == "program" else _means(self.own, self.activation)
        directions = F.normalize(means, dim=1)
        alone = self.own.sum(dim=0)
        agreement = (directions.T @ self.own * direction).sum(dim=0)
        present = self.own.any(dim=1)
        pairs = (adjacent & present & present[:, None]).to(alone.dtype)
        strongest = direction.amax(dim=0)
        return (
            _one_minus_mean(agreement**2, alone),
            _repulsion(directions, pairs, formulas),
            ((1 - strongest**2) * alone).mean()
            if formulas == "program"
            else _one_minus_mean(strongest, alone),
        )

    def overlap(self) -> Tensor:
        """Return the Dice loss of overlap completion: layers hold whole objects.

        Each layer should be the union of its objects, overlaps included. Prediction and truth
        are compared on pixels of objects; all layers and pixels count together. The 1 in numerator
        and denominator is the program's.
        """
        chosen = F.one_hot(self.layers, len(self.activation)).to(self.activation.dtype)
        truth = (chosen.T @ self.masks.to(chosen.dtype) > 0).to(chosen.dtype)
        e = self.activation.clamp(EPSILON, 1 - EPSILON) * self.masks.any(dim=0)
        return 1 - (2 * (truth * e).sum() + 1) / (truth.sum() + e.sum() + 1)

    def share_same_layer(self, adjacent: Tensor) -> float:
        """Return the share of adjacent pairs whose objects have the same layer; NaN without pairs.

        Such objects come out as one if they touch.
        """
        same = (self.layers == self.layers[:, None])[adjacent]
        return float(same.float().mean())


def _means(own: Tensor, values: Tensor) -> Tensor:
    """Return means (N, L) of values (L, P) over the own pixels (N, P) of each object."""
    return own @ values.T / own.sum(dim=1, keepdim=True).clamp(min=1)


def _one_minus_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return 1 minus a weighted mean over pixels; 0 (with a graph) if all weights are 0."""
    total = weights.sum()
    covered = (total > 0).to(values.dtype)
    return covered - (values * weights).sum() / total.clamp(min=1)


def _repulsion(directions: Tensor, pairs: Tensor, formulas: Formulas) -> Tensor:
    """Return the mean over adjacent pairs of the squared cosine of their directions.

    Args:
        directions: (N, L), of length 1.
        pairs: (N, N), 1 for adjacent objects.
        formulas: as in :meth:`Layered.separation`; with ``paper``, an object without neighbours
            counts as 0.
    """
    squares = (directions @ directions.T) ** 2 * pairs
    if formulas == "program":
        return squares.sum() / (pairs.sum() + EPSILON)
    per_object = squares.sum(dim=1) / pairs.sum(dim=1).clamp(min=1)
    return per_object.sum() / max(len(pairs), 1)
