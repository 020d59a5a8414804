"""The kinds of contact between objects, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from gains.masks.contacts import BATCH, KINDS, Contact, Contacts, contacts_of, in_batches
from gains.masks.overlaps import grown, intersections, mask_areas
from gains.masks.rle import encode_mask


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros((30, 40), dtype=bool)
    mask[y : y + height, x : x + width] = True
    return mask


def found_in(*masks: np.ndarray) -> Contacts:
    return contacts_of([encode_mask(mask) for mask in masks])


def kinds_of(*masks: np.ndarray) -> list[Contact]:
    return [KINDS[number] for number in found_in(*masks).kinds]


def test_pairs_and_shared_pixels() -> None:
    """0 and 1 share 2 x 4 px, 1 and 2 meet at a corner, 3 is alone, 4 is inside 0 and 1."""
    found = found_in(
        rectangle(0, 0, 6, 4),
        rectangle(4, 0, 6, 4),
        rectangle(10, 4, 3, 3),
        rectangle(30, 20, 2, 2),
        rectangle(5, 1, 1, 1),
    )
    assert found.overlapped.tolist() == [2, 2, 0, 0, 2]
    assert found.touched.tolist() == [0, 1, 1, 0, 0]
    assert found.shared_areas.tolist() == [8, 8, 0, 0, 1]
    assert found.pairs.tolist() == [[0, 1], [0, 4], [1, 2], [1, 4]]
    assert found.ratios.tolist() == [8 / 24, 1, 1]
    # 8 of 24 pixels are a third
    assert [KINDS[number] for number in found.kinds] == [
        Contact.heavy, Contact.heavy, Contact.touching, Contact.isolated, Contact.heavy,
    ]  # fmt: skip


def test_no_object_and_a_single_one() -> None:
    assert kinds_of() == [] and found_in().ratios.tolist() == []
    assert kinds_of(rectangle(3, 4, 5, 6)) == [Contact.isolated]


@pytest.mark.parametrize(
    ("columns", "kind"), [(1, "light"), (2, "light"), (3, "medium"), (6, "medium"), (7, "heavy")]
)
def test_overlap_is_graded_by_the_share_of_shared_pixels(columns: int, kind: str) -> None:
    """Both are 20 px wide; one column is 5 %, two are 10 %, six are 30 %, seven are 35 %."""
    found = kinds_of(rectangle(0, 0, 20, 4), rectangle(20 - columns, 0, 20, 4))
    assert found == [Contact[kind]] * 2


def test_a_cross_is_crossing_and_a_t_is_not() -> None:
    beam, pole = rectangle(0, 10, 20, 3), rectangle(8, 2, 3, 20)
    assert kinds_of(beam, pole) == [Contact.crossing] * 2
    short = rectangle(8, 2, 3, 10)  # it ends inside of the beam: 6 of 60 and of 30 pixels
    assert kinds_of(beam, short) == [Contact.light, Contact.medium]
    ending = rectangle(8, 2, 3, 11)  # it cuts the beam, which does not cut it
    assert kinds_of(beam, ending) == [Contact.medium, Contact.medium]
    nucleus = rectangle(8, 11, 2, 1)
    assert kinds_of(beam, nucleus) == [Contact.light, Contact.heavy]


def test_a_crumb_is_no_piece() -> None:
    """The pole ends one pixel behind the beam, less than 5 % of its 33 pixels."""
    beam, pole = rectangle(0, 10, 20, 3), rectangle(8, 2, 3, 11)
    pole[13, 8] = True
    assert Contact.crossing not in kinds_of(beam, pole)
    pole[13:16, 8] = True
    assert kinds_of(beam, pole) == [Contact.crossing] * 2


def test_an_object_inside_another_lends_it_the_share_that_it_covers() -> None:
    """The inner one is 4 of 80 px, so 5 % of the outer one; the outer one has all of the inner."""
    outer, inner = rectangle(0, 0, 20, 4), rectangle(5, 1, 2, 2)
    assert kinds_of(outer, inner) == [Contact.light, Contact.heavy]


def test_identical_objects_overlap_heavily_and_empty_ones_are_isolated() -> None:
    twin, empty = rectangle(3, 3, 5, 5), np.zeros((30, 40), dtype=bool)
    assert kinds_of(twin, twin, empty, empty) == [Contact.heavy] * 2 + [Contact.isolated] * 2


def test_an_object_in_a_hole_touches_its_ring_or_is_isolated() -> None:
    ring = rectangle(5, 5, 15, 15) & ~rectangle(8, 8, 9, 9)
    assert kinds_of(ring, rectangle(12, 12, 1, 1)) == [Contact.isolated] * 2
    assert kinds_of(ring, rectangle(8, 8, 9, 9)) == [Contact.touching] * 2
    # an object on the ring cuts it only where the ring does not lead around it
    assert kinds_of(ring, rectangle(12, 2, 2, 8)) == [Contact.light, Contact.heavy]
    assert kinds_of(ring, rectangle(12, 2, 2, 21)) == [Contact.crossing] * 2


def test_of_several_neighbours_the_strongest_kind_counts() -> None:
    """The middle one shares 1 of 10 columns on the left, 1 on the right and touches one below.

    Each overlap is light, and both together are a fifth of its pixels.
    """
    middle = rectangle(10, 5, 10, 4)
    left, right, below = rectangle(1, 5, 10, 4), rectangle(19, 5, 10, 4), rectangle(10, 9, 9, 4)
    kinds = [Contact.medium, Contact.light, Contact.light, Contact.touching]
    assert kinds_of(middle, left, right, below) == kinds
    # pixels that two neighbours share with it are counted once: 1 of 10 columns
    assert kinds_of(middle, left, left)[0] == Contact.light
    pole = rectangle(14, 0, 2, 14)
    assert kinds_of(middle, left, right, pole)[0] == Contact.crossing


def test_objects_of_one_pixel() -> None:
    pixel = rectangle(4, 4, 1, 1)
    assert kinds_of(pixel, rectangle(5, 5, 1, 1)) == [Contact.touching] * 2
    assert kinds_of(pixel, pixel) == [Contact.heavy] * 2
    assert kinds_of(pixel, rectangle(6, 4, 1, 1)) == [Contact.isolated] * 2


def test_objects_of_different_images_have_no_contact() -> None:
    masks = [encode_mask(rectangle(0, 0, 6, 4))] * 3
    found = contacts_of(masks, np.array([0, 0, 5]))
    assert found.pairs.tolist() == [[0, 1]] and found.overlapped.tolist() == [1, 1, 0]


def test_batches_hold_whole_images_and_every_image_once() -> None:
    counts = [BATCH - 1, 0, 2, 3 * BATCH, 1, 0]
    parts = [counts[part] for part in in_batches(counts)]
    assert sum(parts, []) == counts and len(parts) == 3
    assert list(in_batches([])) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(arrays(bool, (6, 7), elements=st.booleans()), max_size=5))
def test_contacts_agree_with_whole_masks(masks: list[np.ndarray]) -> None:
    rles, near = [encode_mask(m) for m in masks], [encode_mask(grown(m, 1)) for m in masks]
    found = found_in(*masks)
    areas = mask_areas(rles)
    shared = intersections(rles, rles, areas, areas)
    np.fill_diagonal(shared, 0)
    touched = (intersections(near, rles, mask_areas(near), areas) > 0) & (shared == 0)
    np.fill_diagonal(touched, False)
    count = sum((mask.astype(int) for mask in masks), np.zeros((6, 7), int))
    i, j = np.nonzero(np.triu(shared))
    assert found.overlapped.tolist() == (shared > 0).sum(axis=1).tolist()
    assert found.touched.tolist() == touched.sum(axis=1).tolist()
    assert found.shared_areas.tolist() == [int((count[mask] > 1).sum()) for mask in masks]
    assert found.ratios.tolist() == (shared[i, j] / np.minimum(areas[i], areas[j])).tolist()


def slow_pieces(mask: np.ndarray, least: float) -> int:
    labels, n = ndimage.label(mask, np.ones((3, 3)))
    return sum(int((labels == k).sum()) >= least for k in range(1, n + 1))


def test_crossing_equals_a_count_of_pieces_on_whole_masks() -> None:
    """Rods, rings and dots of all directions; some have several pieces alone."""
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:40, :40]
    seen = 0
    for _ in range(40):
        masks = []
        for _ in range(6):
            centre, angle = generator.uniform(5, 35, 2), generator.uniform(0, np.pi)
            along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
            across = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)
            distance = (along / generator.uniform(2, 22)) ** 2 + (across / 4) ** 2
            hole = 0.4 if generator.random() < 0.3 else 0
            masks.append((distance <= 1) & (distance >= hole) & (generator.random() < 0.9))
        expected = np.zeros(6, dtype=bool)
        for i in range(6):
            for j in range(6):
                least = 0.05 * masks[i].sum(), 0.05 * masks[j].sum()
                if i != j and (masks[i] & masks[j]).any():
                    expected[i] |= slow_pieces(masks[i] & ~masks[j], least[0]) > slow_pieces(
                        masks[i], least[0]
                    ) and slow_pieces(masks[j] & ~masks[i], least[1]) > slow_pieces(
                        masks[j], least[1]
                    )
        assert found_in(*masks).crossing.tolist() == expected.tolist()
        seen += int(expected.sum())
    assert seen > 20
