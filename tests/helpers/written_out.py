"""Passes of heads written out with PyTorch's functions, to compare models with."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from gains.detection.mask_head import ConvHead


def lively(*predictors: nn.Module, std: float = 0.3) -> None:
    """Draw the weights of last layers anew: as they begin, their output hardly differs from 0."""
    for predictor in predictors:
        nn.init.normal_(predictor.get_parameter("weight"), std=std)
        nn.init.normal_(predictor.get_parameter("bias"), std=std)


def conv(layer: nn.Module, x: Tensor, stride: int = 1) -> Tensor:
    """Return a convolution that keeps the size if its stride is 1, without activation function."""
    weight = layer.get_parameter("weight")
    padding = weight.shape[-1] // 2 if stride == 1 else 0
    return F.conv2d(x, weight, layer.get_parameter("bias"), stride, padding)


def linear(layer: nn.Module, x: Tensor) -> Tensor:
    """Return x (..., in) times the weights, plus the bias."""
    return x @ layer.get_parameter("weight").T + layer.get_parameter("bias")


def head_features(head: ConvHead, x: Tensor) -> Tensor:
    """Return a mask head's features before the deconvolution."""
    assert len(head.convs) == 4
    for layer in head.convs:
        x = conv(layer, x).clamp(min=0)
    return x


def head_logits(head: ConvHead, features: Tensor) -> Tensor:
    """Return a mask head's output (R, K, 28, 28) from its features."""
    weight, bias = head.deconv.get_parameter("weight"), head.deconv.get_parameter("bias")
    return conv(head.predictor, F.conv_transpose2d(features, weight, bias, stride=2).clamp(min=0))


def roi_features(finest: Tensor, boxes: list[Tensor]) -> Tensor:
    """Return the features (R, C, 14, 14) of small boxes, which all belong to p2."""
    return roi_align(finest, boxes, 14, spatial_scale=1 / 4, sampling_ratio=-1, aligned=True)


def roi_crops(planes: list[Tensor], boxes: list[Tensor]) -> Tensor:
    """Return crops (R, 28, 28) of boxes from planes (R_i, H, W), one plane for each box."""
    parts = []
    for plane, own in zip(planes, boxes, strict=True):
        for one, box in zip(plane, own, strict=True):
            parts.append(roi_align(one[None, None].float(), [box[None]], 28, 1.0, -1, True)[0, 0])
    return torch.stack(parts)


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Return the binary cross entropy of each pixel."""
    p = logits.double().sigmoid()
    target = target.double()
    return -target * p.log() - (1 - target) * (1 - p).log()
