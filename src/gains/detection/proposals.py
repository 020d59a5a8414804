"""The region proposal network (RPN) over p2..p6."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from gains.detection import boxes as box_ops
from gains.detection.matching import FOREGROUND, match_boxes, pad_rows, sample_boxes
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target

RPN_STRIDES = (4, 8, 16, 32, 64)
DELTA_WEIGHTS: box_ops.Weights = (1.0, 1.0, 1.0, 1.0)


class ProposalNetwork(nn.Module):
    """A head shared by all levels, its losses, and its proposals."""

    def __init__(self, settings: TwoStageSettings) -> None:
        super().__init__()
        self.settings = settings
        channels, ratios = settings.backbone.fpn_channels, len(settings.aspect_ratios)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.objectness = nn.Conv2d(channels, ratios, 1)
        self.deltas = nn.Conv2d(channels, ratios * 4, 1)
        for layer in (self.conv, self.objectness, self.deltas):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(
        self,
        features: list[Tensor],
        sizes: list[tuple[int, int]],
        targets: list[Target] | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return proposals per image, and in training the losses.

        Args:
            features: (B, C, H_l, W_l), p2..p6.
            sizes: height and width of each image without padding.
            targets: ground truth; None at test time.
            generator: source of the random anchors of the loss; required with targets.

        Returns:
            Proposals float32 (P_i, 4), best first, and ``loss_rpn_cls``, ``loss_rpn_box``.
        """
        logits, deltas, anchors = self._predict(features)
        losses: dict[str, Tensor] = {}
        if targets is not None and generator is not None:
            losses = self._losses(logits, deltas, anchors, targets, generator)
        training = targets is not None
        with torch.no_grad():
            proposals = self._propose(logits, deltas, anchors, sizes, training)
        return proposals, losses

    def _predict(self, features: list[Tensor]) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Return per level logits (B, A_l), deltas (B, A_l, 4) and anchors (A_l, 4)."""
        logits, deltas, anchors = [], [], []
        for x, stride, size in zip(features, RPN_STRIDES, self.settings.anchor_sizes, strict=True):
            shape = (x.shape[2], x.shape[3])
            hidden = F.relu(self.conv(x), inplace=True)
            logits.append(self.objectness(hidden).permute(0, 2, 3, 1).flatten(1))
            raw = self.deltas(hidden).permute(0, 2, 3, 1)
            deltas.append(raw.reshape(len(x), -1, 4))
            anchors.append(box_ops.anchors(shape, stride, size, self.settings.aspect_ratios, x))
        return logits, deltas, anchors

    def _losses(
        self,
        logits: list[Tensor],
        deltas: list[Tensor],
        anchors: list[Tensor],
        targets: list[Target],
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return the losses of the drawn anchors, divided by (anchors per image * images)."""
        every, count = torch.cat(anchors), self.settings.rpn_anchors_per_image
        all_logits, all_deltas = torch.cat(logits, dim=1).float(), torch.cat(deltas, dim=1).float()
        truth = pad_rows([target.boxes for target in targets])
        index, role = match_boxes(truth, every, 0.3, 0.7, keep_best=True)
        drawn = sample_boxes(role, count, 0.5, generator)
        both = torch.cat([drawn.positive, drawn.negative], dim=1)
        counted = torch.cat([drawn.is_positive, drawn.is_negative], dim=1)
        loss_cls = F.binary_cross_entropy_with_logits(
            all_logits.gather(1, both),
            (role.gather(1, both) == FOREGROUND).float(),
            weight=counted.float(),
            reduction="sum",
        )
        references, counted = every[drawn.positive], drawn.is_positive[..., None]
        objects = gather_rows(truth.rows, index.gather(1, drawn.positive))
        # an invalid slot is matched to its own box, so that its delta is 0 and not infinite
        expected = box_ops.encode(
            torch.where(counted, objects, references), references, DELTA_WEIGHTS
        )
        distance = (gather_rows(all_deltas, drawn.positive) - expected).abs()
        loss_box = torch.where(counted, distance, 0).sum()
        scale = 1 / (count * len(targets))
        return {"loss_rpn_cls": loss_cls * scale, "loss_rpn_box": loss_box * scale}

    def _propose(
        self,
        logits: list[Tensor],
        deltas: list[Tensor],
        anchors: list[Tensor],
        sizes: list[tuple[int, int]],
        training: bool,
    ) -> list[Tensor]:
        s = self.settings
        per_level = s.rpn_pre_nms_train if training else s.rpn_pre_nms_test
        boxes, scores, levels = [], [], []
        for number, (logit, delta, anchor) in enumerate(zip(logits, deltas, anchors, strict=True)):
            score, top = logit.float().topk(min(per_level, logit.shape[1]), dim=1)
            boxes.append(box_ops.decode(gather_rows(delta, top), anchor[top], DELTA_WEIGHTS))
            scores.append(score)
            levels.append(torch.full_like(top, number))
        decoded, score, level = (torch.cat(x, dim=1) for x in (boxes, scores, levels))
        candidates = torch.stack(
            [box_ops.clip(own, size) for own, size in zip(decoded, sizes, strict=True)]
        )
        valid = box_ops.nonempty(candidates) & score.isfinite()
        # padding has the lowest score, so it comes last, and no area, so it suppresses no other box
        candidates = torch.where(valid[..., None], candidates, 0)
        score = score.masked_fill(~valid, -torch.inf)
        kept = s.rpn_post_nms_train if training else s.rpn_post_nms_test
        keeps = [
            batched_nms(*image, s.rpn_nms)[:kept]
            for image in zip(candidates, score, level, strict=True)
        ]
        counts = torch.stack([own[keep].sum() for own, keep in zip(valid, keeps, strict=True)])
        return [
            own[keep[:count]]
            for own, keep, count in zip(candidates, keeps, counts.tolist(), strict=True)
        ]


def gather_rows(values: Tensor, index: Tensor) -> Tensor:
    """Return the rows (B, P, C) of values (B, N, C) at indices int64 (B, P) of each image."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[2]))
