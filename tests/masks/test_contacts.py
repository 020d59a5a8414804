"""The kinds of contact between objects, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gains.masks.contacts import Contact, Contacts, contacts_of
from gains.masks.overlaps import grown, intersections, mask_areas
from gains.masks.rle import encode_mask
from gains.masks.windows import window_of


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros((30, 40), dtype=bool)
    mask[y : y + height, x : x + width] = True
    return mask


def found_in(*masks: np.ndarray) -> Contacts:
    return contacts_of([window_of(encode_mask(mask)) for mask in masks])


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
    assert found.kinds() == [
        Contact.heavy, Contact.heavy, Contact.touching, Contact.isolated, Contact.heavy,
    ]  # fmt: skip


def test_no_object_and_a_single_one() -> None:
    assert found_in().kinds() == [] and found_in().ratios.tolist() == []
    assert found_in(rectangle(3, 4, 5, 6)).kinds() == [Contact.isolated]


@pytest.mark.parametrize(
    ("columns", "kind"), [(1, "light"), (2, "light"), (3, "medium"), (6, "medium"), (7, "heavy")]
)
def test_overlap_is_graded_by_the_share_of_shared_pixels(columns: int, kind: str) -> None:
    """Both are 20 px wide; one column is 5 %, two are 10 %, six are 30 %, seven are 35 %."""
    found = found_in(rectangle(0, 0, 20, 4), rectangle(20 - columns, 0, 20, 4))
    assert found.kinds() == [Contact[kind]] * 2


def test_a_cross_is_crossing_and_a_t_is_not() -> None:
    beam, pole = rectangle(0, 10, 20, 3), rectangle(8, 2, 3, 20)
    assert found_in(beam, pole).kinds() == [Contact.crossing] * 2
    short = rectangle(8, 2, 3, 10)  # it ends inside of the beam: 6 of 60 and of 30 pixels
    assert found_in(beam, short).kinds() == [Contact.light, Contact.medium]
    ending = rectangle(8, 2, 3, 11)  # it cuts the beam, which does not cut it
    assert found_in(beam, ending).kinds() == [Contact.medium, Contact.medium]
    nucleus = rectangle(8, 11, 2, 1)
    assert found_in(beam, nucleus).kinds() == [Contact.light, Contact.heavy]


def test_a_crumb_is_no_piece() -> None:
    """The pole ends one pixel behind the beam, less than 5 % of its 33 pixels."""
    beam, pole = rectangle(0, 10, 20, 3), rectangle(8, 2, 3, 11)
    pole[13, 8] = True
    assert Contact.crossing not in found_in(beam, pole).kinds()
    pole[13:16, 8] = True
    assert found_in(beam, pole).kinds() == [Contact.crossing] * 2


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
