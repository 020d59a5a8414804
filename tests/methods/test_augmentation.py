"""Every method learns from augmented samples, whatever their sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.config.augmentation import TRANSFORMS
from gains.methods import METHODS
from gains.models.checkpoint import load_model
from gains.training.train import train
from helpers.tiny import Tiny, job_of, settings_of

LIST = [{"name": name, "p": 1.0} for name in TRANSFORMS]


@pytest.mark.parametrize("method", METHODS.names())
def test_a_method_trains_with_every_transform(tiny: Tiny, tmp_path: Path, method: str) -> None:
    settings = settings_of(method, iterations=2, train_sizes=[50, 71], augmentations=LIST)
    train(job_of(tiny, tmp_path, settings))
    assert load_model(tmp_path / "model.pt")["settings"]["recipe"]["augmentations"][0] == {
        "name": "rotation",
        "p": 1.0,
        "degrees": [-180.0, 180.0],
    }
