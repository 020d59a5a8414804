"""Validations during a training: when they happen, whose weights are kept, when training ends."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.config.prediction import ValidationSettings
from gains.models import checkpoint
from gains.training import train as training
from gains.training.job import Job
from gains.training.step import step
from helpers.colours import coloured
from helpers.recorder import Recorder, recorder_settings, recorders
from helpers.tiny import Tiny
from helpers.training import weights
from helpers.validations import Given, iterations_of

RATE = 0.1
RECIPE: dict[str, Any] = {
    "iterations": 6,
    "batch_size": 2,
    "lr": RATE,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "warmup_iterations": 0,
    "milestones": [],
    "train_sizes": [40],
    "test_size": 40,
    "max_size": 60,
    "checkpoint_every": 2,
}


class Killed(BaseException):
    """An exception that stands for SIGKILL: no code of the package catches it."""


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Recorder]]:
    # checkpoints are made whatever they cost
    monkeypatch.setattr("gains.training.checkpoint_timer.SHARE", 1e9)
    with recorders() as models:
        yield models


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return coloured(tmp_path_factory.mktemp("coloured"))


def job_in(data: Tiny, folder: Path, **recipe: Any) -> Job:
    settings = recorder_settings(**{**RECIPE, **recipe})
    if settings.recipe.validation_interval is not None:
        settings = replace(settings, validation=ValidationSettings(metric="mAP"))
    return Job(settings, data.coco, data.split, None, 0, 0, folder / "model.pt", folder / "scratch")


def run(data: Tiny, folder: Path, values: Sequence[float], **recipe: Any) -> list[int]:
    """Train with given values; return the iterations after which the model was validated."""
    given = Given(values, RATE)
    training.train(job_in(data, folder, **recipe), given)
    return given.calls


def kept_in(folder: Path, built: list[Recorder]) -> int:
    """Return the iteration whose weights the model file holds."""
    return iterations_of(built[-1], RATE, weights(folder / "model.pt"))


def curve(folder: Path) -> list[dict[str, str]]:
    with (folder / "validation.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def record(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "run.json").read_text()))


RISE_AND_FALL = [0.1, 0.3, 0.2, 0.6, 0.6, 0.5]


@pytest.mark.parametrize(
    ("recipe", "calls", "kept"),
    [
        ({"select": "best"}, [1, 2, 3, 4, 5, 6], 4),  # a tenth of 6 is less than 1
        ({"select": "best", "validate_every": 2}, [2, 4, 6], 4),
        ({"select": "best", "validate_every": 5}, [5, 6], 5),
        ({"select": "best", "validate_every": 3}, [3, 6], 6),
        ({"select": "best", "validate_every": 9}, [6], 6),
        ({"validate_every": 4}, [4, 6], 6),
    ],
)
def test_a_model_is_validated_in_time_and_the_first_of_the_best_is_kept(
    built: list[Recorder],
    data: Tiny,
    tmp_path: Path,
    recipe: dict[str, Any],
    calls: list[int],
    kept: int,
) -> None:
    assert run(data, tmp_path, RISE_AND_FALL, **recipe) == calls
    assert kept_in(tmp_path, built) == kept
    assert built[0].modes == [True] * 6  # between validations the model trains
    rows = curve(tmp_path)
    assert [int(row["iteration"]) for row in rows] == calls
    assert [float(row["value"]) for row in rows] == [RISE_AND_FALL[k - 1] for k in calls]
    assert [int(row["iteration"]) for row in rows if row["picked"] == "yes"] == [kept]
    block = record(tmp_path)["validation"]
    assert block.pop("seconds") >= 0
    assert block == {
        "select": recipe.get("select", "last"),
        "metric": "mAP",
        "score_threshold": 0.05,
        "images": 3,
        "validations": len(calls),
        "iteration": kept,
        "value": RISE_AND_FALL[kept - 1],
        "stopped_early": False,
    }
    assert record(tmp_path)["iterations"] == 6


@pytest.mark.parametrize(("last", "warned"), [(0.0, True), (0.1, False)])
def test_weights_that_no_validation_speaks_for_come_with_a_warning(
    built: list[Recorder],
    data: Tiny,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    last: float,
    warned: bool,
) -> None:
    run(data, tmp_path, [0.0] * 5 + [last], select="best", validate_every=2)
    message = "mAP is 0 in all 3 validations, so the weights of the first one, after iteration 2,"
    assert (message in caplog.text) is warned


def test_a_tenth_of_the_iterations_lies_between_validations(
    built: list[Recorder], data: Tiny, tmp_path: Path
) -> None:
    calls = run(data, tmp_path, [0.0] * 25, select="best", iterations=25)
    assert calls == [*range(2, 25, 2), 25]
    assert kept_in(tmp_path, built) == 2


def test_without_validation_nothing_speaks_of_it(
    built: list[Recorder], data: Tiny, tmp_path: Path
) -> None:
    training.train(job_in(data, tmp_path, validation_metric="AJI", validation_threshold=0.3))
    assert (tmp_path / "validation.csv").read_text() == (
        "iteration,metric,value,score_threshold,images,picked\n"
    )
    content = record(tmp_path)
    assert "validation" not in content
    names = {"select", "validate_every", "validation_metric", "validation_threshold"}
    names |= {"early_stopping", "validation"}
    for settings in (content["settings"], checkpoint.load_model(tmp_path / "model.pt")["settings"]):
        assert not names & {*settings, *settings["recipe"]}


@pytest.mark.parametrize(
    ("values", "patience", "last"),
    [
        (RISE_AND_FALL, 1, 3),  # 0.2 is no better than 0.3
        (RISE_AND_FALL, 2, 6),  # two after 0.6, of which one is equal to it
        ([0.5, 0.4, 0.5, 0.3, 0.9, 0.9], 3, 4),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 1, 6),
    ],
)
def test_a_training_ends_when_validations_improve_no_more(
    built: list[Recorder],
    data: Tiny,
    tmp_path: Path,
    values: list[float],
    patience: int,
    last: int,
) -> None:
    calls = run(data, tmp_path, values, select="best", validate_every=1, early_stopping=patience)
    assert calls == list(range(1, last + 1))
    best = max(range(last), key=lambda k: values[k])
    assert kept_in(tmp_path, built) == best + 1
    content = record(tmp_path)
    assert content["iterations"] == last
    assert content["validation"]["stopped_early"] is (last < 6)
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 1 + last


def kill_in_step(patch: pytest.MonkeyPatch, number: int) -> None:
    steps: list[int] = []

    def counted(*arguments: Any) -> Any:
        steps.append(1)
        if len(steps) == number:
            raise Killed
        return step(*arguments)

    patch.setattr(training, "step", counted)


class KilledIn(Given):
    """Given values; the process is killed in the validation after some iterations."""

    deadly = 0

    def __call__(self, model: Any) -> float:
        value = super().__call__(model)
        if self.calls[-1] == self.deadly:
            raise Killed
        return value


@pytest.mark.parametrize(
    ("step_number", "deadly", "again"),
    [
        (2, 0, [3, 6]),  # before any validation
        (4, 0, [3, 6]),  # after one, and before the next checkpoint
        (99, 3, [3, 6]),  # in the middle of one
        (6, 0, [6]),  # after a checkpoint that follows one
        (99, 6, [6]),
    ],
)
def test_a_killed_training_continues_its_validations(
    built: list[Recorder],
    data: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step_number: int,
    deadly: int,
    again: list[int],
) -> None:
    recipe = {"select": "best", "validate_every": 3}
    values = [0.0, 0.0, 0.7, 0.0, 0.0, 0.7]
    run(data, tmp_path / "whole", values, **recipe)
    job = job_in(data, tmp_path / "cut", **recipe)
    first = KilledIn(values, RATE)
    first.deadly = deadly
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_in_step(patch, step_number)
        training.train(job, first)
    second = Given(values, RATE)
    training.train(job, second)
    assert second.calls == again
    for name in ("model.pt", "validation.csv", "losses.csv"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "cut" / name).read_bytes() == whole, name
    assert kept_in(tmp_path / "cut", built) == 3


@pytest.mark.parametrize("killed", [3, 5])
def test_a_checkpoint_holds_the_validation_of_its_iteration_and_patience_goes_on(
    built: list[Recorder],
    data: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: int,
) -> None:
    """The best validation is the second; four others follow it before the training ends."""
    recipe = {"select": "best", "validate_every": 1, "early_stopping": 4, "iterations": 9}
    values = [0.1, 0.8, 0.3, 0.3, 0.3, 0.3, 0.9, 0.9, 0.9]
    job = job_in(data, tmp_path, **recipe)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_in_step(patch, killed)
        training.train(job, Given(values, RATE))
    done = killed // 2 * 2
    kept = checkpoint.load(job.scratch / "last.pt")
    assert (kept["iteration"], len(kept["validations"]["rows"])) == (done, done)
    second = Given(values, RATE)
    training.train(job, second)
    assert second.calls == list(range(done + 1, 7))
    assert record(tmp_path)["iterations"] == 6
    assert kept_in(tmp_path, built) == 2


def test_a_curve_changes_no_weights(built: list[Recorder], data: Tiny, tmp_path: Path) -> None:
    training.train(job_in(data, tmp_path / "a"))
    run(data, tmp_path / "b", RISE_AND_FALL, validate_every=2)
    (a, b) = (weights(tmp_path / name / "model.pt") for name in "ab")
    assert {name: value.tolist() for name, value in a.items()} == {
        name: value.tolist() for name, value in b.items()
    }


@pytest.mark.parametrize(
    ("recipe", "given", "message"),
    [
        ({"select": "best"}, None, "the recipe validates every 1 iterations, but .* none is given"),
        ({}, Given([], RATE), "the recipe does not validate, but .* one is given"),
    ],
)
def test_a_recipe_and_its_validation_belong_together(
    built: list[Recorder],
    data: Tiny,
    tmp_path: Path,
    recipe: dict[str, Any],
    given: Given | None,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        training.train(job_in(data, tmp_path, **recipe), given)
