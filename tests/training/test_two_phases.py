"""Trainings that start from the model of another training."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.config.recipe import StartSettings
from gains.methods.run_settings import RunSettings
from gains.models import checkpoint
from gains.prediction.model_file import settings_in
from gains.support.files import read_json, sha256
from gains.training.job import Job
from gains.training.train import train
from helpers.tiny import Tiny, job_of, settings_of
from helpers.training import weights

SMALL: dict[str, Any] = {"iterations": 2, "train_sizes": [32], "test_size": 32}


def second_settings(first: RunSettings, lr: float) -> RunSettings:
    """Return the settings of a second phase, which has no decay and nearly no learning rate."""
    named = StartSettings(method="mask_rcnn")
    still = settings_of("mask_rcnn", **SMALL, lr=lr, weight_decay=0, start_from=named)
    return replace(still, start=first)


@pytest.fixture
def first(tiny: Tiny, tmp_path: Path) -> Job:
    """A finished training."""
    job = job_of(tiny, tmp_path / "first", settings_of("mask_rcnn", **SMALL))
    train(job)
    return job


def second(tiny: Tiny, first: Job, folder: Path, lr: float = 1e-30) -> Job:
    return replace(job_of(tiny, folder, second_settings(first.settings, lr)), start=first.out)


def furthest(one: Job, other: Job) -> float:
    """Return the largest difference between the values of two models."""
    a, b = weights(one.out), weights(other.out)
    assert a.keys() == b.keys()
    return max(float((a[name].double() - b[name].double()).abs().max()) for name in a)


def test_the_second_phase_starts_at_the_weights_of_the_first(
    tiny: Tiny, first: Job, tmp_path: Path
) -> None:
    """Steps of about 1e-30 change no float32 value but 0, so the end is where the start was."""
    job = second(tiny, first, tmp_path / "second")
    train(job)
    assert furthest(job, first) < 1e-25
    moved = second(tiny, first, tmp_path / "moved", lr=0.01)
    train(moved)
    assert furthest(moved, first) > 1e-6
    record = read_json(tmp_path / "second/run.json")
    assert record["inputs"]["start"] == sha256(first.out)
    count = len(weights(first.out))
    assert record["start_from"] == {"taken_over": count, "values": count, "drawn_anew": []}
    assert record["settings"]["start"] == first.settings.recorded_json()
    assert "start_from" not in record["settings"]["recipe"]
    # the model can be read without that of the first phase
    start = settings_in(checkpoint.load_model(job.out), job.out).start
    assert start is not None and start.recorded_json() == first.settings.recorded_json()


def test_another_model_of_the_first_phase_is_another_training(
    tiny: Tiny, first: Job, tmp_path: Path
) -> None:
    job = second(tiny, first, tmp_path / "second")
    train(job)
    train(replace(first, seed=1))
    train(job)
    assert furthest(job, first) < 1e-25


def test_a_model_of_other_settings_is_refused(tiny: Tiny, first: Job, tmp_path: Path) -> None:
    other = settings_of("mask_rcnn", **{**SMALL, "iterations": 1})
    job = replace(second(tiny, first, tmp_path / "second"), settings=second_settings(other, 1e-30))
    message = "first/model.pt: this model was trained with other settings (recipe) than those"
    with pytest.raises(ValueError, match=re.escape(message)):
        train(job)


def test_a_model_of_another_method_is_named(tiny: Tiny, first: Job, tmp_path: Path) -> None:
    settings = replace(second_settings(first.settings, 1e-30), start=settings_of("pisa", **SMALL))
    job = replace(second(tiny, first, tmp_path / "second"), settings=settings)
    message = "first/model.pt: this is a model of mask_rcnn, but the training starts from a run of"
    with pytest.raises(ValueError, match=re.escape(message)):
        train(job)


def test_a_model_is_given_exactly_if_the_settings_name_its_run(
    tiny: Tiny, first: Job, tmp_path: Path
) -> None:
    job = second(tiny, first, tmp_path / "second")
    with pytest.raises(ValueError, match="which is not given; give its file with --start"):
        train(replace(job, start=None))
    with pytest.raises(ValueError, match="first/model.pt: the settings name no run"):
        train(replace(job, settings=first.settings))
    with pytest.raises(FileNotFoundError, match="starts from this model of another run; train"):
        train(replace(job, start=tmp_path / "missing.pt"))
