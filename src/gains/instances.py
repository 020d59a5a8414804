"""The data structure that all rooms exchange: the instances of one image, with masks as COCO RLE.

Objects overlap, so masks are never a label image. This module imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.masks.rle import Rle


@dataclass(frozen=True)
class Instances:
    """The N instances of one image.

    Attributes:
        height: image height in px.
        width: image width in px.
        masks: N compressed RLEs of size (height, width).
        categories: int64 (N,), category ids of the data set.
        scores: float64 (N,) in [0, 1]; ones for ground truth.
        boxes: float64 (N, 4), x0 y0 x1 y1 in px, pixel borders at integers.
        ids: int64 (N,), annotation ids; 1..N if the source has none.
        extra: further fields by name, each of length N (visible mask, oriented box, ...).

    Raises:
        ValueError: fields of unequal length, or a mask of another size.

    Examples:
        >>> import numpy as np
        >>> from gains.masks.rle import encode_mask
        >>> mask = np.zeros((4, 6), dtype=bool)
        >>> mask[1:3, 2:5] = True
        >>> cells = Instances.from_rles(4, 6, [encode_mask(mask)], categories=[1])
        >>> len(cells), cells.boxes.tolist()
        (1, [[2.0, 1.0, 5.0, 3.0]])
        >>> cells.stack().shape
        (1, 4, 6)
    """

    height: int
    width: int
    masks: list[Rle]
    categories: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float64]
    ids: NDArray[np.int64]
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fields = {
            "categories": self.categories,
            "scores": self.scores,
            "boxes": self.boxes,
            "ids": self.ids,
            **self.extra,
        }
        for name, values in fields.items():
            if len(values) != len(self.masks):
                raise ValueError(
                    f"instances: {len(self.masks)} masks but {len(values)} values of {name!r}"
                )
        for rle in self.masks:
            if tuple(rle["size"]) != (self.height, self.width):
                raise ValueError(
                    f"instances: a mask has size {tuple(rle['size'])}, "
                    f"the image {(self.height, self.width)}"
                )

    def __len__(self) -> int:
        return len(self.masks)

    def stack(self) -> NDArray[np.bool_]:
        """Return the masks as a bool array (N, H, W)."""
        if not self.masks:
            return np.zeros((0, self.height, self.width), dtype=bool)
        return np.ascontiguousarray(np.moveaxis(coco_mask.decode(self.masks), 2, 0)).astype(bool)

    def select(self, keep: NDArray[Any]) -> Instances:
        """Return the instances that ``keep`` (bool mask or int indices) names, in that order."""
        index = np.flatnonzero(keep) if keep.dtype == bool else np.asarray(keep)
        return Instances(
            self.height,
            self.width,
            [self.masks[i] for i in index],
            self.categories[index],
            self.scores[index],
            self.boxes[index],
            self.ids[index],
            {k: [v[i] for i in index] for k, v in self.extra.items()},
        )

    @staticmethod
    def from_rles(
        height: int,
        width: int,
        masks: list[Rle],
        categories: list[int] | NDArray[np.int64],
        scores: list[float] | NDArray[np.float64] | None = None,
        boxes: NDArray[np.float64] | None = None,
        ids: list[int] | NDArray[np.int64] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> Instances:
        """Build instances from RLEs; absent boxes are those of the masks, absent scores 1."""
        n = len(masks)
        if boxes is None:
            boxes = np.zeros((0, 4)) if n == 0 else coco_mask.toBbox(masks).astype(np.float64)
            boxes[:, 2:] += boxes[:, :2]
        return Instances(
            height,
            width,
            masks,
            np.asarray(categories, dtype=np.int64).reshape(n),
            np.ones(n) if scores is None else np.asarray(scores, dtype=np.float64).reshape(n),
            np.asarray(boxes, dtype=np.float64).reshape(n, 4),
            np.arange(1, n + 1) if ids is None else np.asarray(ids, dtype=np.int64).reshape(n),
            extra or {},
        )
