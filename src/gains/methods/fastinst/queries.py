"""The queries: picked by instance activations of the image (paper section 3.3), or learned."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAST = 1e-6
"""Smallest probability of a local maximum."""


@dataclass
class Queries:
    """The initial queries: Q queries picked from the image, then A auxiliary queries.

    Attributes:
        features: (B, Q + A, C).
        positions: positional embeddings, (B, Q + A, C).
        locations: float32 (B, Q, 2), x y in [0, 1] of the padded image.
        logits: (B, K + 1, h, w) of the activation head, background last.
    """

    features: Tensor
    positions: Tensor
    locations: Tensor
    logits: Tensor


def pick_locations(logits: Tensor, count: int) -> Tensor:
    """Pick the locations of highest foreground probability, local maxima before all others.

    The class of a location is the most probable one, background excluded. A location is a local
    maximum if none of its eight neighbours of the same class has a higher probability.

    Args:
        logits: (B, K + 1, h, w), background last.
        count: number of locations to pick.

    Returns:
        int64 (B, min(count, h * w)), indices into the flattened map, best first.
    """
    best, label = logits.float().softmax(dim=1)[:, :-1].max(dim=1, keepdim=True)
    planes = torch.zeros_like(logits[:, :-1], dtype=best.dtype).scatter(1, label, best)
    highest = F.max_pool2d(planes, 3, stride=1, padding=1).gather(1, label)
    score = best + ((best >= highest) & (best >= LEAST))
    return score.flatten(1).topk(min(count, score[0].numel()), dim=1).indices


class PositionMap(nn.Module):
    """Learned positional embeddings of a grid, resized to any map.

    Args:
        side: number of cells of the grid per axis.
        channels: C.
    """

    def __init__(self, side: int, channels: int) -> None:
        super().__init__()
        self.side = side
        # the program does not initialise these weights
        self.cells = nn.Embedding(side * side, channels)

    def forward(self, size: torch.Size) -> Tensor:
        """Return (1, h * w, C) for a map of size (h, w)."""
        grid = self.cells.weight.T.reshape(1, -1, self.side, self.side)
        resized = F.interpolate(grid, size, mode="bilinear", align_corners=False)
        return resized.flatten(2).transpose(1, 2)


class ActivationQueries(nn.Module):
    """Instance activation-guided queries, and auxiliary queries.

    Args:
        channels: C.
        num_classes: K.
        count: number of queries picked from an image.
        auxiliary: number of learned queries.
        cells: number of learned positions per axis; in the program the square root of ``count``.
    """

    def __init__(
        self, channels: int, num_classes: int, count: int, auxiliary: int, cells: int
    ) -> None:
        super().__init__()
        self.count = count
        self.head = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, num_classes + 1, 1),
        )
        self.position = PositionMap(cells, channels)
        self.auxiliary = nn.Embedding(auxiliary, channels)
        self.auxiliary_position = nn.Embedding(auxiliary, channels)

    def forward(self, x: Tensor) -> Queries:
        """Return the queries of a map (B, C, h, w)."""
        logits = self.head(x)
        index = pick_locations(logits.detach(), self.count)
        pixels = x.flatten(2).transpose(1, 2)
        position = self.position(x.shape[-2:]).expand_as(pixels)
        picked = index[:, :, None].expand(-1, -1, pixels.shape[2])
        learned = [e.weight.expand(len(x), -1, -1) for e in self._auxiliaries()]
        height, width = x.shape[-2:]
        # centres of cells; the program stretches them so that the outer ones lie on the border
        centre = torch.stack([index % width, index // width], dim=2) + 0.5
        return Queries(
            torch.cat([pixels.gather(1, picked), learned[0]], dim=1),
            torch.cat([position.gather(1, picked), learned[1]], dim=1),
            centre / centre.new_tensor([width, height]),
            logits,
        )

    def _auxiliaries(self) -> tuple[nn.Embedding, nn.Embedding]:
        return self.auxiliary, self.auxiliary_position
