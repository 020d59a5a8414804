"""The warning of objects that a training cannot learn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.support.files import write_json
from gains.training import train as training
from gains.training.unlearnt import FirstPass
from helpers.coco_files import write_coco
from helpers.tiny import Tiny, job_of, settings_of
from helpers.training import assert_equal, weights

THIN = (slice(10, 50), slice(17, 19))
"""Rows and columns of an object of 2 px, without a location of CondInst at 64 px."""
LARGE = (slice(8, 40), slice(30, 58))


def data_set(folder: Path, shapes: list[tuple[slice, slice]], images: int = 3) -> Tiny:
    """Write a data set in which every image has objects of these shapes, and all are trained."""

    def scenes() -> Iterator[tuple[str, NDArray[np.uint8], Instances]]:
        for number in range(images):
            masks = []
            for rows, columns in shapes:
                mask = np.zeros((64, 64), dtype=bool)
                mask[rows, columns] = True
                masks.append(encode_mask(mask))
            pixels = np.full((64, 64), 60 * number, np.uint8)
            yield f"{number}.png", pixels, Instances.from_rles(64, 64, masks, [1] * len(shapes))

    made = Tiny(folder / "thin.json", folder / "split.json", folder / "maps.npz")
    write_coco(made.coco, scenes(), {1: "thing"}, {})
    names = [f"{number}.png" for number in range(images)]
    fold = {"train": names[:-1], "val": [], "test": names[-1:], "unlabelled": []}
    write_json(made.split, {"dataset": "thin", "generator": {}, "folds": [fold]})
    return made


def trained(data: Tiny, folder: Path, method: str, **recipe: Any) -> Path:
    folder.mkdir()
    job = job_of(data, folder, settings_of(method, **{"iterations": 3, **recipe}))
    training.train(job)
    return job.out


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.message for r in caplog.records if "are not learnt, because" in r.message]


def test_objects_without_a_location_of_condinst_are_counted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = data_set(tmp_path, [THIN, LARGE, THIN], images=4)  # the second batch begins anew
    trained(data, tmp_path / "run", "condinst")
    (message,) = warnings_of(caplog)
    assert message.startswith("6 of 9 objects in the training images are not learnt, because no ")
    assert message.endswith("choose larger train_sizes and max_size, or another method")


def test_objects_that_vanish_at_the_size_of_the_training_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pixel = (slice(5, 6), slice(5, 6))
    data = data_set(tmp_path, [pixel, LARGE])
    trained(data, tmp_path / "run", "mask_rcnn", train_sizes=[32], iterations=1, batch_size=1)
    (message,) = warnings_of(caplog)
    assert message.startswith("1 of 2 objects in the training images are not learnt, because they")
    assert "vanish when the images are resized; choose larger train_sizes" in message


def test_more_objects_than_queries_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = data_set(tmp_path, [LARGE] * 14)  # the tiny model has 12 queries
    trained(data, tmp_path / "run", "fastinst", iterations=1)
    (message,) = warnings_of(caplog)
    assert message.startswith("4 of 28 objects in the training images are not learnt")
    assert "choose more queries" in message


@pytest.mark.parametrize("method", ["condinst", "mask_rcnn", "fastinst"])
def test_a_training_that_learns_all_objects_says_nothing(
    method: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trained(data_set(tmp_path, [LARGE]), tmp_path / "run", method, iterations=1)
    assert warnings_of(caplog) == []


def test_counting_changes_no_weight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = data_set(tmp_path, [THIN, LARGE])
    counted = trained(data, tmp_path / "counted", "condinst")
    monkeypatch.setattr(FirstPass, "add", lambda *_: None)
    assert_equal(weights(counted), weights(trained(data, tmp_path / "plain", "condinst")))


def test_objects_that_an_augmentation_moves_out_are_learnt_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corner = (slice(0, 4), slice(0, 4))
    data = data_set(tmp_path, [corner, LARGE])
    zoom = [{"name": "scale", "zoom": [2, 2], "p": 1}]
    trained(data, tmp_path / "moved", "mask_rcnn", augmentations=zoom)
    assert warnings_of(caplog) == []
