"""A ResNet with feature pyramid, built from torchvision's blocks, with torchvision's names."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool

from gains.models.settings import BackboneSettings

BLOCKS: dict[str, tuple[type[BasicBlock | Bottleneck], tuple[int, int, int, int]]] = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
}
NORMALISATION = {
    # mean and standard deviation: ImageNet for RGB in 0..255, detectron2's Caffe weights for BGR
    "rgb": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "bgr": ((103.53, 116.28, 123.675), (1.0, 1.0, 1.0)),
}
DIVISIBLE_BY = 32


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a group norm of 32 groups; narrow layers get fewer, of at least 8 channels each."""
    return nn.GroupNorm(math.gcd(channels, min(32, max(1, channels // 8))), channels)


NORMS = {"frozen_bn": FrozenBatchNorm2d, "bn": nn.BatchNorm2d, "gn": group_norm}


class ResNet(nn.Module):
    """The stages res2..res5; parameters are named as in torchvision (conv1, bn1, layer1..4).

    Args:
        settings: depth, norm, width, position of the stride.
    """

    def __init__(self, settings: BackboneSettings) -> None:
        super().__init__()
        block, depths = BLOCKS[settings.name]
        norm = NORMS[settings.norm]
        self.conv1 = nn.Conv2d(3, settings.width, 7, stride=2, padding=3, bias=False)
        self.bn1 = norm(settings.width)
        self.channels = []
        inside = settings.width
        for number, depth in enumerate(depths):
            planes = settings.width * 2**number
            outside = planes * block.expansion
            stage = nn.Sequential()
            for index in range(depth):
                stride = 2 if number and not index else 1
                shortcut = None
                if stride != 1 or inside != outside:
                    shortcut = nn.Sequential(
                        nn.Conv2d(inside, outside, 1, stride=stride, bias=False), norm(outside)
                    )
                unit = block(inside, planes, stride, shortcut, norm_layer=norm)
                if settings.stride_in_1x1 and block is Bottleneck:
                    unit.conv1.stride, unit.conv2.stride = unit.conv2.stride, unit.conv1.stride
                stage.append(unit)
                inside = outside
            self.add_module(f"layer{number + 1}", stage)
            self.channels.append(outside)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        frozen = [[self.conv1, self.bn1], *[[stage] for stage in self.stages]]
        self._frozen = [module for part in frozen[: settings.freeze_at] for module in part]
        for module in self._frozen:
            module.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Switch between training and test mode; frozen stages always stay in test mode."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    @property
    def stages(self) -> list[nn.Module]:
        """Return res2..res5."""
        return [self.get_submodule(f"layer{n}") for n in range(1, 5)]

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return res2..res5 of images (B, 3, H, W)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, stride=2, padding=1)
        out = []
        for stage in self.stages:
            x = stage(x)
            out.append(x)
        return out


class Trunk(nn.Module):
    """A ResNet that normalises its input.

    Args:
        settings: the ResNet, and the normalisation that its weights expect.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, settings: BackboneSettings) -> None:
        super().__init__()
        self.settings = settings
        self.body = ResNet(settings)
        mean, std = NORMALISATION[settings.channel_order]
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1), persistent=False)

    def forward(self, images: list[Tensor]) -> list[Tensor]:
        """Return res2..res5 of a batch.

        Args:
            images: (3, H_i, W_i) RGB in 0..255, any dtype; smaller images are padded with zeros at
                the bottom and the right, after normalisation.
        """
        stages: list[Tensor] = self.body(self.batch(images))
        return stages

    def batch(self, images: list[Tensor]) -> Tensor:
        """Normalise and pad images to one float32 (B, 3, H, W) with sides divisible by 32."""
        height = max(image.shape[1] for image in images)
        width = max(image.shape[2] for image in images)
        height, width = (-(-n // DIVISIBLE_BY) * DIVISIBLE_BY for n in (height, width))
        out = self.mean.new_zeros((len(images), 3, height, width))
        for canvas, image in zip(out, images, strict=True):
            pixels = image.to(self.mean)
            if self.settings.channel_order == "bgr":
                pixels = pixels.flip(0)
            canvas[:, : image.shape[1], : image.shape[2]] = (pixels - self.mean) / self.std
        return out


class Backbone(Trunk):
    """A trunk with a feature pyramid.

    Args:
        settings: settings of trunk and pyramid.
        stages: number of stages that feed the pyramid, counted from res5 backwards.
        extra: module that makes the levels after p5. The default makes p6 by subsampling, as in
            detectron2's Mask R-CNN.
    """

    def __init__(
        self, settings: BackboneSettings, stages: int = 4, extra: ExtraFPNBlock | None = None
    ) -> None:
        super().__init__(settings)
        self.stages = stages
        self.fpn = FeaturePyramidNetwork(
            self.body.channels[-stages:],
            settings.fpn_channels,
            extra_blocks=extra or LastLevelMaxPool(),
        )

    def forward(self, images: list[Tensor]) -> list[Tensor]:
        """Return the levels of the pyramid, finest first; see :meth:`Trunk.forward`."""
        used = super().forward(images)[-self.stages :]
        named = OrderedDict((str(i), x) for i, x in enumerate(used))
        return list(self.fpn(named).values())
