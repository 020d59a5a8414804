"""All pairs of a detection and a ground truth of one image and category.

Intersections are counted once; every metric reads its overlaps and matchings from here.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gains.masks.rle import Rle
from gains.metrics.matching import Match, greedy_by_overlap, greedy_by_score, greedy_by_truth

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""The IoU thresholds of COCO's AP."""

AJI_IOU = 0.5
"""A pair counts for AJI when its IoU reaches this."""

F1_IOU = 0.5
"""A pair counts for F1 when its IoU is above this."""

DICE_ABOVE = 0.7
"""A pair counts for Dice, TPp and FNo when its Dice is above this."""


@dataclass(frozen=True)
class Pairs:
    """All pairs of D detections and G ground truths; every area is in px.

    Attributes:
        image_id: id of the image.
        intersection: int64 (D, G), number of shared pixels.
        scores: float64 (D,), in descending order.
        box_scores: float64 (D,), scores that thresholds act on.
        detection_areas: int64 (D,), areas of the detections.
        areas: int64 (G,), areas of the ground truths' masks.
        recorded_areas: float64 (G,), areas that the ground-truth file records.
        ids: int64 (G,), annotation ids.
        crowd: bool (G,), regions that are ignored.
        detection_masks: the D masks of the detections; without them nothing is known of contact.
        masks: the G masks of the ground truths.
    """

    image_id: int
    intersection: NDArray[np.int64]
    scores: NDArray[np.float64]
    box_scores: NDArray[np.float64]
    detection_areas: NDArray[np.int64]
    areas: NDArray[np.int64]
    recorded_areas: NDArray[np.float64]
    ids: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    detection_masks: Sequence[Rle] = ()
    masks: Sequence[Rle] = ()

    @property
    def num_detections(self) -> int:
        """Number of detections, D."""
        return len(self.detection_areas)

    @property
    def num_truths(self) -> int:
        """Number of ground truths, G."""
        return len(self.areas)

    @property
    def one_sided(self) -> bool:
        """Whether there are only detections, only ground truths, or neither of them."""
        return self.num_detections == 0 or self.num_truths == 0

    @functools.cached_property
    def _area_sums(self) -> NDArray[np.int64]:
        return self.detection_areas[:, None] + self.areas[None, :]

    @functools.cached_property
    def union(self) -> NDArray[np.int64]:
        """Number of pixels in the union of each pair, int64 (D, G)."""
        return self._area_sums - self.intersection

    @functools.cached_property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union, float64 (D, G) in [0, 1]; 0 for two empty masks."""
        return self.intersection / np.maximum(self.union, 1)

    @functools.cached_property
    def dice(self) -> NDArray[np.float64]:
        """2 I / (areas of both), float64 (D, G) in [0, 1]; 0 for two empty masks."""
        return 2 * self.intersection / np.maximum(self._area_sums, 1)

    @functools.cached_property
    def score_matches(self) -> NDArray[np.int64]:
        """The ground truth of each detection in COCO's matching, int64 (10, D); -1 for none.

        There is a row for each of :data:`IOU_THRESHOLDS`. The overlap with a crowd region is the
        intersection over the area of the detection.
        """
        overlap = self.iou
        if self.crowd.any():
            inside = self.intersection / np.maximum(self.detection_areas, 1)[:, None]
            overlap = np.where(self.crowd, inside, overlap)
        return greedy_by_score(overlap, self.crowd, IOU_THRESHOLDS)

    @functools.cached_property
    def truth_matches(self) -> list[Match]:
        """Pairs of each ground truth, in file order, and the best free detection of IoU >= 0.5."""
        return greedy_by_truth(self.iou, AJI_IOU)

    @functools.cached_property
    def iou_matches(self) -> list[Match]:
        """One-to-one pairs with IoU > 0.5, the best first."""
        return greedy_by_overlap(self.iou, F1_IOU)

    @functools.cached_property
    def largest_intersections(self) -> NDArray[np.int64]:
        """The detection that shares most pixels with each ground truth, int64 (G,); -1 for none.

        Several ground truths may have the same one. Of equal detections the one with the later row
        is taken.
        """
        if self.one_sided:
            return np.full(self.num_truths, -1, dtype=np.int64)
        rows = self.num_detections - 1 - self.intersection[::-1].argmax(axis=0)
        return np.where(self.intersection.any(axis=0), rows, -1)

    @functools.cached_property
    def dice_matches(self) -> list[Match]:
        """One-to-one pairs with Dice > 0.7, the best first."""
        return greedy_by_overlap(self.dice, DICE_ABOVE)

    def select(self, detections: NDArray[np.bool_], truths: NDArray[np.bool_]) -> Pairs:
        """Return the pairs of the chosen detections (D,) and ground truths (G,)."""
        if detections.all() and truths.all():
            return self
        return Pairs(
            self.image_id,
            self.intersection[np.ix_(detections, truths)],
            self.scores[detections],
            self.box_scores[detections],
            self.detection_areas[detections],
            self.areas[truths],
            self.recorded_areas[truths],
            self.ids[truths],
            self.crowd[truths],
            list(itertools.compress(self.detection_masks, detections)),
            list(itertools.compress(self.masks, truths)),
        )
