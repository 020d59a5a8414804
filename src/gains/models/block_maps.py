"""Gradient anomaly maps of an image's objects, stored as the blocks that are not constant."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RING = 1
"""Width in px of the margin around each block.

RoIAlign treats samples up to one pixel outside a plane as border values, so the block must be
padded by that much.
"""


@dataclass
class BlockMaps:
    """N maps of one image; they usually take a tenth of the memory of whole planes.

    Attributes:
        constants: float32 (N,), the value of each map outside its block.
        blocks: float32 (M, h, w), M at least 1: the map minus its constant, with a margin, padded
            with zeros to a common size.
        corners: float32 (M, 2), x and y of each block's first pixel, px; it may lie outside the
            image.
        index: int64 (N,), the block of each map; -1 for a map that is constant everywhere.
        size: height and width of the image.
    """

    constants: Tensor
    blocks: Tensor
    corners: Tensor
    index: Tensor
    size: tuple[int, int]

    @staticmethod
    def from_parts(
        parts: list[tuple[Tensor, int, int]], constants: list[float], size: tuple[int, int]
    ) -> BlockMaps:
        """Return the maps of one image, packed into blocks.

        Args:
            parts: for each map the part that differs from its constant: float32 (h, w), the values
                minus the constant, with the top row and left column in the image. The shape is
                (0, 0) if the map is constant. All parts are on one device, and so is the result.
            constants: the constant of each map.
            size: height and width of the image.
        """
        device = parts[0][0].device if parts else None
        nonempty = torch.tensor([part.numel() > 0 for part, _, _ in parts], dtype=torch.bool)
        given = [part for part in parts if part[0].numel()]
        height = 2 * RING + max((part.shape[0] for part, _, _ in given), default=0)
        width = 2 * RING + max((part.shape[1] for part, _, _ in given), default=0)
        blocks = torch.zeros((max(1, len(given)), height, width), device=device)
        corners = torch.zeros((len(blocks), 2))
        for block, corner, (part, top, left) in zip(blocks, corners, given, strict=False):
            block[RING : RING + part.shape[0], RING : RING + part.shape[1]] = part
            _continue(block, part, top, left, size)
            corner[0], corner[1] = left - RING, top - RING
        index = torch.where(nonempty, nonempty.cumsum(0) - 1, -1)
        return BlockMaps(torch.tensor(constants), blocks, corners, index, size).to(blocks.device)

    def planes(self) -> Tensor:
        """Return whole maps, float32 (N, height, width)."""
        height, width = self.size
        planes = self.constants[:, None, None].repeat(1, height, width)
        for plane, number in zip(planes, self.index.tolist(), strict=True):
            if number < 0:
                continue
            left, top = self.corners[number].long().tolist()
            rows, columns = slice(max(0, top), height), slice(max(0, left), width)
            part = self.blocks[number, rows.start - top :, columns.start - left :]
            part = part[: height - rows.start, : width - columns.start]
            plane[rows, columns][: part.shape[0], : part.shape[1]] += part
        return planes

    def select(self, keep: Tensor) -> BlockMaps:
        """Return the maps that ``keep``, bool (N,), selects; all blocks stay in memory."""
        return BlockMaps(
            self.constants[keep], self.blocks, self.corners, self.index[keep], self.size
        )

    def to(self, device: torch.device) -> BlockMaps:
        """Return the maps on a device; tensors already on it are shared, not copied."""
        constants, blocks, corners, index = (
            tensor.to(device, non_blocking=True)
            for tensor in (self.constants, self.blocks, self.corners, self.index)
        )
        return BlockMaps(constants, blocks, corners, index, self.size)

    def flip(self, axes: list[int]) -> BlockMaps:
        """Return the maps flipped along axes of (N, height, width)."""
        corners = self.corners.clone()
        for axis in axes:
            corners[:, 2 - axis] = (
                self.size[axis - 1] - self.blocks.shape[axis] - corners[:, 2 - axis]
            )
        return BlockMaps(self.constants, self.blocks.flip(axes), corners, self.index, self.size)


def _continue(block: Tensor, part: Tensor, top: int, left: int, size: tuple[int, int]) -> None:
    """Repeat the block's border in the margin where it is the image's border, as in RoIAlign."""
    height, width = part.shape
    rows, columns = slice(0, height + 2 * RING), slice(0, width + 2 * RING)
    if top == 0:
        block[0, columns] = block[RING, columns]
    if top + height == size[0]:
        block[height + RING, columns] = block[height, columns]
    if left == 0:
        block[rows, 0] = block[rows, RING]
    if left + width == size[1]:
        block[rows, width + RING] = block[rows, width]
