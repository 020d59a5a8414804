"""`gains thresholds`: clean metrics of validation images at several score thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.split_file import read_split
from gains.prediction.predict import predict_split
from gains.prediction.predictor import Predictor
from gains.scoring.score import score_files
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.study.study import Study
from gains.study.thresholds import ThresholdSearch, search_thresholds, threshold_metrics
from gains.tables.validation.thresholds import markdown, write_thresholds
from gains.training.train import train
from gains.validation.at_thresholds import values_at_thresholds
from helpers.paths import ROOT
from helpers.tiny import Tiny, job_of, settings_of

DATASET = "synthetic-cells"
Values = tuple[NDArray[np.float64], int]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return the study `demo` in an empty folder."""
    opened = open_study(ROOT / "config.yaml", "demo")
    monkeypatch.chdir(tmp_path)
    return opened


def with_models(study: Study, *methods: str) -> list[Run]:
    """Make model files of all runs of methods, and return these runs."""
    runs = [run for run in study.runs() if run.dataset == DATASET and run.method in methods]
    for run in runs:
        study.model(run).parent.mkdir(parents=True, exist_ok=True)
        study.model(run).write_bytes(b"model")
    return runs


def rising(run: Run, thresholds: Sequence[float], metrics: Sequence[str]) -> Values:
    """Return values that rise to threshold 0.7 for GAInS and to 0.5 for others, and then fall."""
    top = 0.7 if run.method == "gains" else 0.5
    values = [[0.6 - abs(t - top) + 0.01 * run.fold for _ in metrics] for t in thresholds]
    return np.array(values), 6


def search(study: Study, *at: float, datasets: Sequence[str] | None = None) -> ThresholdSearch:
    return search_thresholds(study, rising, at or (0.3, 0.7), datasets)


def test_the_values_are_those_of_predicting_and_scoring_the_part(
    tiny: Tiny, tmp_path: Path
) -> None:
    settings = settings_of("mask_rcnn", iterations=12, optimiser="adamw", lr=0.003)
    job = job_of(tiny, tmp_path, settings)
    train(job)
    at, metrics = (0.0, 0.06, 0.1, 1.0), ("AJI", "Dice", "F1")
    given = (job.out, settings, tiny.coco, tiny.split, 0)
    values, images = values_at_thresholds(*given, at, metrics, 50)
    assert (values.shape, images) == ((4, 3), 1)
    found = tmp_path / "val.json"
    predictor = Predictor(job.out, changes=settings.prediction.model_dump(exclude_none=True))
    predict_split(predictor, tiny.coco, tiny.split, "val", 0, found)
    names = read_split(tiny.split).names("val", 0)
    for threshold, row in zip(at, values, strict=True):
        scores = score_files(
            *(tiny.coco, found),
            file_names=names,
            max_detections=50,
            clean_score_threshold=threshold,
        )
        assert row.tolist() == [scores["clean"]["average"][metric] for metric in metrics]
    assert values[0].sum() > values[-1].sum() == 0


def test_a_row_has_mean_and_spread_of_its_runs(study: Study, tmp_path: Path) -> None:
    runs = with_models(study, "mask_rcnn", "gains")
    found = search(study, datasets=[DATASET])
    assert found.thresholds == (0.3, study.settings.clean_score_threshold, 0.7)
    assert found.metrics == threshold_metrics(study)
    assert "mAP" not in found.metrics
    assert sum(len(row.values) for row in found.rows) == len(runs)
    assert {run.method for run in found.missing}.isdisjoint({"mask_rcnn", "gains"})
    write_thresholds(found, tmp_path / "t.csv")
    lines = pd.read_csv(tmp_path / "t.csv")
    assert len(lines) == len(found.rows) * 3 * len(found.metrics)
    first = lines[(lines.method == "gains") & (lines.variant == "default")].iloc[0]
    folds = [0.6 - 0.4 + 0.01 * run.fold for run in runs if run.method == "gains"]
    assert first["mean"] == pytest.approx(100 * np.mean(folds[: first.runs]), abs=1e-3)
    assert math.isnan(first.sd) == (first.runs == 1)


def test_the_best_threshold_of_each_row_and_of_all_is_told(study: Study) -> None:
    with_models(study, "mask_rcnn", "gains")
    found = search(study, 0.3, 0.6, 0.7, datasets=[DATASET])
    text = markdown(found)
    metric = found.metrics[0]
    count = sum(row.method == "gains" for row in found.rows)
    assert count > 1  # so the mean of the rows follows GAInS
    assert f"{metric}: the mean of the rows is best at 0.7 (" in text
    assert "; at 0.5, the threshold of the study, it is " in text
    (line,) = {line for line in text.splitlines() if line.startswith("| Mask R-CNN  ")}
    assert line.split("|")[3].strip().startswith("**60.00**")
    assert "runs have no model and are left out, first synthetic-cells/" in text


def test_what_cannot_be_searched_is_refused(study: Study) -> None:
    with pytest.raises(FileNotFoundError, match=r"none of its \d+ runs has a model \(the first"):
        search(study)
    with pytest.raises(ValueError, match=r"thresholds from 0 to 1, found 1\.5"):
        search(study, 0.5, 1.5)
    with pytest.raises(ValueError, match="no data set 'other'"):
        search(study, datasets=["other"])
    words = ["thresholds", "--config", str(ROOT / "config.yaml"), "--out"]
    for given, message in (
        (["t.csv", "--at", "0.3;0.5"], "expected numbers with commas between them"),
        (["t.md"], r"t\.md"),
    ):
        with pytest.raises(ValueError, match=message):
            CliRunner().invoke(app, [*words, *given], catch_exceptions=False)
