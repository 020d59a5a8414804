"""One-to-one assignment and its costs, against brute force and explicit loops."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
import torch.nn.functional as F

from gains.methods.fastinst.assignment import assign_one_to_one, mask_costs, smoothed_dice_loss


def least(cost: torch.Tensor) -> float:
    """Return the least total over all ways to give each object, or each prediction, a partner."""
    if cost.shape[0] < cost.shape[1]:
        cost = cost.T
    return min(
        sum(cost[q, n].item() for n, q in enumerate(chosen))
        for chosen in permutations(range(cost.shape[0]), cost.shape[1])
    )


@pytest.mark.parametrize("shape", [(6, 3), (4, 4), (3, 6), (5, 1), (1, 5)])
def test_assignment_equals_brute_force(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(sum(shape))
    costs = [torch.randn(shape, generator=generator) for _ in range(4)]
    for cost, (predictions, objects) in zip(costs, assign_one_to_one(costs), strict=True):
        assert len(predictions) == len(objects) == min(shape)
        assert len(set(predictions.tolist())) == len(set(objects.tolist())) == min(shape)
        assert cost[predictions, objects].sum().item() == pytest.approx(least(cost), abs=1e-5)


def test_the_cheapest_pair_gives_way_to_the_cheapest_whole() -> None:
    # greedy would take (0, 0) for 1 and pay 10 for the rest
    cost = torch.tensor([[1.0, 2.0], [2.0, 10.0], [9.0, 9.0]])
    ((predictions, objects),) = assign_one_to_one([cost])
    assert objects.tolist() == [0, 1]
    assert predictions.tolist() == [1, 0]


def test_matrices_of_several_sizes_are_solved_apart() -> None:
    costs = [torch.eye(2), torch.zeros(3, 0), -torch.eye(3), torch.zeros(0, 2)]
    found = [(q.tolist(), n.tolist()) for q, n in assign_one_to_one(costs)]
    assert found == [([1, 0], [0, 1]), ([], []), ([0, 1, 2], [0, 1, 2]), ([], [])]
    assert assign_one_to_one([]) == []


def test_assigned_objects_are_in_ascending_order() -> None:
    costs = [torch.rand(9, 5, generator=torch.Generator().manual_seed(k)) for k in range(5)]
    for _, objects in assign_one_to_one(costs):
        assert objects.tolist() == [0, 1, 2, 3, 4]


def test_a_cost_that_is_not_finite_is_left_to_the_losses() -> None:
    ((predictions, _),) = assign_one_to_one(
        [torch.tensor([[float("nan"), float("inf")], [1.0, 5.0]])]
    )
    # nan counts as 0 and inf as huge
    assert predictions.tolist() == [0, 1]


def test_mask_costs_equal_a_loop_over_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 4, 7, generator=generator)
    truth = torch.rand(3, 7, generator=generator)
    entropy, dice = mask_costs(logits, truth)
    assert entropy.shape == dice.shape == (2, 4, 3)
    for head in range(2):
        for q in range(4):
            for n in range(3):
                x, t = logits[head, q], truth[n]
                expected = F.binary_cross_entropy_with_logits(x, t)
                torch.testing.assert_close(entropy[head, q, n], expected)
                p = x.sigmoid()
                by_hand = 1 - (2 * sum(p * t) + 1) / (sum(p) + sum(t) + 1)
                torch.testing.assert_close(dice[head, q, n], by_hand)


def test_mask_costs_without_objects() -> None:
    entropy, dice = mask_costs(torch.randn(4, 7), torch.zeros(0, 7))
    assert entropy.shape == dice.shape == (4, 0)


def test_dice_loss_by_hand() -> None:
    sure = torch.tensor([[20.0, 20, -20, -20], [0.0, 0, 0, 0]])
    truth = torch.tensor([[1.0, 0, 0, 0], [1.0, 1, 1, 1]])
    # p = 1 1 0 0 against 1 0 0 0: 1 - (2 + 1) / (2 + 1 + 1); p = 1/2 against 1: 1 - 5 / 7
    torch.testing.assert_close(smoothed_dice_loss(sure, truth), torch.tensor([1 / 4, 2 / 7]))
    # a correct empty mask costs nothing
    assert smoothed_dice_loss(torch.full((1, 9), -30.0), torch.zeros(1, 9)).item() == pytest.approx(
        0
    )
