"""Trainings that are refused or stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gains.config.maps import MapSettings
from gains.training import train as training
from gains.training.step import step
from helpers.tiny import Tiny, job_of, make_tiny, settings_of


def test_a_loss_that_is_not_finite_names_the_images(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))

    def broken(*args: Any) -> dict[str, torch.Tensor]:
        return {"loss_mask": torch.tensor(float("nan"))}

    monkeypatch.setattr(training, "step", broken)
    with pytest.raises(ValueError, match=r"iteration 0: the loss is not finite .*cells-\d+\.png"):
        training.train(job)
    assert not job.out.exists()


def test_a_batch_norm_with_a_single_value_names_the_image_and_what_to_do(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))

    def losses(*_: Any) -> dict[str, torch.Tensor]:
        return {"loss": torch.nn.BatchNorm2d(2)(torch.zeros(1, 2, 1, 1)).sum()}

    monkeypatch.setattr("gains.detection.two_stage.TwoStageDetector.losses", losses)
    message = r"a batch norm has a single value .* cells-\d+\.png of \d+ x \d+ px.*`norm: gn`"
    with pytest.raises(ValueError, match=message):
        training.train(job)


def test_maps_of_another_data_set_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    other = make_tiny(tmp_path, "synthetic-chromosomes", images=5)
    job = job_of(tiny, tmp_path / "run", settings_of("gains"))
    wrong = replace(job, maps=other.maps)
    with pytest.raises(ValueError, match="no map of annotation"):
        training.train(wrong)


def test_a_split_of_another_data_set_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    other = make_tiny(tmp_path, "synthetic-chromosomes", images=5)
    job = job_of(tiny, tmp_path / "run", settings_of("mask_rcnn"))
    wrong = replace(job, split=other.split)
    with pytest.raises(ValueError, match="the split belongs to another data set"):
        training.train(wrong)


def test_maps_of_other_settings_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    settings = settings_of("gains")
    settings = replace(settings, maps=MapSettings(window_size=4))
    with pytest.raises(ValueError, match="made with isbi-t1-w3.*expects isbi-t1-w4"):
        training.train(job_of(tiny, tmp_path, settings))


def test_weights_that_are_not_finite_are_no_model(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def last_one_breaks(model: Any, *rest: Any) -> Any:
        losses = step(model, *rest)
        with torch.no_grad():
            model.proposals.conv.bias.fill_(float("inf"))
        return losses

    monkeypatch.setattr(training, "step", last_one_breaks)
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", iterations=1))
    with pytest.raises(ValueError, match="weights are not finite"):
        training.train(job)
    assert not job.out.exists()


def test_missing_maps_are_asked_for(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("gains"))
    with pytest.raises(ValueError, match="--maps"):
        training.train(replace(job, maps=None))


def test_cuda_that_is_not_there_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", device="cuda"))
    with pytest.raises(ValueError, match="finds no GPU"):
        training.train(job)
