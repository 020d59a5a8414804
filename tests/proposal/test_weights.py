"""The initial weights of a proposed study: a file, those of torchvision, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision

from gains.models.imagenet import imagenet_file
from gains.proposal.weights import choose_weights

OUT = Path("mine.yaml")


def test_without_network_they_are_random_and_it_is_said(clone: Path) -> None:
    found = choose_weights(None, OUT, gpu=False)
    assert found.random
    assert found.backbone == {"name": "resnet18", "norm": "gn", "weights": "none", "freeze_at": 0}
    assert "download.pytorch.org did not answer" in found.reason
    assert "three times as many iterations" in found.reason


def test_with_network_the_run_fetches_them(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gains.proposal.weights._reached", lambda _: True)
    found = choose_weights(None, OUT, gpu=True)
    assert found.backbone == {"name": "resnet50", "weights": "imagenet"}
    assert "`gains run` fetches them once from download.pytorch.org" in found.reason
    assert not list(Path("data").rglob("*.pth"))


def test_fetched_ones_are_used(clone: Path) -> None:
    file = imagenet_file("resnet18")
    file.parent.mkdir(parents=True)
    file.touch()
    found = choose_weights(None, OUT, gpu=False)
    assert found.backbone == {"name": "resnet18", "weights": "imagenet"}
    assert str(file) in found.reason


@pytest.mark.parametrize("name", ["resnet18", "resnet34"])
def test_the_depth_of_a_file_is_found(name: str, clone: Path) -> None:
    torch.save(getattr(torchvision.models, name)().state_dict(), "own.pth")
    found = choose_weights(Path("own.pth"), OUT, gpu=True)
    assert found.backbone == {"name": name, "weights": str(clone / "own.pth")}


def test_a_file_without_a_resnet_is_refused(clone: Path) -> None:
    torch.save({"layer1.0.conv1.weight": torch.zeros(3)}, "own.pth")
    with pytest.raises(ValueError, match=r"own.pth: holds no ResNet-18, 34, 50 or 101"):
        choose_weights(Path("own.pth"), OUT, gpu=False)
    with pytest.raises(FileNotFoundError):
        choose_weights(Path("none.pth"), OUT, gpu=False)
