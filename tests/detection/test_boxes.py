"""Boxes, their deltas and anchors."""

from __future__ import annotations

import math

import torch

from gains.detection import boxes as box_ops


def test_decoding_undoes_encoding() -> None:
    references = torch.tensor([[0.0, 0, 10, 20], [5, 5, 50, 30]])
    boxes = torch.tensor([[1.0, 2, 15, 18], [0, 10, 40, 40]])
    weights = (10.0, 10.0, 5.0, 5.0)
    deltas = box_ops.encode(boxes, references, weights)
    torch.testing.assert_close(box_ops.decode(deltas, references, weights), boxes)


def test_delta_by_hand() -> None:
    # centre moves by 2 of 10 px, width doubles
    delta = box_ops.encode(
        torch.tensor([[-3.0, 0, 17, 10]]), torch.tensor([[0.0, 0, 10, 10]]), (1, 1, 1, 1)
    )
    torch.testing.assert_close(delta, torch.tensor([[0.2, 0, torch.log(torch.tensor(2.0)), 0]]))


def test_the_delta_of_an_object_smaller_than_a_pixel() -> None:
    delta = box_ops.encode(
        torch.tensor([[4.0, 4, 4.5, 4.25]]), torch.tensor([[4.0, 4, 5, 5]]), (10, 10, 5, 5)
    )
    expected = [[-2.5, -3.75, -5 * math.log(2), -10 * math.log(2)]]
    torch.testing.assert_close(delta, torch.tensor(expected))


def test_boxes_with_width_and_height() -> None:
    inf = math.inf
    boxes = [
        [0, 0, 2, 1],
        [0, 0, 0, 1],
        [0, 0, 2, 0],
        [2, 0, 1, 1],
        [0, 0, inf, 1],
        [-inf, 0, 1, 1],
    ]
    found = box_ops.nonempty(torch.tensor([*boxes, [0, math.nan, 2, 1]]))
    assert found.tolist() == [True] + 6 * [False]


def test_boxes_are_clipped_to_height_and_width() -> None:
    found = box_ops.clip(torch.tensor([[-3.0, -2, 50, 50], [25, 5, 29, 12]]), (10, 30))
    assert found.tolist() == [[0, 0, 30, 10], [25, 5, 29, 10]]


def test_decoding_bounds_the_growth() -> None:
    huge = box_ops.decode(
        torch.tensor([[0.0, 0, 50, 50]]), torch.tensor([[0.0, 0, 16, 16]]), (1, 1, 1, 1)
    )
    torch.testing.assert_close(huge[0, 2] - huge[0, 0], torch.tensor(1000.0))
    tiny = box_ops.decode(
        torch.tensor([[0.0, 0, -math.log(100), 0]]), torch.tensor([[0.0, 0, 50, 16]]), (1, 1, 1, 1)
    )
    torch.testing.assert_close(tiny, torch.tensor([[24.75, 0, 25.25, 16]]))


def test_anchors_by_hand() -> None:
    found = box_ops.anchors((2, 3), 4, 8, (0.5, 1.0, 2.0), torch.zeros(1))
    assert found.shape == (18, 4)
    torch.testing.assert_close(found[1], torch.tensor([-4.0, -4, 4, 4]))
    # the cell of row 1, column 2 has its centre at (8, 4); ratio is height over width
    tall = found[(1 * 3 + 2) * 3 + 2]
    torch.testing.assert_close((tall[:2] + tall[2:]) / 2, torch.tensor([8.0, 4.0]))
    torch.testing.assert_close((tall[3] - tall[1]) / (tall[2] - tall[0]), torch.tensor(2.0))
    torch.testing.assert_close((tall[3] - tall[1]) * (tall[2] - tall[0]), torch.tensor(64.0))


def test_rows_are_selected_image_by_image() -> None:
    parts = [torch.arange(3.0)[:, None], torch.zeros(0, 1), torch.tensor([[7.0], [8.0]])]
    keep = [torch.tensor([True, False, True]), torch.zeros(0).bool(), torch.tensor([False, True])]
    kept = box_ops.select_rows(parts, keep)
    assert [part.flatten().tolist() for part in kept] == [[0, 2], [], [8]]


def test_constants_made_while_predicting_serve_training() -> None:
    box_ops.constant.cache_clear()
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    with torch.inference_mode():
        box_ops.decode(torch.zeros(1, 4), boxes, (1, 2, 3, 4))
    deltas = torch.ones(1, 4, requires_grad=True)
    box_ops.decode(deltas, boxes, (1, 2, 3, 4)).sum().backward()
    assert deltas.grad is not None
