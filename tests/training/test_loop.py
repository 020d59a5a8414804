"""What the loop gives to a model, and one step by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from gains.config.recipe import RecipeSettings
from gains.training import train as training
from gains.training.job import Job
from gains.training.optimiser import make_optimiser
from gains.training.samples import Samples
from gains.training.step import step
from gains.training.train import build_model
from helpers.colours import coloured
from helpers.recorder import Recorder, recorder_settings, recorders
from helpers.tiny import Tiny
from helpers.training import samples_of

RECIPE: dict[str, Any] = {
    "iterations": 6,
    "batch_size": 2,
    "lr": 0.1,
    "backbone_lr_factor": 0.5,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "warmup_iterations": 2,
    "warmup_factor": 0.1,
    "milestones": [4],
    "train_sizes": [40],
    "test_size": 40,
    "max_size": 60,
}


@pytest.fixture
def built() -> Iterator[list[Recorder]]:
    with recorders() as models:
        yield models


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return coloured(tmp_path_factory.mktemp("coloured"))


def run(data: Tiny, folder: Path, seed: int = 0, fold: int = 0, **recipe: Any) -> None:
    settings = recorder_settings(**{**RECIPE, **recipe})
    job = Job(
        settings, data.coco, data.split, None, seed, fold, folder / "model.pt", folder / "scratch"
    )
    training.train(job)


def blues(model: Recorder) -> set[float]:
    """Return the blue of all images that a model has seen: 10 more for each image."""
    return {image[2, -1, -1].item() for batch in model.images for image in batch}


def test_rates_follow_the_schedule_and_the_factor_of_the_encoder(
    built: list[Recorder], data: Tiny, tmp_path: Path
) -> None:
    """Gradients are 3 and 4, so that the sum of the rates can be read from the weights."""
    run(data, tmp_path)
    (model,) = built
    # a tenth, then half way up, twice the whole, twice a tenth of it
    rates = [0.01, 0.055, 0.1, 0.1, 0.01, 0.01]
    lines = (tmp_path / "losses.csv").read_text().splitlines()[1:]
    assert [float(line.split(",")[1]) for line in lines] == pytest.approx(rates)
    found = (model.body.weight.item(), model.head.weight.item())
    body, head = model.first
    assert found == pytest.approx((body - 3 * 0.5 * sum(rates), head - 4 * sum(rates)), abs=1e-5)
    assert model.modes == [True] * 6


def test_a_model_learns_the_training_part_of_its_fold(
    built: list[Recorder], data: Tiny, tmp_path: Path
) -> None:
    for fold in (0, 1):
        run(data, tmp_path / str(fold), fold=fold)
    assert blues(built[0]) == {10, 20, 30, 40}
    assert blues(built[1]) == {30, 40, 50, 60}


def test_every_iteration_and_every_seed_draw_their_own_numbers(
    built: list[Recorder], data: Tiny, tmp_path: Path
) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(data, tmp_path / name, seed=seed)
    one, again, other = built
    assert one.draws == again.draws
    assert len({*one.draws, *other.draws}) == 12
    assert one.first == again.first
    assert one.first != other.first


def test_initial_weights_come_from_the_seed_and_leave_the_global_state_alone(
    built: list[Recorder],
) -> None:
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    for seed in (0, 0, 1):
        build_model(recorder_settings(), [1], seed)
    assert torch.equal(torch.rand(1), wanted)
    assert built[0].first == built[1].first != built[2].first


def fallen(samples: Samples, steps: int, **recipe: Any) -> list[float]:
    """Return by how much a recorder's two weights fall in some steps at a rate of 1."""
    settings = RecipeSettings.model_validate(
        {"lr": 1.0, "momentum": 0.0, "weight_decay": 0.0, "batch_size": 2, **recipe}
    )
    model = Recorder()
    optimiser = make_optimiser(model, settings, model.encoder)
    batch = [samples[0], samples[1]]
    for _ in range(steps):
        losses = step(model, optimiser, batch, settings, torch.Generator(), torch.device("cpu"))
    assert set(losses) == {"a", "b"}
    return [a - b.weight.item() for a, b in zip(model.first, (model.body, model.head), strict=True)]


@pytest.mark.parametrize(
    ("steps", "recipe", "wanted"),
    [
        (1, {}, [3, 4]),
        # gradients do not add up over steps
        (2, {}, [6, 8]),
        # momentum: 3 + (3 + 0.5 * 3)
        (2, {"momentum": 0.5}, [7.5, 10]),
        # the norm of (3, 4) is 5
        (1, {"clip_norm": 1.0}, [0.6, 0.8]),
        (1, {"clip_norm": 10.0}, [3, 4]),
        # halves of a batch are averaged before they are clipped
        (1, {"accumulate": 2}, [3, 4]),
        (1, {"accumulate": 2, "clip_norm": 1.0}, [0.6, 0.8]),
    ],
)
def test_steps_by_hand(data: Tiny, steps: int, recipe: dict[str, Any], wanted: list[float]) -> None:
    found = fallen(samples_of(data, maps=False, train_sizes=(40,)), steps, **recipe)
    assert found == pytest.approx(wanted, abs=1e-4)
