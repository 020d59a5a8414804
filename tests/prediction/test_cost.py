"""The cost of a model: its size, its work per image, its time and memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gains.prediction.cost import measure_cost
from gains.prediction.predictor import Predictor
from gains.support.files import write_json
from gains.training.train import train
from helpers.tiny import job_of, make_tiny, settings_of


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    job = job_of(make_tiny(folder), folder, settings_of("mask_rcnn", iterations=1))
    train(job)
    return job.out


def test_the_cost_of_a_model(model: Path, tmp_path: Path) -> None:
    tiny, predictor = make_tiny(tmp_path), Predictor(model)
    write_json(
        model.with_name("run.json"), {"seconds": 12.5, "memory_mb": {"host": 900, "device": 70}}
    )
    found: Any = measure_cost(predictor, tiny.coco, tiny.split, 0)
    assert found["parameters"] == sum(p.numel() for p in predictor.model.parameters())
    # more than one product for each pixel and each channel of the first layer, whose stride is 2
    height, width = predictor.size((64, 64))
    assert found["multiply_adds"] > 7 * 7 * 3 * 8 * (height // 2) * (width // 2)
    again = measure_cost(predictor, tiny.coco, tiny.split, 0)
    assert again["multiply_adds"] == found["multiply_adds"]
    assert found["seconds_per_image"] > 0 and found["memory_mb"]["host"] > 100
    assert (found["training_seconds"], found["training_memory_mb"]["device"]) == (12.5, 70)


def test_a_model_without_the_record_of_its_training_is_refused(model: Path, tmp_path: Path) -> None:
    tiny = make_tiny(tmp_path)
    shutil.copy(model, tmp_path / "alone.pt")
    with pytest.raises(FileNotFoundError, match="run.json: no such file; it is written with"):
        measure_cost(Predictor(tmp_path / "alone.pt"), tiny.coco, tiny.split, 0)
