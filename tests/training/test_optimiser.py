"""Learning rate and weight decay."""

from __future__ import annotations

import pytest
import torch

from gains.config.recipe import RecipeSettings
from gains.training.optimiser import learning_rate, make_optimiser


def test_learning_rate_by_hand() -> None:
    recipe = RecipeSettings(
        lr=0.1, warmup_iterations=10, warmup_factor=0.1, milestones=(20, 30), gamma=0.1
    )
    found = [learning_rate(recipe, i) for i in (0, 5, 10, 19, 20, 30)]
    assert found == pytest.approx([0.01, 0.055, 0.1, 0.1, 0.01, 0.001])


def test_the_rate_drops_in_the_warm_up_too() -> None:
    recipe = RecipeSettings(
        lr=1.0, warmup_iterations=10, warmup_factor=0.2, milestones=(5,), gamma=0.1
    )
    # 0.2 and 0.8 of the way from there to 1: 0.36 before the drop, 0.84 after it
    found = [learning_rate(recipe, i) for i in (2, 8)]
    assert found == pytest.approx([0.36, 0.084])


def test_the_rate_drops_at_equal_intervals() -> None:
    recipe = RecipeSettings(lr=1e-4, warmup_iterations=0, milestones=(), decay_every=10, gamma=0.9)
    found = [learning_rate(recipe, i) for i in (0, 9, 10, 19, 20, 35)]
    assert found == pytest.approx([1e-4, 1e-4, 9e-5, 9e-5, 8.1e-5, 7.29e-5])


def test_norms_are_not_decayed_and_biases_are() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.GroupNorm(2, 4))
    decayed, plain = make_optimiser(model, RecipeSettings(weight_decay=0.1)).param_groups
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 3, 1, 1), (4,)]
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)
    assert len(plain["params"]) == 2


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.BatchNorm2d(4),
        torch.nn.GroupNorm(2, 4),
        torch.nn.LayerNorm(4),
        torch.nn.Embedding(4, 1),
    ],
)
def test_layers_that_are_not_decayed(layer: torch.nn.Module) -> None:
    (group,) = make_optimiser(layer, RecipeSettings(weight_decay=0.1)).param_groups
    assert group["weight_decay"] == 0.0


def one_weight(value: float = 2.0) -> torch.nn.Linear:
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, value)
    return model


@pytest.mark.parametrize(
    ("optimiser", "wanted"),
    [
        # 2 - 0.1 (5 + 0.5 * 2) = 1.4, then 1.4 - 0.1 (5 + 0.5 * 1.4 + 0.8 * 6)
        ("sgd", [1.4, 0.35]),
        # the decay does not pass the moments: 2 (1 - 0.1 * 0.5) - 0.1, then the same again
        ("adamw", [1.8, 1.61]),
        # gradients 5 + 0.5 * 2 = 6 and 5 + 0.5 * 1.683772 = 5.841886; of their squares a tenth is
        # new: roots of 3.6 and 0.9 * 3.6 + 3.412763 = 6.652763, which are 1.897367 and 2.579295;
        # 2 - 0.1 * 6 / 1.897367, then 1.683772 - 0.1 * 5.841886 / 2.579295
        ("rmsprop", [1.683772, 1.457281]),
    ],
)
def test_two_steps_of_each_optimiser_by_hand(optimiser: str, wanted: list[float]) -> None:
    model = one_weight()
    recipe = RecipeSettings.model_validate(
        {"optimiser": optimiser, "lr": 0.1, "momentum": 0.8, "weight_decay": 0.5}
    )
    made, found = make_optimiser(model, recipe), []
    for _ in range(2):
        model.weight.grad = torch.full((1, 1), 5.0)
        made.step()
        found.append(model.weight.item())
    assert found == pytest.approx(wanted, abs=1e-5)


def test_rmsprop_adds_the_constant_of_keras_to_the_root() -> None:
    """A gradient of 1e-7: the root of 0.1 * 1e-14 is 3.16228e-8, and 1e-7 is added to it."""
    model = one_weight(0.0)
    recipe = RecipeSettings(optimiser="rmsprop", lr=0.1, momentum=0.8, weight_decay=0.0)
    model.weight.grad = torch.full((1, 1), 1e-7)
    make_optimiser(model, recipe).step()
    assert model.weight.item() == pytest.approx(-0.1 / 1.316228, rel=1e-5)


def test_the_factor_of_the_encoder_is_that_of_its_parameters() -> None:
    model = torch.nn.ModuleDict({"body": one_weight(), "head": one_weight()})
    recipe = RecipeSettings(lr=0.1, backbone_lr_factor=0.25)
    groups = make_optimiser(model, recipe, "body.").param_groups
    factors = {id(p): (g["factor"], g["lr"]) for g in groups for p in g["params"]}
    for name, wanted in (("body", 0.25), ("head", 1.0)):
        weight = model[name].get_parameter("weight")
        assert factors[id(weight)] == pytest.approx((wanted, 0.1 * wanted))


def test_groups_of_a_small_model_by_hand() -> None:
    """Each trained parameter is in one group; its decay does not depend on the factor."""
    body = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.GroupNorm(2, 4))
    model = torch.nn.ModuleDict({"body": body, "head": torch.nn.Linear(1, 1)})
    model.get_parameter("body.0.bias").requires_grad_(False)
    recipe = RecipeSettings(lr=0.1, weight_decay=0.2, backbone_lr_factor=0.25)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    found = {
        names[id(parameter)]: (group["weight_decay"], group["factor"], group["lr"])
        for group in make_optimiser(model, recipe, "body.").param_groups
        for parameter in group["params"]
    }
    assert found == {
        "body.0.weight": (0.2, 0.25, 0.025),
        "body.1.weight": (0.0, 0.25, 0.025),
        "body.1.bias": (0.0, 0.25, 0.025),
        "head.weight": (0.2, 1.0, 0.1),
        "head.bias": (0.2, 1.0, 0.1),
    }
