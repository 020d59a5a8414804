"""A predictor between image files and a model: sizes, colours, categories, boxes, scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gains.masks.rle import decode_mask
from gains.models import checkpoint
from gains.models.contract import Detections
from gains.prediction.files import BOX_SCORE
from gains.prediction.predict import predict_images
from gains.prediction.predictor import Predictor
from helpers.colours import CATEGORIES, pixels_of
from helpers.recorder import Recorder, recorder_settings, recorders


@pytest.fixture
def built() -> Iterator[list[Recorder]]:
    with recorders() as models:
        yield models


def predictor_of(folder: Path, test_size: int, **recipe: int) -> Predictor:
    """Return a predictor that shows its model images at this short side."""
    settings = recorder_settings(train_sizes=[32], test_size=test_size, max_size=96, **recipe)
    content = {
        "format": checkpoint.MODEL_FORMAT,
        "settings": settings.to_json(),
        "categories": {str(k): name for k, name in CATEGORIES.items()},
        "state": Recorder().state_dict(),
    }
    checkpoint.save(folder / "model.pt", content)
    return Predictor(folder / "model.pt")


@pytest.fixture
def predictor(built: list[Recorder], tmp_path: Path) -> Predictor:
    """Return a predictor that sees images of 40 x 60 px at 64 x 96 px."""
    return predictor_of(tmp_path, 64)


def test_a_model_sees_rgb_at_the_size_of_tests(predictor: Predictor, built: list[Recorder]) -> None:
    predictor(pixels_of(3))
    (model,) = built
    ((image,),) = model.images
    assert image.shape == (3, 64, 96)
    assert image[:, -1, -1].tolist() == [200, 100, 40]
    assert image[:, 0, 0].tolist() == [0, 0, 0]
    assert image[:, 0, -1].tolist() == [200, 100, 40]
    assert image[:, -1, 0].tolist() == [200, 100, 40]
    assert model.modes == [False]


def test_detections_come_back_at_the_size_of_the_image(
    predictor: Predictor, built: list[Recorder]
) -> None:
    masks = torch.ones(2, 28, 28)
    masks[1, :, 14:] = 0
    built[0].found = Detections(
        torch.tensor([[16.0, 32, 48, 48], [0, 0, 64, 32]]),
        torch.tensor([0.75, 0.5]),
        torch.tensor([1, 0]),
        masks,
        box_scores=torch.tensor([0.875, 0.25]),
    )
    found = predictor(pixels_of(0))
    # 96 px are 60, 64 px are 40: times 5 / 8
    assert found.boxes.tolist() == [[10, 20, 30, 30], [0, 0, 40, 20]]
    assert found.categories.tolist() == [8, 3]
    assert found.scores.tolist() == [0.75, 0.5]
    assert found.extra[BOX_SCORE] == [0.875, 0.25]
    first, second = np.zeros((40, 60), dtype=bool), np.zeros((40, 60), dtype=bool)
    first[20:30, 10:30] = True
    second[:20, :20] = True
    for code, wanted in zip(found.masks, (first, second), strict=True):
        assert np.array_equal(decode_mask(code), wanted)


def test_a_mask_of_a_half_belongs_to_the_object(
    predictor: Predictor, built: list[Recorder]
) -> None:
    built[0].found = Detections(
        torch.tensor([[16.0, 32, 48, 48]] * 2),
        torch.tensor([0.75, 0.5]),
        torch.tensor([0, 0]),
        torch.stack([torch.full((28, 28), 0.5), torch.full((28, 28), 0.499)]),
    )
    found = predictor(pixels_of(0))
    areas = [int(decode_mask(code).sum()) for code in found.masks]
    # the outermost pixels lie beyond the centres of the mask's cells only at less than half a cell
    assert areas[0] >= 18 * 8
    assert areas[1] == 0
    assert BOX_SCORE not in found.extra


def test_each_axis_has_its_own_scale(built: list[Recorder], tmp_path: Path) -> None:
    predictor = predictor_of(tmp_path, 33)
    # 33 * 60 / 40 = 49.5 px are rounded
    assert predictor.size((40, 60)) == (33, 50)
    built[0].found = Detections(
        torch.tensor([[0.0, 0, 50, 33], [25, 11, 50, 22]]),
        torch.tensor([0.75, 0.5]),
        torch.tensor([0, 0]),
        torch.ones(2, 28, 28),
    )
    found = predictor(pixels_of(0))
    wanted = [[0.0, 0, 60, 40], [30, 40 / 3, 60, 80 / 3]]
    assert found.boxes.tolist() == [pytest.approx(row) for row in wanted]


def test_adjacent_images_of_one_size_are_predicted_together(
    built: list[Recorder], tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, size in (("a", (60, 40)), ("b", (60, 40)), ("c", (60, 40)), ("d", (40, 60))):
        Image.new("L", size).save(folder / f"{name}.png")
    predict_images(predictor_of(tmp_path, 64, test_batch_size=2), [folder], tmp_path / "out.json")
    shapes = [[tuple(image.shape[1:]) for image in batch] for batch in built[0].images]
    assert shapes == [[(64, 96), (64, 96)], [(64, 96)], [(96, 64)]]
