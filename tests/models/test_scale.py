"""The sizes of a training that its model file holds."""

from __future__ import annotations

from pathlib import Path

from gains.config.recipe import RecipeSettings
from gains.models import checkpoint
from gains.models.scale import training_scale
from gains.prediction.predictor import Predictor
from gains.training.train import train
from helpers.tiny import Tiny, job_of, settings_of


def test_the_scale_by_hand() -> None:
    recipe = RecipeSettings(train_sizes=(50, 100), test_size=100, max_size=150)
    images = [((200, 200), [20.0, 40.0]), ((100, 400), [80.0]), ((50, 60), [10.0])]
    scale = training_scale(images, recipe)
    # shown in a test at 100 / 200, at 150 / 400 for the long side, and at 100 / 50
    assert (scale.height, scale.width, scale.scale) == (200, 200, 0.5)
    assert (scale.smallest, scale.largest) == (50 / 200, 2.0)
    # 10 and 20, 30, and 20 px at the model's input
    assert (scale.object, scale.largest_object) == (20, 30)


def test_a_model_file_holds_the_scale_and_older_ones_are_read(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", iterations=1))
    train(job)
    scale = Predictor(job.out).scale
    assert scale is not None
    assert (scale.height, scale.width, scale.scale) == (64, 64, 1.0)
    assert 0 < scale.object <= scale.largest_object <= 64
    content = checkpoint.load(job.out)
    del content["scale"]
    checkpoint.save(tmp_path / "older.pt", content)
    assert Predictor(tmp_path / "older.pt").scale is None
