"""The kinds of error of objects, on boxes whose pixels are counted by hand."""

from __future__ import annotations

import numpy as np

from gains.masks.rle import Rle, encode_mask
from gains.metrics.object_errors import ObjectError, object_errors

Box = tuple[int, int, int, int]


def masks(*boxes: Box | tuple[Box, Box]) -> list[Rle]:
    """Return masks that fill boxes (left, top, right, bottom), or a box without another one."""
    found = []
    for box in boxes:
        whole, without = box if isinstance(box[0], tuple) else (box, (0, 0, 0, 0))
        mask = np.zeros((40, 60), dtype=bool)
        left, top, right, bottom = whole
        mask[top:bottom, left:right] = True
        left, top, right, bottom = without
        mask[top:bottom, left:right] = False
        found.append(encode_mask(mask))
    return found


LEFT: Box = (0, 0, 10, 10)
BESIDE: Box = (10, 0, 20, 10)
ABOVE: Box = (6, 0, 16, 10)  # shares 4 of 10 columns with LEFT
FAR: Box = (40, 20, 50, 30)


def test_equal_masks_have_no_error() -> None:
    found = object_errors(masks(LEFT, ABOVE, FAR), masks(FAR, LEFT, ABOVE))
    assert found.kinds == (None, None, None)
    assert found.detections.tolist() == [1, 2, 0]
    assert found.false.tolist() == []


def test_an_object_in_contact_with_a_found_one_is_suppressed() -> None:
    for other in (ABOVE, BESIDE):  # overlapping, and touching
        found = object_errors(masks(LEFT, other), masks(LEFT))
        assert found.kinds == (None, ObjectError.suppressed)
        assert found.detections.tolist() == [0, -1]


def test_an_object_without_a_found_neighbour_is_missed() -> None:
    assert object_errors(masks(LEFT, FAR), masks(LEFT)).kinds == (None, ObjectError.missed)
    # nothing at all is found
    assert object_errors(masks(LEFT, ABOVE), []).kinds == (ObjectError.missed,) * 2


def test_one_detection_over_two_objects_merges_both() -> None:
    found = object_errors(masks(LEFT, BESIDE, FAR), masks((0, 0, 20, 10), FAR))
    # IoU 100 / 200 with each, which finds neither
    assert found.kinds == (ObjectError.merged, ObjectError.merged, None)
    assert found.false.tolist() == []
    # the larger of two is found, IoU 160 / 200, and merged all the same
    uneven = object_errors(masks((0, 0, 16, 10), (16, 0, 20, 10)), masks((0, 0, 20, 10)))
    assert uneven.kinds == (ObjectError.merged, ObjectError.merged)


def test_a_detection_merges_by_the_pixels_that_objects_have_alone() -> None:
    # LEFT's detection covers 4 of 10 columns of ABOVE, all of them shared: no merging
    assert object_errors(masks(LEFT, ABOVE), masks(LEFT)).kinds[0] is None
    # 3 of the 6 columns that ABOVE has alone are half, which is not more than half
    assert object_errors(masks(LEFT, ABOVE), masks((0, 0, 13, 10))).kinds == (
        None, ObjectError.suppressed,
    )  # fmt: skip
    # 4 of them are; IoU with LEFT 100 / 140, with ABOVE 80 / 160
    assert object_errors(masks(LEFT, ABOVE), masks((0, 0, 14, 10))).kinds == (
        ObjectError.merged, ObjectError.merged,
    )  # fmt: skip


def test_an_object_with_a_detection_of_its_own_is_not_merged() -> None:
    found = object_errors(masks(LEFT, BESIDE), masks((0, 0, 20, 10), LEFT, BESIDE))
    assert found.kinds == (None, None)
    assert found.detections.tolist() == [1, 2]
    one = object_errors(masks(LEFT, BESIDE), masks((0, 0, 20, 10), LEFT))
    assert one.kinds == (None, ObjectError.merged)


def test_overlap_is_lost_if_less_than_half_of_it_is_covered() -> None:
    # LEFT without the shared columns 6 to 9: IoU 60 / 100
    found = object_errors(masks(LEFT, ABOVE), masks((0, 0, 6, 10), ABOVE))
    assert found.kinds == (ObjectError.overlap_lost, None)
    # without 1 of the 4 shared columns: 3 are more than half, and IoU 90 / 100
    assert object_errors(masks(LEFT, ABOVE), masks((0, 0, 9, 10), ABOVE)).kinds == (None, None)
    # 7 of 10 columns are shared, so the rest alone has the IoU 0.3 and finds nothing
    heavy = object_errors(masks(LEFT, (3, 0, 13, 10)), masks((0, 0, 3, 10), (3, 0, 13, 10)))
    assert heavy.kinds == (ObjectError.overlap_lost, None)


def test_a_detection_that_fits_badly_is_inaccurate() -> None:
    # IoU 70 / 100 is not above 0.7; 80 / 100 is
    for right, kind in ((7, ObjectError.inaccurate), (8, None)):
        assert object_errors(masks(LEFT), masks((0, 0, right, 10))).kinds == (kind,)
    # IoU 30 / 100 finds nothing, but the detection is meant for the object
    poor = object_errors(masks(LEFT), masks((0, 0, 3, 10)))
    assert poor.kinds == (ObjectError.inaccurate,) and poor.false.tolist() == []
    # IoU 20 / 100 is not
    far = object_errors(masks(LEFT), masks((0, 0, 2, 10)))
    assert far.kinds == (ObjectError.missed,) and far.false.tolist() == [0]


def test_merging_comes_before_lost_overlap_and_inaccuracy() -> None:
    # one detection has what both have alone, and nothing of what they share: IoU 60 / 160 each
    hole = ((0, 0, 16, 10), (6, 0, 10, 10))
    assert object_errors(masks(LEFT, ABOVE), masks(hole)).kinds == (ObjectError.merged,) * 2


def test_lost_overlap_comes_before_inaccuracy() -> None:
    # 50 of 100 pixels, 50 of 60 that it has alone
    found = object_errors(masks(LEFT, ABOVE), masks((1, 0, 6, 10), ABOVE))
    assert found.kinds == (ObjectError.overlap_lost, None)
    # without half of its own pixels too, it is only inaccurate: 30 of 60 and none of the shared
    half = object_errors(masks(LEFT, ABOVE), masks((3, 0, 6, 10), ABOVE))
    assert half.kinds == (ObjectError.inaccurate, None)


def test_an_object_inside_another_one_is_suppressed_by_it() -> None:
    inside: Box = (2, 2, 5, 5)
    assert object_errors(masks(LEFT, inside), masks(LEFT)).kinds == (None, ObjectError.suppressed)


def test_second_detections_of_an_object_are_false() -> None:
    found = object_errors(masks(LEFT), masks((0, 0, 9, 10), LEFT, FAR))
    assert found.kinds == (None,) and found.false.tolist() == [0, 2]


def test_images_without_objects_or_detections() -> None:
    assert object_errors([], []).kinds == ()
    assert object_errors([], masks(LEFT)).false.tolist() == [0]
    assert object_errors(masks(LEFT), []).kinds == (ObjectError.missed,)
