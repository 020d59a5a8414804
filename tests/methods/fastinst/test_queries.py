"""FastInst's queries: the choice of pixels, and their locations."""

from __future__ import annotations

import torch

from gains.methods.fastinst.queries import ActivationQueries, PositionMap, pick_locations


def logits_of(probability: torch.Tensor) -> torch.Tensor:
    """Logits (1, 2, h, w) of one class and background with the given probabilities."""
    return torch.stack([probability.log(), (1 - probability).log()])[None]


def test_local_maxima_come_before_higher_neighbours_of_others() -> None:
    probability = 0.01 - 0.0001 * torch.arange(30.0).reshape(5, 6)  # without a maximum
    probability[1, 1], probability[1, 2], probability[2, 2] = 0.9, 0.8, 0.7  # one hill
    probability[4, 5] = 0.2  # a low hill, in a corner
    found = pick_locations(logits_of(probability), 5)[0].tolist()
    # then what is no maximum, by probability
    assert found == [1 * 6 + 1, 4 * 6 + 5, 1 * 6 + 2, 2 * 6 + 2, 0]


def test_maxima_are_local_to_a_class() -> None:
    probability = torch.full((3, 1, 4), 0.01)
    probability[0, 0] = torch.tensor([0.6, 0.1, 0.01, 0.01])
    probability[1, 0] = torch.tensor([0.1, 0.4, 0.35, 0.36])
    probability[2] = 1 - probability[:2].sum(dim=0)
    # column 1 is below its left neighbour, but that is of the other class; background is no class
    assert pick_locations(probability.log()[None], 4)[0].tolist() == [0, 1, 3, 2]
    probability[1, 0, 0] = 0.7  # now the same class
    assert pick_locations(probability.log()[None], 2)[0].tolist() == [0, 3]


def test_small_images_have_fewer_queries() -> None:
    assert pick_locations(torch.randn(2, 3, 2, 4), 100).shape == (2, 8)


def test_queries_are_pixels_and_know_their_place() -> None:
    torch.manual_seed(0)
    module = ActivationQueries(8, 2, 3, 2, 3)
    x = torch.randn(1, 8, 4, 5)
    found = module(x)
    columns, rows = (found.locations[0] * torch.tensor([5.0, 4])).unbind(dim=1)
    for k in range(3):
        row, column = int(rows[k]), int(columns[k])
        assert rows[k] - row == columns[k] - column == 0.5
        torch.testing.assert_close(found.features[0, k], x[0, :, row, column])
        grid = module.position(torch.Size([4, 5])).reshape(4, 5, 8)
        torch.testing.assert_close(found.positions[0, k], grid[row, column])
    torch.testing.assert_close(found.features[0, 3:], module.auxiliary.weight)
    torch.testing.assert_close(found.positions[0, 3:], module.auxiliary_position.weight)


def test_positions_are_laid_out_row_by_row() -> None:
    position = PositionMap(2, 1)
    position.cells.weight.data = torch.tensor([[0.0], [1], [10], [11]])
    torch.testing.assert_close(
        position(torch.Size([2, 2])), torch.tensor([[[0.0], [1], [10], [11]]])
    )
    # between the cells' centres it rises linearly
    wide = position(torch.Size([2, 4])).reshape(2, 4)
    torch.testing.assert_close(wide[0], torch.tensor([0, 0.25, 0.75, 1]))
