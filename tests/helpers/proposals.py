"""A proposal network, features of images, and objects in each."""

from __future__ import annotations

import torch
from torch import Tensor

from gains.detection.proposals import ProposalNetwork
from gains.detection.settings import TwoStageSettings
from gains.models.contract import Target

SIDE, CHANNELS = 64, 8
SETTINGS = TwoStageSettings(
    anchor_sizes=(8, 16, 32, 48, 64),
    rpn_anchors_per_image=10**6,
    rpn_pre_nms_train=20,
    rpn_post_nms_train=15,
    rois_per_image=12,
    backbone={"weights": "none", "norm": "gn", "freeze_at": 0, "fpn_channels": CHANNELS},
)


def proposal_scene(images: int) -> tuple[ProposalNetwork, list[Tensor], list[Target]]:
    """Return a proposal network, features of images, and 0 to 3 objects in each."""
    torch.manual_seed(0)
    network = ProposalNetwork(SETTINGS)
    features = [torch.rand(images, CHANNELS, SIDE // s, SIDE // s) for s in (4, 8, 16, 32, 64)]
    targets = []
    for number in range(images):
        corner = torch.rand((number + 1) % 4, 2) * 30
        boxes = torch.cat([corner, corner + 10 + torch.rand(len(corner), 2) * 20], dim=1)
        labels = torch.arange(len(boxes)) % 2
        targets.append(Target(boxes, labels, torch.zeros(len(boxes), SIDE, SIDE).byte()))
    return network, features, targets
