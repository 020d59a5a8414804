"""Thresholds decide which detections are kept, and change no weight of a model."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from gains.methods import METHODS
from gains.prediction.predict import predict_split
from gains.prediction.predictor import Predictor
from gains.support.files import read_json, sha256
from gains.training.train import train
from helpers.tiny import Tiny, job_of, settings_of


def changes_of(method: str) -> dict[str, float]:
    """Return extreme settings of prediction, of those that a method has."""
    fields = METHODS.get(method).settings.model_fields
    extreme = {"score_threshold": 0.99, "nms": 0.01}
    return {"max_detections": 1, **{k: v for k, v in extreme.items() if k in fields}}


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_training_reads_no_threshold(method: str, tiny: Tiny, tmp_path: Path) -> None:
    settings = settings_of(method, iterations=2)
    for name, chosen in (
        ("plain", settings),
        ("strict", settings.with_prediction(changes_of(method))),
    ):
        (tmp_path / name).mkdir()
        train(job_of(tiny, tmp_path / name, chosen))
    assert sha256(tmp_path / "plain/model.pt") == sha256(tmp_path / "strict/model.pt")
    settings_in_record = read_json(tmp_path / "strict/run.json")["settings"]
    assert "max_detections" not in settings_in_record
    assert not {"score_threshold", "nms"} & settings_in_record["method"].keys()


@pytest.fixture(scope="module")
def model(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = job_of(tiny, tmp_path_factory.mktemp("run"), settings_of("mask_rcnn", iterations=20))
    train(job)
    return job.out


def scores_of(tiny: Tiny, model: Path, out: Path, **changes: float) -> list[float]:
    predictor = Predictor(model, changes=changes)
    predict_split(predictor, tiny.coco, tiny.split, "test", 0, out)
    return [entry["score"] for entry in read_json(out)]


def test_one_model_is_predicted_with_many_thresholds(
    tiny: Tiny, model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loose = scores_of(tiny, model, tmp_path / "loose.json", score_threshold=0.0)
    middle = sorted(loose)[len(loose) // 2]
    strict = scores_of(tiny, model, tmp_path / "strict.json", score_threshold=middle)
    assert len(strict) < len(loose)
    assert min(strict) > middle >= min(loose)
    assert "max_detections" not in caplog.text
    with caplog.at_level(logging.WARNING):
        one = scores_of(tiny, model, tmp_path / "one.json", score_threshold=0.0, max_detections=1)
    images = read_json(tmp_path / "one.images.json")["images"]
    assert len(one) == len(images)
    assert f"{len(images)} of {len(images)} images have 1 detections" in caplog.text


def test_the_list_of_images_says_how_they_were_predicted(
    tiny: Tiny, model: Path, tmp_path: Path
) -> None:
    scores_of(tiny, model, tmp_path / "p.json", score_threshold=0.3, max_detections=40)
    info = read_json(tmp_path / "p.images.json")["info"]
    assert info["prediction"] == {"score_threshold": 0.3, "nms": 0.5, "max_detections": 40}
    assert info["model_sha256"] == sha256(model)
    assert info["versions"]["torch"] == torch.__version__
