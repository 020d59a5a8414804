"""Objects at the size of the model against PyTorch's resizing of whole planes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from gains.anomaly.anomaly_map import AnomalyMap
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.models.resize import resize_image
from gains.training.targets import Resizer, make_target, tight_box
from helpers.tiny import planes_of

SIZES = [(50, 60), (80, 96), (73, 41), (25, 30), (17, 90), (100, 120), (12, 15), (5, 6)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("antialias", [True, False])
def test_a_resized_part_is_that_of_the_resized_plane(
    size: tuple[int, int], antialias: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    for top, left, height, width in (
        (0, 0, 50, 60),
        (12, 20, 9, 1),
        (40, 0, 10, 33),
        (0, 59, 1, 1),
    ):
        plane = torch.zeros(50, 60)
        part = torch.rand(height, width, generator=generator)
        plane[top : top + height, left : left + width] = part
        resized, y, x = Resizer((50, 60), size, antialias)(part, top, left)
        found = torch.zeros(size)
        found[y : y + resized.shape[0], x : x + resized.shape[1]] = resized
        wanted = F.interpolate(plane[None, None], size, mode="bilinear", antialias=antialias)
        torch.testing.assert_close(found, wanted[0, 0], atol=1e-5, rtol=0)


def two_discs_and_a_pixel() -> Instances:
    y, x = np.mgrid[:50, :60]
    masks = [
        (y - 25) ** 2 + (x - 20) ** 2 < 144,
        (y - 30) ** 2 + (x - 40) ** 2 < 80,
        (y == 3) & (x == 5),
    ]
    return Instances.from_rles(50, 60, [encode_mask(m) for m in masks], [1, 2, 1])


@pytest.mark.parametrize("size", [(50, 60), (81, 97), (25, 30)])
def test_masks_keep_what_covers_half_and_boxes_are_tight(size: tuple[int, int]) -> None:
    instances = two_discs_and_a_pixel()
    target = make_target(instances, np.array([0, 1, 0]), None, size)
    planes = torch.from_numpy(instances.stack()).float()
    share = F.interpolate(planes[None], size, mode="bilinear", antialias=True)[0]
    kept = [k for k in range(3) if (share[k] >= 0.5).any()]
    assert target.labels.tolist() == [[0, 1, 0][k] for k in kept]
    for mask, k in zip(target.masks, kept, strict=True):
        sure = (share[k] - 0.5).abs() > 1e-5
        assert torch.equal(mask.bool()[sure], (share[k] >= 0.5)[sure])
    assert torch.equal(target.boxes, torch.stack([tight_box(m > 0) for m in target.masks]))


def test_an_object_that_vanishes_takes_its_map_along() -> None:
    maps = [AnomalyMap(1.0, 10 * k, 3 * k, np.full((5, 6), 1.1 + k / 10)) for k in range(3)]
    target = make_target(two_discs_and_a_pixel(), np.array([0, 1, 2]), maps, (25, 30))
    assert target.labels.tolist() == [0, 1]
    assert target.maps is not None
    planes = torch.stack([torch.from_numpy(m.full((50, 60))).float() for m in maps[:2]])
    wanted = F.interpolate(planes[None], (25, 30), mode="bilinear")[0]
    torch.testing.assert_close(planes_of(target.maps), wanted, atol=1e-6, rtol=0)


def test_a_pixel_that_is_covered_by_half_belongs_to_the_mask() -> None:
    mask = np.zeros((8, 8), bool)
    mask[:, :3] = True
    instances = Instances.from_rles(8, 8, [encode_mask(mask)], [1])
    half = make_target(instances, np.array([0]), None, (4, 4))
    # antialiasing reads 4 columns a pixel with weights 1 3 3 1: the second has 4 of 8
    assert half.masks[0].tolist() == [[1, 1, 0, 0]] * 4


def test_a_tight_box_encloses_the_mask_and_nothing_else() -> None:
    mask = torch.zeros(10, 12, dtype=torch.bool)
    mask[2:5, 3:9] = True
    assert tight_box(mask).tolist() == [3, 2, 9, 5]
    assert tight_box(mask, top=10, left=20).tolist() == [23, 12, 29, 15]
    assert tight_box(torch.zeros(4, 4, dtype=torch.bool)).tolist() == [0, 0, 0, 0]


def test_an_image_is_resized_as_pillow_does_whether_grey_or_not() -> None:
    generator = np.random.default_rng(0)
    colour = generator.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    grey = np.repeat(colour[:, :, :1], 3, axis=2)
    for pixels in (colour, grey):
        wanted = Image.fromarray(pixels).resize((70, 90), Image.Resampling.BILINEAR)
        found = resize_image(torch.from_numpy(pixels).permute(2, 0, 1), (90, 70))
        np.testing.assert_array_equal(found.permute(1, 2, 0).numpy(), np.asarray(wanted))
