"""The choice of cells that can be placed, their parts, and their places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gains.clusters.cells import turned, whole_cells
from gains.clusters.places import CLOSE, cluster_places, shared_area
from gains.config.clusters import ClusterSettings
from gains.datasets.coco import read_coco
from helpers.clusters import disc, scenes_of_images, write_images

SIZE = (64, 80)
Mask = NDArray[np.bool_]


def box(y0: int, x0: int, y1: int, x1: int) -> Mask:
    mask = np.zeros(SIZE, dtype=bool)
    mask[y0:y1, x0:x1] = True
    return mask


def cells_in(folder: Path, objects: list[tuple[int, Mask]]) -> list[tuple[int, int]]:
    """Return the corners of the cells of an image that can be placed."""
    write_images(folder / "x.json", [(np.full(SIZE, 200, np.uint8), objects)])
    coco = read_coco(folder / "x.json")
    return [(cell.y, cell.x) for cell in whole_cells(coco, coco.images[1], 1)]


@pytest.mark.parametrize(
    ("other", "usable"),
    [
        ([], True),
        ([(1, box(10, 10, 20, 12))], True),  # a quarter of the cell
        ([(1, box(10, 10, 20, 13))], False),
        ([(2, box(10, 10, 20, 12)), (2, box(16, 10, 20, 20))], True),  # both are parts
        ([(2, box(10, 0, 20, 20))], False),  # half of it is inside, so it is no part
        ([(2, box(18, 10, 23, 18)), (1, box(10, 10, 13, 11))], True),  # 16 + 3 pixels of 80
        ([(2, box(18, 10, 23, 18)), (1, box(10, 10, 15, 11))], False),  # 16 + 5 pixels
    ],
)
def test_a_cell_that_others_cover_is_not_used(
    tmp_path: Path, other: list[tuple[int, Mask]], usable: bool
) -> None:
    found = cells_in(tmp_path, [(1, box(10, 10, 20, 18)), *other])
    assert ((10, 10) in found) == usable


@pytest.mark.parametrize("mask", [box(0, 10, 9, 18), box(10, 70, 20, 80)])
def test_a_cell_at_the_border_is_not_used(tmp_path: Path, mask: Mask) -> None:
    assert cells_in(tmp_path, [(1, mask), (1, box(30, 30, 40, 40))]) == [(30, 30)]


def test_a_nucleus_moves_with_its_cell(tmp_path: Path) -> None:
    """The nucleus is off the centre, sticks out by a column, and has a quarter of the light."""
    cell, nucleus = box(20, 20, 40, 32), box(22, 19, 28, 25)
    pixels = np.full(SIZE, 200, np.uint8)
    pixels[cell], pixels[nucleus] = 100, 50
    alone = np.where(disc(SIZE, 32, 40, 12), 100, 200).astype(np.uint8)
    path = tmp_path / "x.json"
    write_images(
        path, [(pixels, [(1, cell), (2, nucleus)]), (alone, [(1, disc(SIZE, 32, 40, 12))])]
    )
    scenes = scenes_of_images(path, scenes=20, objects=(2, 2), opacity=(0, 0))
    turns = set()
    for number in range(20):
        scene = scenes.load(number)
        added = scene.objects.stack()[scene.present :]
        kinds = scene.objects.categories[scene.present :].tolist()
        for one in scene.placed:
            mask, kind = added[0], kinds[0]
            assert kind == 1
            assert (mask[one.box] == turned(one.cell.mask, one.turn)).all()
            assert mask.sum() == one.cell.mask.sum()
            added, kinds = added[1:], kinds[1:]
            if one.cell.image.file_name != "0.png":
                continue
            turns.add(one.turn)
            assert kinds[0] == 2 and added[0].sum() == 36
            assert (added[0] & mask).sum() == 30
            around = np.zeros(SIZE, dtype=bool)
            around[one.box] = turned(one.cell.region, one.turn)
            assert (added[0] <= around).all()
            # a quarter of the light, or less where cells overlap, but at the soft edge
            assert (scene.pixels[added[0]] <= 50).all(axis=1).sum() >= 20
            added, kinds = added[1:], kinds[1:]
        assert len(added) == 0
    assert len(turns) > 4


def test_shared_areas_are_those_of_every_place() -> None:
    rng = np.random.default_rng(4)
    plane, mask = rng.random((19, 23)) < 0.5, rng.random((7, 4)) < 0.6
    found = shared_area(plane, mask)
    assert found.shape == (13, 20)
    for y, x in np.ndindex(found.shape):
        assert found[y, x] == (plane[y : y + 7, x : x + 4] & mask).sum()


def test_each_cell_touches_the_cluster_and_has_the_ratio(tmp_path: Path) -> None:
    """Two cells are present; the ratio counts both, and the cluster begins at one of them."""
    first, second = disc(SIZE, 20, 20, 8), disc(SIZE, 44, 60, 8)
    write_images(tmp_path / "x.json", [(np.full(SIZE, 9, np.uint8), [(1, first), (1, second)])])
    coco = read_coco(tmp_path / "x.json")
    cells = whole_cells(coco, coco.images[1], 1)
    settings = ClusterSettings(scenes=1, objects=(2, 4), overlap=(0.1, 0.3), opacity=(0.2, 0.4))
    numbers = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        found = cluster_places(cells, first | second, first, settings, rng)
        numbers.add(len(found))
        occupied, cluster = first | second, first.copy()
        for one in found:
            mask = np.zeros(SIZE, dtype=bool)
            mask[one.box] = turned(one.cell.mask, one.turn)
            assert (mask & cluster).any()
            assert one.reached == (mask & occupied).sum() / mask.sum()
            assert 0.1 <= one.drawn <= 0.3 and 0.2 <= one.opacity <= 0.4
            assert abs(one.reached - one.drawn) <= CLOSE
            occupied, cluster = occupied | mask, cluster | mask
    assert numbers == {2, 3, 4}


def test_a_cell_that_cannot_touch_the_cluster_has_the_ratio(tmp_path: Path) -> None:
    """No place of a disc covers the corner of the image."""
    middle, corner = disc(SIZE, 32, 40, 10), box(0, 0, 1, 1)
    write_images(tmp_path / "x.json", [(np.full(SIZE, 200, np.uint8), [(1, middle)])])
    coco = read_coco(tmp_path / "x.json")
    cells = whole_cells(coco, coco.images[1], 1)
    settings = ClusterSettings(scenes=1, objects=(1, 1), overlap=(0.2, 0.4))
    rng = np.random.default_rng(0)
    for _ in range(10):
        (found,) = cluster_places(cells, middle | corner, corner, settings, rng)
        shared = (middle[found.box] & turned(cells[0].mask, found.turn)).sum()
        assert found.reached == shared / cells[0].mask.sum()
        assert 0.2 <= found.reached <= 0.4
