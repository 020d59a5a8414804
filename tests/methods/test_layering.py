"""Layering: adjacency, its losses on scenes by hand, overlap completion, layers per class."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gains.methods.layering import LayeringSettings
from gains.methods.layering.losses import Layered, adjacent_pairs
from gains.methods.layering.model import Layering
from gains.models.contract import Target, Task
from helpers.models import scene
from helpers.tiny import tiny_settings


def masks_of(*rows: str) -> Tensor:
    """Return objects on one row of pixels, bool (N, 1, W)."""
    return torch.tensor([[[c == "#" for c in row]] for row in rows])


def logits_of(*layers: list[float]) -> Tensor:
    """Return the logits (L, 1, W) of activations, given layer by layer."""
    return torch.tensor(layers, dtype=torch.float64).logit()[:, None]


def squares(*corners: tuple[int, int], side: int = 4, size: int = 64) -> Tensor:
    masks = torch.zeros(len(corners), size, size, dtype=torch.bool)
    for mask, (y, x) in zip(masks, corners, strict=True):
        mask[y : y + side, x : x + side] = True
    return masks


def test_objects_are_adjacent_up_to_twice_the_radius() -> None:
    # the facing columns are 11 and 25, 14 px apart, and 11 and 26, 15 px apart
    for x, close in ((25, True), (26, False)):
        found = adjacent_pairs(squares((8, 8), (8, x)), 15)
        assert found.tolist() == [[False, close], [close, False]]
    # 14 is even: its disks have the radius 7 too; those of 13 have 6
    assert adjacent_pairs(squares((8, 8), (8, 25)), 14).any()
    assert not adjacent_pairs(squares((8, 8), (8, 25)), 13).any()


def test_overlapping_objects_are_adjacent_and_none_is_its_own_neighbour() -> None:
    found = adjacent_pairs(squares((8, 8), (9, 9), (50, 50)), 0)
    assert found.int().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert adjacent_pairs(torch.zeros(0, 5, 5, dtype=torch.bool), 15).shape == (0, 0)


# two layers; objects A on pixels 0 1 2, B on 2 3, C on 5; pixel 2 is shared, pixel 4 is background
MASKS = masks_of("###...", "..##..", ".....#")
E = ([0.6, 0.8, 0.9, 0.6, 0.2, 0.3], [0.8, 0.6, 0.9, 0.8, 0.7, 0.4])
# e / |e|: pixel 0 (.6, .8), 1 (.8, .6), 3 (.6, .8), 5 (.6, .8)
# mean of A (.7, .7), so mu_A = (1, 1) / sqrt 2; mu_B = mu_C = (.6, .8)
NEAR = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]]).bool()


def layered() -> Layered:
    return Layered.from_logits(logits_of(*E), MASKS)


def test_separation_by_hand() -> None:
    attracting, repelling, sparse = layered().separation(NEAR)
    # mu . e / |e| = 1.4 / sqrt 2 at both pixels of A, and 1 at B's and C's own pixels
    assert attracting.item() == pytest.approx(1 - (0.98 + 0.98 + 1 + 1) / 4)
    # (mu_A . mu_B)^2 = .98 and (mu_B . mu_C)^2 = 1; four ordered pairs
    assert repelling.item() == pytest.approx((2 * 0.98 + 2 * 1) / 4)
    # 1 - .8^2 at four of six pixels
    assert sparse.item() == pytest.approx(4 * 0.36 / 6)


def test_separation_by_the_papers_formulas() -> None:
    # pixel 1 doubled: e = (.4, .3) has the same direction, but counts less in the mean of e
    e = [list(layer) for layer in E]
    e[0][1], e[1][1] = 0.4, 0.3
    found = Layered.from_logits(logits_of(*e), MASKS).separation(NEAR, "paper")
    # mean of e over A: (.5, .55); |.|^2 = .5525; with (.6, .8): .74, with (.8, .6): .73
    first, second = 0.74**2 / 0.5525, 0.73**2 / 0.5525
    assert found[0].item() == pytest.approx(1 - (first + second + 1 + 1) / 4)
    # A has B; B has A and C; C has B
    assert found[1].item() == pytest.approx((first + (first + 1) / 2 + 1) / 3)
    # every own pixel has a largest direction of .8
    assert found[2].item() == pytest.approx(1 - 0.8)


def test_an_object_without_neighbours_counts_in_the_papers_mean_over_objects() -> None:
    alone = NEAR.clone()
    alone[2] = alone[:, 2] = False
    found = layered()
    assert found.separation(alone)[1].item() == pytest.approx(0.98)
    # mean of e of A is (.7, .7) here too
    assert found.separation(alone, "paper")[1].item() == pytest.approx(2 * 0.98 / 3)


def test_covered_objects_repel_nothing() -> None:
    """The second object has no pixel of its own, so it has no direction."""
    found = Layered.from_logits(logits_of([0.6] * 4, [0.8] * 4), masks_of("####", ".##.", "...#"))
    everything = ~torch.eye(3, dtype=torch.bool)
    # pixel 3 is shared, so the third object has none of its own either
    assert found.separation(everything)[1].item() == 0
    assert found.layers.tolist() == [1, 0, 0]


def test_nothing_to_learn_gives_zeros_with_a_gradient() -> None:
    logits = logits_of(*E).requires_grad_()
    for formulas in ("program", "paper"):
        found = Layered.from_logits(logits, MASKS[:0])
        total = sum(found.separation(torch.zeros(0, 0).bool(), formulas)) + found.overlap()
        assert total.item() == 0
        total.backward()
        assert not logits.grad.any()


def test_overlap_by_hand() -> None:
    """A and B get the second layer by a tie and by .8; C gets it too, so the first should be empty.

    The prediction at pixel 4 (background) does not count: else the loss would differ.
    """
    e = ([0.5, 0.8, 0.9, 0.6, 0.2, 0.3], [0.9, 0.6, 0.9, 0.8, 0.7, 0.4])
    found = Layered.from_logits(logits_of(*e), MASKS)
    assert found.layers.tolist() == [1, 1, 1]
    agreed, predicted = 0.9 + 0.6 + 0.9 + 0.8 + 0.4, 0.5 + 0.8 + 0.9 + 0.6 + 0.3
    expected = 1 - (2 * agreed + 1) / (5 + agreed + predicted + 1)
    assert found.overlap().item() == pytest.approx(expected)


def test_overlapping_objects_of_different_layers_are_whole_in_both() -> None:
    """With a perfect output only the 1 of the program is left of the loss, which is then 0."""
    masks = masks_of("####..", "..####")
    perfect = torch.stack([masks[0], masks[1]]).double().clamp(1e-12, 1 - 1e-12).logit()
    found = Layered.from_logits(perfect, masks)
    assert found.layers.tolist() == [0, 1]
    assert found.overlap().item() == pytest.approx(0, abs=1e-6)
    lacking = perfect.clone()
    lacking[:, 0, 2:4] = torch.tensor([[9.0, 9.0], [-50.0, -50.0]])
    # layer 1 lacks two of its four pixels: 2 * 6 + 1 of 8 + 6 + 1
    less = Layered.from_logits(lacking, masks).overlap().item()
    assert less == pytest.approx(1 - 13 / 15, abs=1e-3)


def test_the_layers_of_objects_have_no_gradient_but_the_activation_has() -> None:
    logits = logits_of(*E).requires_grad_()
    Layered.from_logits(logits, MASKS).overlap().backward()
    assert logits.grad is not None
    assert logits.grad[:, 0, 4].abs().sum() == 0  # background
    assert (logits.grad[:, 0, [0, 1, 2, 3, 5]] != 0).all()


def test_the_share_of_neighbours_in_one_layer() -> None:
    found = Layered.from_logits(
        logits_of([0.9, 0.9, 0.1], [0.1, 0.1, 0.9]), masks_of("#..", ".#.", "..#")
    )
    near = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]]).bool()
    assert found.share_same_layer(near) == 0.5
    assert math.isnan(found.share_same_layer(torch.zeros(3, 3).bool()))


def model(classes: int = 2, **changes: object) -> Layering:
    torch.manual_seed(0)
    settings = tiny_settings("layering").model_dump()
    return Layering(LayeringSettings.model_validate({**settings, **changes}), Task(classes, 10))


def test_losses_are_means_over_images_and_classes() -> None:
    made = model(adjacency_distance=60)
    image, target = scene(classes=2, objects=3)
    wide = torch.randint(0, 256, (3, 40, 64), dtype=torch.uint8)
    other = Target(target.boxes[:1], target.labels[:1], target.masks[:1, :40])
    found = made.losses([image, wide], [target, other], torch.Generator())
    made = model(adjacency_distance=60)
    expected: dict[str, Tensor] = {}
    for logits, truth in zip(made.logits([image, wide]), (target, other), strict=True):
        for k in range(2):
            masks = truth.masks[truth.labels == k].bool()
            own = Layered.from_logits(logits["layers"][8 * k : 8 * k + 8], masks)
            terms = own.separation(adjacent_pairs(masks, 60))
            union = masks.any(dim=0).float()
            plain = torch.nn.functional.binary_cross_entropy_with_logits(
                logits["foreground"][k], union
            )
            names = ("foreground", "attracting", "repelling", "sparse", "overlap")
            values = (plain, terms[0], terms[1], 0.1 * terms[2], own.overlap())
            for name, value in zip(names, values, strict=True):
                expected[name] = expected.get(name, torch.zeros(())) + value / 4
    assert found.keys() == {f"loss_{name}" for name in expected}
    for name, value in expected.items():
        torch.testing.assert_close(found[f"loss_{name}"], value)


def test_objects_of_different_classes_do_not_repel() -> None:
    image, target = scene(classes=2, objects=2)  # 4 px apart, of different classes
    assert model().losses([image], [target], torch.Generator())["loss_repelling"].item() == 0
    same = Target(target.boxes, torch.zeros(2, dtype=torch.int64), target.masks)
    assert model().losses([image], [same], torch.Generator())["loss_repelling"].item() > 0.01


def test_without_completion_no_overlap_is_learnt_and_nothing_else_changes() -> None:
    image, target = scene()
    whole = model().losses([image], [target], torch.Generator())
    first = model(completion=False).losses([image], [target], torch.Generator())
    assert whole.keys() - first.keys() == {"loss_overlap"}
    assert {k: v.item() for k, v in first.items()}.items() <= {
        k: v.item() for k, v in whole.items()
    }.items()
    heavy = model(overlap_weight=3.0).losses([image], [target], torch.Generator())
    assert heavy["loss_overlap"].item() == pytest.approx(3 * whole["loss_overlap"].item())


def test_repulsion_has_a_weight() -> None:
    image, target = scene(objects=3)
    once, thrice = (
        model(adjacency_distance=60, repelling_weight=weight).losses(
            [image], [target], torch.Generator()
        )
        for weight in (1.0, 3.0)
    )
    assert thrice.pop("loss_repelling").item() == pytest.approx(3 * once["loss_repelling"].item())
    assert all(thrice[name] == once[name] for name in thrice)


def test_covered_objects_are_named_unless_overlaps_are_learnt() -> None:
    masks = squares((8, 8), (8, 8), (30, 30))
    masks[1, 8:20, 8:20] = True  # the second object covers the first, of the same class
    target = Target(torch.zeros(3, 4), torch.tensor([0, 0, 1]), masks.to(torch.uint8))
    assert model(completion=False).unlearnt(target).tolist() == [True, False, False]
    assert not model().unlearnt(target).any()
    assert model(overlap_weight=0).unlearnt(target).tolist() == [True, False, False]
    target.labels[0] = 1  # objects of different classes take no pixels from each other
    assert not model(completion=False).unlearnt(target).any()


def test_objects_belong_to_the_class_of_their_foreground_and_layers() -> None:
    made = model(layers=2, min_area=0)
    foreground = torch.full((2, 6, 8), -9.0)
    foreground[0, :, :3] = foreground[1, :, 4:] = 9.0
    layers = torch.full((4, 6, 8), -9.0)
    layers[0, :3] = layers[1, 3:] = layers[2] = 9.0
    outputs = {
        "foreground": foreground.sigmoid().numpy(),
        "layers": layers.sigmoid().numpy(),
    }
    found = made.objects(outputs)
    assert [[(c.top, c.left, c.mask.shape) for c in part] for part in found] == [
        [(0, 0, (3, 3)), (3, 0, (3, 3))],
        [(0, 4, (6, 4))],
    ]


def test_the_share_of_an_image_changes_no_norm() -> None:
    made, (image, target) = model(classes=1, adjacency_distance=60).train(), scene(classes=1)
    before = {name: value.clone() for name, value in made.state_dict().items()}
    assert 0 <= made.share_same_layer([image], [target]) <= 1
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    assert made.training
