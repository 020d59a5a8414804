"""Maps kept as blocks against RoIAlign of whole planes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gains.detection.boxes import nonempty
from gains.detection.pooling import crop, crop_maps
from gains.models.block_maps import BlockMaps
from helpers.tiny import planes_of

SIZE = (40, 50)
PLACES = [  # top, left, height, width: inside, at two edges, at the others, all, a line, inside by 1
    (10, 12, 9, 7),
    (0, 0, 6, 8),
    (30, 35, 10, 15),
    (0, 0, 40, 50),
    (17, 0, 1, 50),
    (1, 1, 38, 48),
]


def maps_and_planes() -> tuple[BlockMaps, Tensor]:
    """Return maps at all places and two constant maps, and the same maps as planes."""
    generator = torch.Generator().manual_seed(0)
    parts, planes, constants = [], [], []
    for top, left, height, width in PLACES:
        part = torch.rand(height, width, generator=generator) - 0.3
        plane = torch.ones(SIZE)
        plane[top : top + height, left : left + width] += part
        parts.append((part, top, left))
        planes.append(plane)
        constants.append(1.0)
    for at, constant in ((1, 0.0), (6, 1.0)):
        parts.insert(at, (torch.zeros(0, 0), 0, 0))
        planes.insert(at, torch.full(SIZE, constant))
        constants.insert(at, constant)
    return BlockMaps.from_parts(parts, constants, SIZE), torch.stack(planes)


def boxes(count: int) -> Tensor:
    """Return boxes inside the image, many of which touch its border."""
    generator = torch.Generator().manual_seed(1)
    ends = torch.rand(4 * count, 2, 2, generator=generator) * 1.6 - 0.3
    ends = ends.clamp(0, 1).sort(dim=1).values * torch.tensor([SIZE[1], SIZE[0]])
    found = ends.flatten(1)
    return found[nonempty(found)][:count]


@pytest.mark.parametrize("axes", [[], [1], [2], [1, 2]])
def test_a_crop_is_that_of_the_whole_plane(axes: list[int]) -> None:
    maps, planes = maps_and_planes()
    maps, planes = maps.flip(axes), planes.flip(axes)
    torch.testing.assert_close(planes_of(maps), planes)
    assert torch.equal(maps.planes(), planes_of(maps))
    own = boxes(400)
    assert (own == 0).any()
    assert (own[:, 2:] == torch.tensor([50.0, 40.0])).any()
    index = torch.arange(400) % len(planes)
    wanted = crop(planes, own, index, 28)
    torch.testing.assert_close(crop_maps(maps, own, index, 28), wanted, atol=2e-5, rtol=0)


def test_maps_are_chosen_like_their_objects() -> None:
    maps, planes = maps_and_planes()
    keep = torch.tensor([True, True, False, False, True, True, False, True])
    torch.testing.assert_close(planes_of(maps.select(keep)), planes[keep])


def test_maps_that_are_all_constant_have_crops_too() -> None:
    maps = BlockMaps.from_parts([(torch.zeros(0, 0), 0, 0)] * 2, [1.0, 0.0], SIZE)
    found = crop_maps(maps, boxes(4), torch.tensor([0, 1, 1, 0]), 3)
    assert found.mean(dim=(1, 2)).tolist() == [1, 0, 0, 1]
    none = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    assert crop_maps(maps, *none).shape == (0, 28, 28)


def test_no_map_at_all() -> None:
    maps = BlockMaps.from_parts([], [], SIZE)
    assert maps.constants.shape == (0,)
    assert planes_of(maps).shape == (0, *SIZE)
