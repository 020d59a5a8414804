"""The model of CondInst: FCOS, mask features of the image, and a controller (paper section 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from gains.detection.fcos.head import (
    FCOSHead,
    LocationPredictions,
    by_location,
    fcos_losses,
    select_locations,
)
from gains.detection.fcos.locations import (
    FCOS_STRIDES,
    assign_batch,
    assign_locations,
    locations_in,
)
from gains.methods.condinst import CondInstSettings
from gains.methods.condinst.dynamic import (
    CHANNELS,
    PARAMETERS,
    aligned_bilinear,
    dynamic_heads,
    relative_coordinates,
)
from gains.models.backbone import NORMS, Backbone
from gains.models.contract import Detections, Detector, Target, Task

MASK_STRIDE = 4
"""px per cell of the mask logits; half the stride of the mask features."""


class MaskFeatureBranch(nn.Module):
    """The branch that makes mask features of the whole image from p3, p4 and p5.

    Args:
        settings: widths and norm.
    """

    def __init__(self, settings: CondInstSettings) -> None:
        super().__init__()
        pyramid, width = settings.backbone.fpn_channels, settings.mask_channels
        self.refine = nn.ModuleList(_layer(pyramid, width, settings.mask_norm) for _ in range(3))
        self.tower = nn.Sequential(*(_layer(width, width, settings.mask_norm) for _ in range(4)))
        self.out = nn.Conv2d(width, CHANNELS, 1)

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return (B, 8, H, W) at the stride of p3."""
        refined = [refine(x) for refine, x in zip(self.refine, features[:3], strict=True)]
        x = refined[0] + sum(aligned_bilinear(refined[i], 2**i) for i in (1, 2))
        return self.out(self.tower(x))  # type: ignore[no-any-return]


def _layer(inside: int, outside: int, norm: str) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
    nn.init.kaiming_uniform_(conv.weight, a=1)
    return nn.Sequential(conv, NORMS[norm](outside), nn.ReLU())


class CondInst(Detector):
    """FCOS in which every location also predicts the parameters of a mask head.

    Args:
        settings: sizes of interest, widths, thresholds.
        task: number of classes and of detections per image.
    """

    unlearnt_because = (
        "no location of CondInst is left for their boxes (they are too thin, or smaller objects "
        "cover their centres), or no pixel for their masks at a quarter of the size; choose larger "
        "train_sizes and max_size, or another method"
    )
    scales: Tensor

    def __init__(self, settings: CondInstSettings, task: Task) -> None:
        super().__init__()
        self.settings = settings
        self.task = task
        channels = settings.backbone.fpn_channels
        self.backbone = Backbone(
            settings.backbone, stages=3, extra=LastLevelP6P7(channels, channels)
        )
        self.head = FCOSHead(channels, settings.tower_convs, task.num_classes)
        self.masks = MaskFeatureBranch(settings)
        self.controller = nn.Conv2d(channels, PARAMETERS, 3, padding=1)
        nn.init.normal_(self.controller.weight, std=0.01)
        nn.init.zeros_(self.controller.get_parameter("bias"))
        sizes = settings.sizes_of_interest
        scales = torch.tensor([*sizes, 2 * sizes[-1]], dtype=torch.float32)
        self.register_buffer("scales", scales, persistent=False)

    def losses(
        self, images: list[Tensor], targets: list[Target], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of FCOS, and ``loss_mask`` (Dice) of randomly drawn locations."""
        features = self.backbone(images)
        found = self.head(features)
        positives = assign_batch(found.locations, targets, self.settings.sizes_of_interest)
        drawn = positives.draw(self.settings.mask_positives, generator)
        logits = self.mask_logits(self.masks(features), found, drawn.image, drawn.place)
        truth = full_mask_targets(targets, (logits.shape[1], logits.shape[2]))[drawn.matched]
        return {
            **fcos_losses(found, positives, targets),
            "loss_mask": squared_dice_loss(logits, truth),
        }

    def unlearnt(self, target: Target) -> Tensor:
        """Return which objects have no positive location, or no pixel in the mask loss."""
        height, width = target.masks.shape[1:]
        locations = locations_in(height, width, target.boxes.device)
        matched = assign_locations(locations, target, self.settings.sizes_of_interest)
        objects = torch.arange(len(target.boxes), device=matched.device)
        return ~torch.isin(objects, matched) | (_every_fourth(target.masks).sum(dim=(1, 2)) == 0)

    @torch.no_grad()
    def detect(self, images: list[Tensor]) -> list[Detections]:
        """Return the detections of each image, with masks of the whole image."""
        features = self.backbone(images)
        found, mask_features = self.head(features), self.masks(features)
        detections = []
        for number, image in enumerate(images):
            size = (image.shape[1], image.shape[2])
            kept = select_locations(found, number, size, self.settings, self.task.max_detections)
            rows = torch.full_like(kept.places, number)
            logits = self.mask_logits(mask_features, found, rows, kept.places)
            masks = aligned_bilinear(logits.sigmoid()[:, None], MASK_STRIDE)[:, 0]
            masks = masks[:, : size[0], : size[1]]
            detections.append(Detections(kept.boxes, kept.scores, kept.labels, masks, full=True))
        return detections

    def mask_logits(
        self, features: Tensor, found: LocationPredictions, image: Tensor, place: Tensor
    ) -> Tensor:
        """Return the mask logits that locations predict, float32 (N, H / 4, W / 4) of the image.

        Args:
            features: mask features (B, 8, H / 8, W / 8).
            found: predictions of the head.
            image: int64 (N,), index of the image.
            place: int64 (N,), index of the location.
        """
        parameters = by_location([self.controller(x) for x in found.hidden])[image, place]
        locations, shape = found.locations, (features.shape[2], features.shape[3])
        # far from the instance, bfloat16 would round different coordinates to one value
        with torch.autocast(features.device.type, enabled=False):
            coordinates = relative_coordinates(
                locations.points[place],
                self.scales[locations.levels[place]],
                shape,
                FCOS_STRIDES[0],
            )
            x = torch.cat([features.float()[image], coordinates], dim=1)
            logits = dynamic_heads(x, parameters.float())
            return aligned_bilinear(logits[:, None], FCOS_STRIDES[0] // MASK_STRIDE)[:, 0]


def full_mask_targets(targets: list[Target], shape: tuple[int, int]) -> Tensor:
    """Return every 4th pixel of the masks of a batch, starting at 2: uint8 (N, H / 4, W / 4).

    At test time :func:`aligned_bilinear` puts the cells of the logits at the same pixels.

    Args:
        targets: ground truth of images that may differ in size.
        shape: height and width of the mask logits; smaller masks are padded with zeros.
    """
    fine = [_every_fourth(t.masks) for t in targets]
    return torch.cat([F.pad(m, (0, shape[1] - m.shape[2], 0, shape[0] - m.shape[1])) for m in fine])


def _every_fourth(masks: Tensor) -> Tensor:
    return masks[:, MASK_STRIDE // 2 :: MASK_STRIDE, MASK_STRIDE // 2 :: MASK_STRIDE]


def squared_dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the Dice loss 1 - 2 |x y| / (|x|^2 + |y|^2), the mean over instances (Eq. 2).

    Args:
        logits: (N, H, W).
        truth: (N, H, W), 0 or 1.

    Returns:
        A scalar; 0 (with a graph) when there is no instance.
    """
    x, y = logits.sigmoid().flatten(1), truth.to(logits.dtype).flatten(1)
    squares = (x * x).sum(dim=1) + (y * y).sum(dim=1) + 1e-5
    return (1 - 2 * (x * y).sum(dim=1) / squares).sum() / max(len(x), 1)
