"""Complements and intersections against explicit sets of pixels."""

from __future__ import annotations

import pytest
import torch

from gains.detection.overlap import cell_class, complement_masks, part_targets
from gains.detection.positives import Positives
from gains.models.contract import Target, Task

CELL = 1
SIDE = 60

Pixels = set[tuple[int, int]]


def disc_pixels(y: int, x: int, radius: int) -> Pixels:
    near = range(-radius, radius + 1)
    return {(y + a, x + b) for a in near for b in near if a * a + b * b <= radius * radius}


def target_of_pixels(objects: list[Pixels], labels: list[int]) -> Target:
    masks = torch.zeros(len(objects), SIDE, SIDE, dtype=torch.uint8)
    for mask, pixels in zip(masks, objects, strict=True):
        for y, x in pixels:
            mask[y, x] = 1
    return Target(torch.zeros(len(objects), 4), torch.tensor(labels, dtype=torch.int64), masks)


def pixels_of(mask: torch.Tensor) -> Pixels:
    return {(int(y), int(x)) for y, x in torch.nonzero(mask)}


def test_complements_of_three_discs_are_what_set_operations_give() -> None:
    a, b, c = disc_pixels(20, 20, 12), disc_pixels(20, 34, 12), disc_pixels(32, 27, 12)
    assert a & b & c  # the three share pixels
    assert (a & b) - c
    found = complement_masks(target_of_pixels([a, b, c], [CELL] * 3), CELL)
    assert found.dtype == torch.uint8
    assert [pixels_of(mask) for mask in found] == [a - b - c, b - a - c, c - a - b]


def test_other_categories_neither_take_nor_lose_pixels() -> None:
    cell, other, nucleus, second = (
        disc_pixels(25, 25, 14),
        disc_pixels(25, 40, 9),
        disc_pixels(22, 22, 4),
        disc_pixels(23, 24, 4),
    )
    assert nucleus & second
    found = complement_masks(
        target_of_pixels([cell, nucleus, other, second], [CELL, 0, CELL, 0]), CELL
    )
    assert [pixels_of(m) for m in found] == [cell - other, nucleus, other - cell, second]


def test_a_nucleus_where_cells_overlap_keeps_its_pixels() -> None:
    a, b, nucleus = disc_pixels(25, 20, 12), disc_pixels(25, 34, 12), disc_pixels(25, 27, 3)
    assert nucleus < a & b
    found = complement_masks(target_of_pixels([a, b, nucleus], [CELL, CELL, 0]), CELL)
    assert [pixels_of(mask) for mask in found] == [a - b, b - a, nucleus]


def test_a_cell_inside_another_leaves_a_hole_and_has_nothing_for_itself() -> None:
    outer, inner = disc_pixels(30, 30, 20), disc_pixels(30, 30, 6)
    found = complement_masks(target_of_pixels([outer, inner], [CELL, CELL]), CELL)
    assert [pixels_of(mask) for mask in found] == [outer - inner, set()]


def test_no_object_has_no_complement() -> None:
    assert complement_masks(target_of_pixels([], []), CELL).shape == (0, SIDE, SIDE)


def crop_by_hand(pixels: Pixels, box: tuple[int, int, int], step: int) -> torch.Tensor:
    """Return where at least half of each step x step block of a (28 step)² box is covered."""
    y0, x0, side = box
    assert side == 28 * step
    rows = []
    for row in range(28):
        ys = range(y0 + row * step, y0 + (row + 1) * step)
        blocks = [range(x0 + c * step, x0 + (c + 1) * step) for c in range(28)]
        rows.append(
            [sum((y, x) in pixels for y in ys for x in xs) >= step * step / 2 for xs in blocks]
        )
    return torch.tensor(rows)


@pytest.mark.parametrize(("box", "step"), [((8, 10, 28), 1), ((3, 2, 56), 2)])
def test_the_intersection_is_the_xor_of_the_two_crops(box: tuple[int, int, int], step: int) -> None:
    a, b, covered = disc_pixels(20, 20, 12), disc_pixels(22, 34, 13), disc_pixels(22, 33, 5)
    assert covered < b
    target = target_of_pixels([a, b, covered], [CELL] * 3)
    y, x, side = box
    rois = torch.tensor([[x, y, x + side, y + side]] * 3, dtype=torch.float32)
    parts = part_targets(Positives([rois], [torch.arange(3)], [target]), CELL)
    for k, (own, rest) in enumerate(((a, b | covered), (b, a | covered), (covered, a | b))):
        whole, complement = crop_by_hand(own, box, step), crop_by_hand(own - rest, box, step)
        assert torch.equal(parts.whole[k], whole)
        assert torch.equal(parts.complement[k], complement)
        assert torch.equal(parts.intersection[k], whole ^ complement)
        assert whole.any()
    assert parts.intersection[0].any()
    assert parts.complement[0].any()
    # this object is fully covered, so it has no complement and is all intersection
    assert not parts.complement[2].any()
    assert torch.equal(parts.intersection[2], parts.whole[2])


def test_targets_of_a_batch_come_image_by_image() -> None:
    a, b = disc_pixels(20, 20, 12), disc_pixels(20, 34, 12)
    together, alone = target_of_pixels([a, b], [CELL, CELL]), target_of_pixels([b], [CELL])
    box = torch.tensor([[10.0, 8.0, 38.0, 36.0]])
    parts = part_targets(
        Positives(
            [box, box.repeat(2, 1)], [torch.tensor([0]), torch.tensor([0, 1])], [alone, together]
        ),
        CELL,
    )
    crops = [crop_by_hand(own, (8, 10, 28), 1) for own in (b, a - b, b - a)]
    assert all(torch.equal(x, y) for x, y in zip(parts.complement, crops, strict=True))


def test_a_task_without_cells_is_refused() -> None:
    assert cell_class(Task(2, 10, 0)) == 0
    with pytest.raises(ValueError, match="expected the category.*found none; set `cell_category`"):
        cell_class(Task(2, 10))
