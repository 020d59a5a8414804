"""The value of a model on the validation part: that of `gains predict` and `gains score`."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.prediction import ValidationSettings
from gains.datasets.split_file import read_split
from gains.methods.run_settings import RunSettings
from gains.scoring.score_file import read_scores
from gains.support.files import read_json, write_json
from gains.training import train as training
from gains.training.optimiser import learning_rate
from gains.validation.validation import Validation
from helpers.tiny import Tiny, job_of, make_tiny, settings_of
from helpers.training import assert_equal, weights

LEARNING: dict[str, Any] = {"optimiser": "adamw", "lr": 0.002, "iterations": 24, "clip_norm": 10.0}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """A data set with several images in its validation part."""
    return make_tiny(tmp_path_factory.mktemp("cells"), images=15)


def validating(method: str, metric: str = "mAP", clean: float = 0.4, **recipe: Any) -> RunSettings:
    """Return the settings of a tiny run that picks weights, with thresholds of its validation."""
    settings = settings_of(method, **{"select": "best", "validate_every": 8, **recipe})
    thresholds = {"score_threshold": 0.02, "nms": 0.6}
    known = {k: v for k, v in thresholds.items() if k in type(settings.model).model_fields}
    how = ValidationSettings(
        metric=metric,
        max_detections=7,
        clean_score_threshold=None if metric in ("mAP", "AP50") else clean,
        **known,
    )
    return dataclasses.replace(settings, validation=how)


def gains(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("method", "metric", "batch"),
    [
        ("mask_rcnn", "mAP", 1),
        ("mask_scoring_rcnn", "AJI_kumar", 2),  # its box scores differ from its scores
        ("condinst", "AJI_kumar", 1),
    ],
)
def test_the_value_is_that_of_predicting_and_scoring_the_part(
    cells: Tiny, tmp_path: Path, method: str, metric: str, batch: int
) -> None:
    settings = validating(method, metric, **LEARNING, test_batch_size=batch)
    out = tmp_path / "model.pt"
    data = ("--coco", cells.coco, "--split", cells.split)
    gains("train", "--settings", json.dumps(settings.to_json()), *data, "--out", out)
    block = read_json(tmp_path / "run.json")["validation"]
    how = settings.validation
    assert how is not None
    options = how.model_dump(exclude_none=True, include={"score_threshold", "nms"})
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    found, scores = tmp_path / "found.json", tmp_path / "scores.json"
    part = ("--part", "val", "--max-detections", how.max_detections)
    gains("predict", "--model", out, *data, *part, *words, "--out", found)
    gains(
        *("score", "--ground-truth", cells.coco, "--split", cells.split, *part),
        *("--clean-score-threshold", how.clean_score_threshold or 0),
        *("--predictions", found, "--out", scores),
    )
    assert block["value"] == read_scores(str(scores)).value(metric, "clean")
    assert block["value"] > 0
    assert block["images"] == 3
    assert (block["metric"], block["score_threshold"]) == (metric, 0.02)


def poisoned(cells: Tiny, folder: Path) -> Tiny:
    """Copy a data set whose test images are gone and whose test masks cannot be decoded."""
    folder.mkdir()
    test = set(read_split(cells.split).names("test"))
    content = json.loads(cells.coco.read_text())
    hidden = {image["id"] for image in content["images"] if image["file_name"] in test}
    for annotation in content["annotations"]:
        if annotation["image_id"] in hidden:
            annotation["segmentation"] = {"size": [1, 1], "counts": "poison"}
    copy = dataclasses.replace(cells, coco=folder / cells.coco.name)
    copy.coco.write_text(json.dumps(content))
    with (
        zipfile.ZipFile(cells.coco.with_suffix(".zip")) as source,
        zipfile.ZipFile(copy.coco.with_suffix(".zip"), "w") as target,
    ):
        for name in set(source.namelist()) - test:
            target.writestr(name, source.read(name))
    return copy


def test_the_test_part_is_never_looked_at(cells: Tiny, tmp_path: Path) -> None:
    settings = validating("mask_rcnn", "AJI_kumar", 0.1, iterations=4, validate_every=2)
    for name, data in (("whole", cells), ("poisoned", poisoned(cells, tmp_path / "data"))):
        job = job_of(data, tmp_path / name, settings)
        training.train(job, Validation(settings, data.coco, data.split, 0))
    curves = [(tmp_path / name / "validation.csv").read_text() for name in ("whole", "poisoned")]
    assert curves[0] == curves[1]
    assert ",0.0," not in curves[0]
    assert_equal(weights(tmp_path / "whole/model.pt"), weights(tmp_path / "poisoned/model.pt"))


def test_a_training_whose_loss_rises_late_keeps_earlier_weights(
    cells: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rising(recipe: Any, iteration: int) -> float:
        return learning_rate(recipe, iteration) * (1 if iteration < 40 else 100)

    monkeypatch.setattr(training, "learning_rate", rising)
    settings = validating("mask_rcnn", **LEARNING | {"iterations": 60}, validate_every=20)
    job = job_of(cells, tmp_path, settings)
    training.train(job, Validation(settings, cells.coco, cells.split, 0))
    losses = [
        float(line.split(",")[2]) for line in (tmp_path / "losses.csv").read_text().splitlines()[1:]
    ]
    assert min(losses[41:]) > 1.2 * max(losses[38:40])
    block = read_json(tmp_path / "run.json")["validation"]
    assert block["iteration"] == 40
    usual = settings_of("mask_rcnn", **LEARNING | {"iterations": 40})
    training.train(job_of(cells, tmp_path / "usual", usual))
    assert_equal(weights(tmp_path / "usual/model.pt"), weights(job.out))


def test_a_curve_changes_no_weights_of_a_detector(cells: Tiny, tmp_path: Path) -> None:
    usual = settings_of("gains", iterations=4)
    training.train(job_of(cells, tmp_path / "a", usual))
    settings = validating("gains", iterations=4, select="last", validate_every=1)
    job = job_of(cells, tmp_path / "b", settings)
    training.train(job, Validation(settings, cells.coco, cells.split, 0))
    assert_equal(weights(tmp_path / "a/model.pt"), weights(job.out))


def empty(content: dict[str, Any], split: dict[str, Any]) -> None:
    split["folds"][0]["val"] = []


def without_objects(content: dict[str, Any], split: dict[str, Any]) -> None:
    names = split["folds"][0]["val"]
    ids = {image["id"] for image in content["images"] if image["file_name"] in names}
    kept = [a for a in content["annotations"] if a["image_id"] not in ids]
    content["annotations"] = kept


def only_crowds(content: dict[str, Any], _split: dict[str, Any]) -> None:
    for annotation in content["annotations"]:
        annotation["iscrowd"] = 1


def unknown(_content: dict[str, Any], split: dict[str, Any]) -> None:
    split["folds"][0]["val"] = ["nowhere.png"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (empty, r"part \(val\) of fold 0 has no images; make another split, or train with select"),
        (without_objects, r"part \(val\) of fold 0 cannot be scored .*no annotation on the 3"),
        (only_crowds, r"cannot be scored .*all annotations are crowd regions"),
        (unknown, "unknown image 'nowhere.png'"),
    ],
)
def test_a_part_that_cannot_be_scored_is_refused_before_the_training(
    cells: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any], dict[str, Any]], None],
    message: str,
) -> None:
    content, split = read_json(cells.coco), read_json(cells.split)
    change(content, split)
    coco, own = tmp_path / "cells.json", tmp_path / "split.json"
    write_json(coco, content)
    write_json(own, split)
    shutil.copy(cells.coco.with_suffix(".zip"), coco.with_suffix(".zip"))
    monkeypatch.setattr(training, "train", lambda *_: pytest.fail("the training began"))
    settings = json.dumps(validating("mask_rcnn").to_json())
    words = ["train", "--settings", settings, "--coco", str(coco), "--split", str(own)]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "model.pt")])
    assert re.search(message, str(done.exception))


def test_a_missing_image_is_found_before_the_training(cells: Tiny, tmp_path: Path) -> None:
    copy = poisoned(cells, tmp_path / "data")
    split = read_json(cells.split)
    (fold,) = split["folds"]
    fold["val"], fold["test"] = fold["test"], fold["val"]
    write_json(tmp_path / "split.json", split)
    with pytest.raises(ValueError, match="has no image"):
        Validation(validating("mask_rcnn"), copy.coco, tmp_path / "split.json", 0)


def test_settings_that_do_not_say_how_to_validate_are_refused(cells: Tiny) -> None:
    settings = settings_of("mask_rcnn", select="best")
    with pytest.raises(ValueError, match="have no block `validation`"):
        Validation(settings, cells.coco, cells.split, 0)


@pytest.mark.parametrize(
    ("metric", "message"), [("FNo", "a smaller FNo is better"), ("mAPs", "no metric 'mAPs'")]
)
def test_settings_with_a_metric_that_cannot_pick_are_refused(
    cells: Tiny, metric: str, message: str
) -> None:
    with pytest.raises(ValueError, match=f"validation.metric: {message}"):
        Validation(validating("mask_rcnn", metric), cells.coco, cells.split, 0)


def test_a_validation_leaves_random_numbers_and_gradients_alone(cells: Tiny) -> None:
    settings = validating("mask_rcnn")
    model = training.build_model(settings.while_training, [1, 2], 0).eval()
    state = torch.random.get_rng_state()
    Validation(settings, cells.coco, cells.split, 0)(model)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in model.parameters())
