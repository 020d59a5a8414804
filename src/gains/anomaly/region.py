"""Rectangles of pixels or of window origins in an image."""

from __future__ import annotations

from typing import NamedTuple


class Region(NamedTuple):
    """Rows ``y0 <= y < y1`` and columns ``x0 <= x < x1``, px."""

    y0: int
    x0: int
    y1: int
    x1: int

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and columns."""
        return self.y1 - self.y0, self.x1 - self.x0

    @property
    def empty(self) -> bool:
        """Whether the region holds no pixel."""
        return 0 in self.shape

    def meet(self, other: Region) -> Region:
        """Return the intersection with another region, which may be empty."""
        y0, x0 = max(self.y0, other.y0), max(self.x0, other.x0)
        y1, x1 = min(self.y1, other.y1), min(self.x1, other.x1)
        return Region(y0, x0, max(y0, y1), max(x0, x1))

    def within(self, outer: Region) -> tuple[slice, slice]:
        """Return the slices that cut this region out of an array that covers ``outer``."""
        return (
            slice(self.y0 - outer.y0, self.y1 - outer.y0),
            slice(self.x0 - outer.x0, self.x1 - outer.x0),
        )
