"""What a trained DoNet computes on the way to its detections, for figures.

This is no module of the method, because all of these count as the code of its trainings.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gains.detection.box_head import BoxDetections
from gains.detection.mask_head import MASK_POOL_SIZE, logits_of_class
from gains.detection.pooling import ROI_STRIDES, pool
from gains.detection.two_stage import TwoStageDetector, sizes_of
from gains.methods.donet.model import DoNetBranch
from gains.methods.donet.mrp import MaskGuidedDetector, cell_attention
from gains.models.contract import Detections, Detector

PARTS = ("intersection", "complement", "refined")
"""The masks of an object that :func:`regions` returns."""


@dataclass(frozen=True)
class ObjectRegions:
    """The three masks of each detection of an image; with MRP, only of the cells.

    Attributes:
        boxes: float32 (D, 4), x0 y0 x1 y1 in px of the image that the model saw.
        scores: float32 (D,) in [0, 1].
        labels: int64 (D,), class index.
        masks: float32 probabilities (D, 28, 28) inside the boxes, for each of :data:`PARTS`. The
            refined mask is that of the detection.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    masks: dict[str, Tensor]


@dataclass(frozen=True)
class CellAttention:
    """The attention of MRP on an image.

    Attributes:
        cells: detections of the first search, from which the map is made.
        weights: float32 (h, w) in [0.5, 1], the map by which the finest level of the pyramid is
            multiplied for the second search; it covers the padded batch.
        stride: side of a pixel of the map in px of the image that the model saw.
    """

    cells: Detections
    weights: Tensor
    stride: int


@torch.no_grad()
def regions(model: Detector, images: list[Tensor]) -> list[ObjectRegions]:
    """Return the intersection, complement and refined mask of each detection of images.

    Args:
        model: a DoNet with ``modules: crm`` or ``mrp``, in test mode.
        images: (3, H_i, W_i) RGB in 0..255.

    Raises:
        ValueError: the model has no such masks.
    """
    branch = _branch(model)
    features, found = _found(model, images)
    logits: dict[str, Tensor] = branch(pool(features, [f.boxes for f in found], MASK_POOL_SIZE))
    labels, counts = torch.cat([f.labels for f in found]), [len(f.boxes) for f in found]
    masks = {
        name: torch.split(logits_of_class(logits[name], labels).float().sigmoid(), counts)
        for name in PARTS
    }
    return [
        ObjectRegions(f.boxes, f.scores, f.labels, {name: masks[name][k] for name in PARTS})
        for k, f in enumerate(found)
    ]


def _branch(model: Detector) -> DoNetBranch:
    found = model.cells if isinstance(model, MaskGuidedDetector) else model
    branch = getattr(found, "branch", None)
    if not isinstance(branch, DoNetBranch) or branch.fusion is None:
        raise ValueError(
            "the model has no intersection, complement and refined masks; expected a DoNet with "
            "`modules: crm` or `modules: mrp`"
        )
    return branch


def _found(model: Detector, images: list[Tensor]) -> tuple[list[Tensor], list[BoxDetections]]:
    """Return the features of images, and the detections without masks."""
    sizes = sizes_of(images)
    if isinstance(model, MaskGuidedDetector):
        features = model.backbone(images)
        return features, model.cells.detect(features, sizes)[0]
    assert isinstance(model, TwoStageDetector)
    features = model.backbone(images)
    proposals, _ = model.proposals(features, sizes)
    return features, model.boxes.detect(features, proposals, sizes)


@torch.no_grad()
def attention(model: Detector, images: list[Tensor]) -> list[CellAttention]:
    """Return the attention of MRP on images, with the cells that it is made from.

    Args:
        model: a DoNet with ``modules: mrp``, in test mode.
        images: (3, H_i, W_i) RGB in 0..255.

    Raises:
        ValueError: the model has no MRP.
    """
    if not isinstance(model, MaskGuidedDetector):
        raise ValueError(
            "the model has no mask-guided region proposal; expected a DoNet with `modules: mrp`"
        )
    features = model.backbone(images)
    cells, logits = model.cells.detect(features, sizes_of(images))
    height, width = features[0].shape[2:]
    stride = ROI_STRIDES[0]
    return [
        CellAttention(
            Detections(f.boxes, f.scores, f.labels, own.sigmoid()),
            cell_attention(own, f.boxes, (stride * height, stride * width), (height, width)),
            stride,
        )
        for f, own in zip(cells, logits, strict=True)
    ]
