"""The pixels of scenes of discs, whose values are computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gains.clusters.cells import SourceCell, turned
from gains.clusters.places import Placed
from gains.clusters.render import background_level, blend, look_of
from gains.datasets.coco import ImageRecord
from helpers.clusters import disc, scenes_of_images, write_images

SIZE = (48, 48)
IMAGE = ImageRecord(1, "a.png", *SIZE)


def placed_disc(opacity: float) -> Placed:
    """Return a disc of radius 7 whose box begins at row 10 and column 20."""
    mask = disc((15, 15), 7, 7, 7)
    cell = SourceCell(IMAGE, 3, 3, mask, (), np.zeros_like(mask))
    return Placed(cell, 0, 10, 20, 0.3, 0.3, opacity)


@pytest.mark.parametrize(
    ("ground", "lower", "own_ground", "own", "opacity", "alone", "over"),
    [
        # transmittance 100 / 200 = 0.5; below (1 - 0.25) * 80 + 0.25 * 160 = 100
        (160, 80, 200, 100, 0.25, 80, 50),
        (160, 80, 200, 100, 0.0, 80, 40),  # both absorb: 160 * 0.5 * 0.5
        (160, 80, 200, 100, 1.0, 80, 80),  # the lower one is hidden
        # emission 110 - 10 = 100; below (1 - 0.25) * 70 + 0.25 * 20 = 57.5
        (20, 70, 10, 110, 0.25, 120, 157.5),
        (20, 70, 10, 110, 0.0, 120, 170),  # both emit: 20 + 50 + 100
        (20, 70, 10, 110, 1.0, 120, 120),
    ],
)
def test_a_disc_over_a_disc(
    ground: float,
    lower: float,
    own_ground: float,
    own: float,
    opacity: float,
    alone: float,
    over: float,
) -> None:
    below = disc(SIZE, 17, 18, 7)
    scene = np.where(below, lower, ground)[..., None].repeat(3, axis=2).astype(np.float64)
    before, one = scene.copy(), placed_disc(opacity)
    look = np.full((15, 15, 3), float(own))
    blend(scene, one, look, np.full(3, float(own_ground)), np.full(3, float(ground)))
    upper = disc(SIZE, 17, 27, 7)
    inner = disc(SIZE, 17, 27, 5)  # two pixels from the edge, so the edge is not soft there
    assert (scene[~upper] == before[~upper]).all()
    assert (scene[inner & ~below] == alone).all()
    assert (scene[inner & below] == over).all()
    assert inner[17, 23] and below[17, 23]
    # row 10 has one pixel of the disc, at column 27, next to three pixels outside
    assert (scene[10, 27] == (ground + alone) / 2).all()


def weights(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return half the distance to the nearest pixel outside, at most 1, by comparing all pixels."""
    outside = np.argwhere(~mask)
    result = np.zeros(mask.shape)
    for y, x in np.argwhere(mask):
        result[y, x] = min(1.0, np.sqrt(((outside - (y, x)) ** 2).sum(axis=1).min()) / 2)
    return result


def test_masks_and_pixels_of_a_scene_agree(tmp_path: Path) -> None:
    """In both images a disc has half the value of its background."""
    pictures = [(200, disc(SIZE, 20, 20, 9)), (120, disc(SIZE, 30, 24, 7))]
    images = [
        (np.where(mask, ground // 2, ground).astype(np.uint8), [(1, mask)])
        for ground, mask in pictures
    ]
    write_images(tmp_path / "discs.json", images)
    scenes = scenes_of_images(tmp_path / "discs.json", scenes=6, objects=(1, 1), opacity=(0.3, 0.6))
    for number in range(6):
        scene = scenes.load(number)
        ground = dict(zip(("0.png", "1.png"), (200, 120), strict=True))[scene.canvas.file_name]
        below, upper = scene.objects.stack()
        (one,) = scene.placed
        assert one.reached == (below & upper).sum() / upper.sum()
        lower = np.where(below, ground / 2, ground)
        over = ((1 - one.opacity) * lower + one.opacity * ground) / 2
        wanted = lower + weights(upper) * (over - lower)
        assert np.abs(scene.pixels - wanted[..., None]).max() <= 0.5
        assert upper.sum() == one.cell.mask.sum()


def test_the_background_is_the_median_around_a_box_or_of_the_image() -> None:
    pixels = np.zeros((40, 40, 3), dtype=np.uint8)
    pixels[:, :20], pixels[:, 20:] = 50, 90
    free = np.ones((40, 40), dtype=bool)
    near = background_level(pixels, free, (slice(4, 12), slice(4, 12)))
    assert (near == 50).all()
    free[:, :20] = False
    free[0, :3] = True  # 3 of the pixels around the box are too few
    assert (background_level(pixels, free, (slice(4, 12), slice(4, 12))) == 90).all()


def test_a_covered_part_of_a_cell_looks_like_the_rest() -> None:
    """The cell has value 100, and a striped texture of +-10; another object makes a part dark."""
    mask = disc((31, 31), 15, 15, 14)
    shared = mask & (np.indices(mask.shape)[1] > 22)
    values = 100 + 10 * (-1) ** np.indices((40, 40))[0]
    pixels = values[..., None].repeat(3, axis=2).astype(np.uint8)
    pixels[4:35, 4:35][shared] = 20
    found = look_of(SourceCell(IMAGE, 4, 4, mask, (), shared), pixels)
    left = mask & (np.indices(mask.shape)[1] < 21)  # the edge of the other object is soft
    assert (found[left] == pixels[4:35, 4:35][left]).all()
    assert found[shared].min() > 85 and found[shared].max() < 115
    assert found[shared].std() > 5


def test_the_eight_turns_differ_and_keep_the_values() -> None:
    values = np.arange(6).reshape(2, 3)
    found = [turned(values, turn) for turn in range(8)]
    assert len({(one.shape, one.tobytes()) for one in map(np.ascontiguousarray, found)}) == 8
    assert all(sorted(one.ravel()) == list(range(6)) for one in found)
