"""A small file in the layout of torchvision's ImageNet weights, where `gains fetch` puts it."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
import torchvision

from gains.models.imagenet import FILES, imagenet_file
from gains.support.files import sha256


def put_official_weights(
    monkeypatch: pytest.MonkeyPatch, legacy: bool = False
) -> tuple[Path, dict[str, torch.Tensor]]:
    """Write random values of a ResNet-18 as torchvision publishes them, below this folder.

    Torchvision's files hold parameters as such, and no counters of batches.

    Args:
        monkeypatch: gives the file the name of torchvision's file for the time of a test.
        legacy: whether the file has the format that torch wrote before zip archives.

    Returns:
        The file, and its content.
    """
    torch.manual_seed(3)
    resnet = torchvision.models.resnet18()
    values = dict(resnet.named_parameters()) | dict(resnet.named_buffers())
    state = OrderedDict((k, values[k]) for k in resnet.state_dict() if "num_batches" not in k)
    made = imagenet_file("resnet18")
    made.parent.mkdir(parents=True)
    torch.save(state, made, _use_new_zipfile_serialization=not legacy)
    monkeypatch.setitem(FILES, "resnet18", f"resnet18-{sha256(made)[:8]}.pth")
    path = made.rename(imagenet_file("resnet18"))
    return path, {key: value.detach() for key, value in state.items()}
