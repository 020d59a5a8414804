"""What the loop gives to a model, and one step by hand."""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

import gains
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import read_coco
from gains.models import checkpoint
from gains.support.files import settings_hash, sha256
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


def job_in(data: Tiny, folder: Path, seed: int = 0, fold: int = 0, **recipe: Any) -> Job:
    settings = recorder_settings(**{**RECIPE, **recipe})
    return Job(
        settings, data.coco, data.split, None, seed, fold, folder / "model.pt", folder / "scratch"
    )


def run(data: Tiny, folder: Path, seed: int = 0, fold: int = 0, **recipe: Any) -> None:
    training.train(job_in(data, folder, seed, fold, **recipe))


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


def test_a_run_is_put_on_record(built: list[Recorder], data: Tiny, tmp_path: Path) -> None:
    job = replace(job_in(data, tmp_path, seed=2, fold=1), name="a run", code="the code")
    training.train(job)
    settings = job.settings.training_json()
    assert "max_detections" not in settings
    record = json.loads((tmp_path / "run.json").read_text())
    assert record.pop("seconds") >= 0
    assert list(record.pop("memory_mb")) == ["host"]
    assert record == {
        "name": "a run",
        "settings": settings,
        "settings_hash": settings_hash(settings),
        "seed": 2,
        "fold": 1,
        "code": "the code",
        "inputs": {
            "coco": sha256(data.coco),
            "images": sha256(data.coco.with_suffix(".zip")),
            "split": sha256(data.split),
        },
        "weights": None,
        "device": platform.machine(),
        "device_type": "cpu",
        "versions": {
            "gains": gains.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "images": 4,
        "iterations": 6,
    }
    model = checkpoint.load_model(job.out)
    assert list(model.pop("state")) == ["body.weight", "head.weight"]
    samples = training.samples_of_job(job, read_coco(job.coco), torch.device("cpu"))
    assert model.pop("scale") == samples.scale().model_dump()
    assert model == {
        "format": 1,
        "gains": gains.__version__,
        "settings": settings,
        "categories": {"3": "low", "8": "high"},
        "seed": 2,
    }


def test_a_training_prepares_model_threads_and_lock(
    built: list[Recorder], data: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    build = training.build_model

    def evaluating(settings: Any, categories: list[int], seed: int, start: Path | None) -> Any:
        asked.append(categories)
        return build(settings, categories, seed, start).eval()

    @contextlib.contextmanager
    def lock(path: Path, _message: str) -> Iterator[None]:
        asked.append(path)
        yield

    monkeypatch.setattr(training, "build_model", evaluating)
    monkeypatch.setattr("gains.training.scratch.waiting_lock", lock)
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    run(data, tmp_path, seed=7, threads=2)
    locks = [tmp_path / ".scratch.queue", tmp_path / ".scratch.lock"]
    assert asked == [2, *locks, [3, 8]]
    assert built[0].modes == [True] * 6


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
    built: list[Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail(f"GPU: {seed}"))
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


@pytest.mark.parametrize("amp", [True, False])
def test_mixed_precision_is_bfloat16(data: Tiny, amp: bool) -> None:
    class Multiplying(Recorder):
        """A recorder that notes the type of a product of matrices."""

        def losses(self, *arguments: Any) -> dict[str, torch.Tensor]:
            types.append((self.body.weight @ self.body.weight).dtype)
            return super().losses(*arguments)

    types: list[torch.dtype] = []
    samples, recipe = samples_of(data, maps=False), RecipeSettings(batch_size=1, amp=amp)
    model = Multiplying()
    optimiser = make_optimiser(model, recipe, model.encoder)
    step(model, optimiser, [samples[0]], recipe, torch.Generator(), torch.device("cpu"))
    assert types == [torch.bfloat16 if amp else torch.float32]
