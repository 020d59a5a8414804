"""From images of different sizes to detections: order, boxes, limits, independence of the batch."""

from __future__ import annotations

import pytest
import torch

from gains.methods.unet2.model import UNet2
from gains.models.contract import Task
from gains.pixelwise.model import PixelLogits
from helpers.tiny import tiny_settings


class Drawn(UNet2):
    """A model whose foreground is what the first two channels of an image hold, in per cent."""

    def __init__(self, max_detections: int = 10) -> None:
        super().__init__(tiny_settings("unet2"), Task(2, max_detections))

    def logits(self, images: list[torch.Tensor]) -> list[PixelLogits]:
        return [{"foreground": (x[:2].float() / 100).logit(eps=1e-6)} for x in images]


def drawn() -> torch.Tensor:
    image = torch.zeros(3, 30, 40)
    image[0, 2:8, 3:10] = 70
    image[0, 20:25, 30:40] = 90
    image[1, 10:20, 0:5] = 80
    image[1, 0:2, 0:9] = 99  # 18 px, fewer than 20
    return image


def test_detections_by_hand() -> None:
    (found,) = Drawn().detect([drawn()])
    assert found.full
    assert found.boxes.tolist() == [[30, 20, 40, 25], [0, 10, 5, 20], [3, 2, 10, 8]]
    assert found.labels.tolist() == [0, 1, 0]
    assert found.scores.tolist() == pytest.approx([0.9, 0.8, 0.7])
    assert found.masks.shape == (3, 30, 40)
    assert torch.equal(found.masks[1], (drawn()[1] == 80).float())


def test_the_best_detections_are_kept() -> None:
    (found,) = Drawn(2).detect([drawn()])
    assert found.scores.tolist() == pytest.approx([0.9, 0.8])
    (empty,) = Drawn().detect([torch.zeros(3, 30, 40)])
    assert (empty.boxes.shape, empty.masks.shape) == ((0, 4), (0, 30, 40))


def test_detections_do_not_depend_on_the_other_images() -> None:
    torch.manual_seed(0)
    model = UNet2(tiny_settings("unet2"), Task(1, 10)).eval()
    sizes = ((40, 56), (33, 20), (40, 50), (64, 64), (35, 24))
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for size in sizes]
    for image, found in zip(images, model.detect(images), strict=True):
        (alone,) = model.detect([image])
        assert torch.equal(found.masks, alone.masks)
        torch.testing.assert_close(found.scores, alone.scores)
        assert found.masks.shape[1:] == image.shape[1:]
    assert any(len(found.scores) for found in model.detect(images))
