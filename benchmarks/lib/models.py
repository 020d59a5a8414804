"""Our models and torchvision's Mask R-CNN with the same settings."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign

from gains.detection.proposals import ProposalNetwork
from gains.methods import METHODS
from gains.models.contract import Detector, Target, Task

AnyModule = TypeVar("AnyModule", bound=nn.Module)

BACKBONE = {"name": "resnet50", "norm": "frozen_bn", "freeze_at": 2}


def build_ours(method: str, detections: int = 100) -> Detector:
    """Return the detector of a method with its default settings, ResNet-50 and one class."""
    torch.manual_seed(0)
    record = METHODS.get(method)
    settings: Any = record.settings.model_validate({"backbone": BACKBONE})
    return halve_norms(record.build(settings, Task(1, detections, cell=0)))


def build_torchvision(
    size: int, detections: int = 100, classes: int = 1, frozen: bool = True
) -> MaskRCNN:
    """Return ``maskrcnn_resnet50_fpn`` with adaptive RoIAlign and the sampling of detectron2.

    Its RoIAlign has no half-pixel shift, but reads the same number of samples.

    Args:
        size: short side, and maximum of the long side, in px.
        detections: maximum number of detections per image.
        classes: number of classes without background.
        frozen: whether batch norms and the first stages are not trained.
    """
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50",
        weights=None,
        norm_layer=FrozenBatchNorm2d if frozen else nn.BatchNorm2d,
        trainable_layers=3 if frozen else 5,
    )
    names = ["0", "1", "2", "3"]
    model = MaskRCNN(
        backbone,
        classes + 1,
        min_size=size,
        max_size=size,
        rpn_pre_nms_top_n_train=2000,
        rpn_pre_nms_top_n_test=1000,
        rpn_post_nms_top_n_train=1000,
        rpn_post_nms_top_n_test=1000,
        rpn_batch_size_per_image=256,
        box_batch_size_per_image=512,
        box_detections_per_img=detections,
        box_roi_pool=MultiScaleRoIAlign(names, output_size=7, sampling_ratio=0),
        mask_roi_pool=MultiScaleRoIAlign(names, output_size=14, sampling_ratio=0),
    )
    return halve_norms(model)


def halve_norms(model: AnyModule) -> AnyModule:
    """Let frozen norms halve their input.

    Without this, the features of random weights would grow with every block.
    """
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm2d):
            module.weight.fill_(0.5)
    return model


def fix_proposals(model: nn.Module, proposals: Tensor, images: int) -> None:
    """Let a model compute its proposals, but continue with these proposals in each image."""
    fixed = [proposals] * images
    for module in model.modules():
        if isinstance(module, ProposalNetwork) or module is getattr(model, "rpn", None):
            module.register_forward_hook(lambda *all: (fixed, all[2][1]))


def their_targets(targets: list[Target]) -> list[dict[str, Tensor]]:
    """Return targets in the format of torchvision's models, where class 0 is the background."""
    return [{"boxes": t.boxes, "labels": t.labels + 1, "masks": t.masks} for t in targets]
