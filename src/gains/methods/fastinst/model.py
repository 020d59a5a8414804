"""The model of FastInst: backbone, pixel decoder, picked queries, dual-path decoder."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import masks_to_boxes

from gains.methods.fastinst import FastInstSettings
from gains.methods.fastinst.decoder import Decoder, LayerInput, QueryPredictions
from gains.methods.fastinst.losses import Matches, Truth, losses, match_queries
from gains.methods.fastinst.pixel_decoder import PixelDecoder
from gains.methods.fastinst.queries import ActivationQueries, Queries
from gains.models.backbone import Trunk
from gains.models.contract import Detections, Detector, Target, Task

MASK_STRIDE = 8
"""px per cell of pixel features and masks."""


class FastInst(Detector):
    """The query-based detector.

    Args:
        settings: widths, weights, thresholds.
        task: number of classes and of detections per image.
    """

    unlearnt_because = (
        "their images have more objects than the model has queries, and each query learns one "
        "object; choose more queries"
    )

    def __init__(self, settings: FastInstSettings, task: Task) -> None:
        super().__init__()
        channels, self.settings, self.task = settings.backbone.fpn_channels, settings, task
        self.backbone = Trunk(settings.backbone)
        self.pixel_decoder = PixelDecoder(self.backbone.body.channels[1:], channels)
        self.queries = ActivationQueries(
            channels,
            task.num_classes,
            settings.queries,
            settings.auxiliary_queries,
            settings.position_cells,
        )
        self.decoder = Decoder(settings, task.num_classes)

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of class, mask, dice and activation map."""
        queries, predictions, steps = self._decode(images)
        height, width = predictions[-1].masks.shape[-2:]
        truth = Truth.from_targets(targets, (MASK_STRIDE * height, MASK_STRIDE * width))
        matches = match_queries(self.settings, predictions, queries.locations, truth, generator)
        inside = masks_of_queries(matches[-1], truth, predictions[-1].masks)
        guided = self.decoder.guided(queries, steps, inside)
        return losses(
            self.settings,
            predictions + guided,
            matches + [matches[-1]] * len(guided),
            queries,
            truth,
            generator,
        )

    def unlearnt(self, target: Target) -> Tensor:
        """Return which objects remain without a query; which ones it will be is not known."""
        objects = torch.arange(len(target.boxes), device=target.boxes.device)
        return objects >= self.settings.queries

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections of each image, with masks of the whole image."""
        _, predictions, _ = self._decode(images)
        last = predictions[-1]
        sizes = [(image.shape[1], image.shape[2]) for image in images]
        return [
            self._detections(logits, masks, size)
            for logits, masks, size in zip(last.logits, last.masks, sizes, strict=True)
        ]

    def _decode(
        self, images: list[Tensor]
    ) -> tuple[Queries, list[QueryPredictions], list[LayerInput]]:
        fine, middle, _ = self.pixel_decoder(self.backbone(images)[1:])
        queries: Queries = self.queries(middle)
        position = self.queries.position(fine.shape[-2:])
        predictions, steps = self.decoder(queries, fine, position)
        return queries, predictions, steps

    def _detections(self, logits: Tensor, masks: Tensor, size: tuple[int, int]) -> Detections:
        """Return the best pairs of query and class of one image.

        The published program leaves boxes empty; here they are the boxes of the masks.

        Args:
            logits: (Q, K + 1), background last.
            masks: logits (Q, h, w) of the padded image.
            size: height and width without padding.
        """
        probability = logits.softmax(dim=1)[:, :-1].flatten()
        scores, index = probability.topk(min(self.task.max_detections, len(probability)))
        # the final score is at most this score
        index = index[scores > self.settings.score_threshold]
        query, labels = index // self.task.num_classes, index % self.task.num_classes
        # the masks form the batch, since a batch may be empty but channels may not
        padded = F.interpolate(
            masks[query][:, None], scale_factor=MASK_STRIDE, mode="bilinear", align_corners=False
        )
        found = padded[:, 0, : size[0], : size[1]].sigmoid()
        scores = probability[index] * mask_scores(found)
        order = scores.argsort(descending=True)
        order = order[scores[order] > self.settings.score_threshold]
        boxes = masks_to_boxes(found[order] > 0.5) + found.new_tensor([0, 0, 1, 1])
        return Detections(boxes, scores[order], labels[order], found[order], full=True)


def mask_scores(masks: Tensor) -> Tensor:
    """Return the mean probability inside each mask, 0 for an empty mask.

    Args:
        masks: float32 probabilities (D, H, W); pixels above 0.5 are inside.

    Returns:
        float32 (D,).
    """
    inside = masks > 0.5
    area = inside.sum(dim=(1, 2))
    return (masks * inside).sum(dim=(1, 2)) / area.clamp(min=1)


def masks_of_queries(matched: Matches, truth: Truth, like: Tensor) -> Tensor:
    """Return the mask of each query's object; cells that it covers by half belong to it.

    Args:
        matched: queries and objects.
        truth: the objects.
        like: a tensor of the shape (B, Q, h, w) of the result.

    Returns:
        bool (B, Q, h, w); empty for queries without an object.
    """
    cells = F.avg_pool2d(torch.cat(truth.masks)[:, None], MASK_STRIDE)[:, 0] >= 0.5
    inside = torch.zeros_like(like, dtype=torch.bool)
    inside.flatten(0, 1)[matched.query] = cells[matched.object]
    return inside
