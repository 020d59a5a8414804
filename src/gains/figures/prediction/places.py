"""The places of an image that figures mark: where objects of the ground truth meet."""

from __future__ import annotations

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.figures.papers.choice import true_objects
from gains.masks.meetings import Box, meetings_of, with_margin

MARGIN = 0.02
"""Distance between a box and what it marks, as a share of the longer side of the image."""


def marked_places(coco: CocoDataset, image: ImageRecord) -> list[Box]:
    """Return boxes around the places where objects of one category cross, overlap or touch.

    They are found in the ground truth, without crowd regions. Boxes that overlap are one box.
    """
    margin = max(1, round(MARGIN * max(image.height, image.width)))
    found = [
        meeting.box
        for category in coco.categories
        for meeting in meetings_of(true_objects(coco, image, category).masks)
    ]
    return with_margin(found, margin)
