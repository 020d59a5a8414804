"""`gains thresholds`: clean metrics of validation images at several score thresholds."""

from __future__ import annotations

import math
import shutil
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
from gains.study.validated import validated_runs
from gains.support.files import read_json, settings_hash, write_json
from gains.tables.validation.threshold_search import (
    ThresholdSearch,
    search_thresholds,
    threshold_metrics,
)
from gains.tables.validation.thresholds import threshold_markdown, write_thresholds
from gains.training.train import train
from gains.validation.at_thresholds import values_at_thresholds
from helpers.paths import ROOT
from helpers.tiny import Tiny, job_of, settings_of

DATASET = "synthetic-cells"
Values = tuple[NDArray[np.float64], int]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return the study `demo` in an empty folder, with the files of its data sets."""
    opened = open_study(ROOT / "config.yaml", "demo")
    monkeypatch.chdir(tmp_path)
    for name in opened.settings.datasets:
        with_data(opened, name, val=["b.png"])
    return opened


def with_data(study: Study, dataset: str, val: list[str]) -> None:
    fold = {"train": ["a.png"], "val": val, "test": ["d.png"]}
    folds = [fold] * study.folds(dataset)
    write_json(study.split(dataset), {"dataset": dataset, "generator": {}, "folds": folds})
    for suffix in (".json", ".zip"):
        file = study.coco(dataset).with_suffix(suffix)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"data")


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


def search(
    study: Study,
    *at: float,
    datasets: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
) -> ThresholdSearch:
    return search_thresholds(study, rising, at or (0.3, 0.7), datasets, tables)


def test_the_values_are_those_of_predicting_and_scoring_the_part(
    tiny: Tiny, tmp_path: Path
) -> None:
    settings = settings_of("mask_rcnn", iterations=12, optimiser="adamw", lr=0.003)
    job = job_of(tiny, tmp_path, settings)
    train(job)
    at, metrics = (0.0, 0.06, 0.1, 0.99), ("AJI", "Dice", "F1")
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
    assert found.thresholds == (0.3, found.own, 0.7)
    metrics = threshold_metrics(study, DATASET)
    assert {row.metrics for row in found.rows} == {metrics}
    assert "AJI" in metrics
    assert "mAP" not in metrics
    assert sum(len(row.values) for row in found.rows) == len(runs)
    assert {run.method for run in found.missing}.isdisjoint({"mask_rcnn", "gains"})
    write_thresholds(found, tmp_path / "t.csv")
    lines = pd.read_csv(tmp_path / "t.csv")
    assert len(lines) == len(found.rows) * 3 * len(metrics)
    first = lines[(lines.method == "gains") & (lines.variant == "default")].iloc[0]
    folds = [0.6 - 0.4 + 0.01 * run.fold for run in runs if run.method == "gains"]
    assert first["mean"] == pytest.approx(100 * np.mean(folds[: first.runs]), abs=1e-3)
    assert math.isnan(first.sd) == (first.runs == 1)


def test_the_best_threshold_of_each_row_and_of_all_is_told(study: Study) -> None:
    with_models(study, "mask_rcnn", "gains")
    found = search(study, 0.3, 0.6, 0.7, datasets=[DATASET])
    text = threshold_markdown(found)
    metric = found.rows[0].metrics[0]
    count = sum(row.method == "gains" for row in found.rows)
    assert count > 1  # so the mean of the rows follows GAInS
    assert f"{metric}: the mean of the rows is best at 0.7 (" in text
    assert "; at 0.5, the threshold of the study, it is " in text
    lines = [line for line in text.splitlines() if line.startswith("| Mask R-CNN")]
    assert lines
    assert all(line.split("|")[3].strip().startswith("**60.00**") for line in lines)
    assert "runs have no model here, and no value in these tables: first synthetic-cells/" in text


def test_of_equal_thresholds_that_of_the_study_is_best(study: Study) -> None:
    """Predictions of a method with a threshold of its own are equal at all lower thresholds."""
    with_models(study, "pisa")

    def level(_: Run, at: Sequence[float], metrics: Sequence[str]) -> Values:
        return np.array([[0.6 if t <= 0.5 else 0.4 for _ in metrics] for t in at]), 3

    found = search_thresholds(study, level, (0.1, 0.3, 0.7), [DATASET])
    text = threshold_markdown(found)
    (row,) = found.rows
    metric = row.metrics[0]
    assert f"{metric}: PISA is best at 0.5, the threshold of the study (60.00)." in text
    assert "mean of the rows" not in text


def test_a_table_of_validations_can_name_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that no table of scores shows have models too, whose thresholds are of interest."""
    study = open_study(ROOT / "config.yaml", "evidence")
    monkeypatch.chdir(tmp_path)
    with_data(study, "cervical-cells", val=["b.png"])
    runs = validated_runs(study, "search")
    for run in runs:
        study.model(run).parent.mkdir(parents=True, exist_ok=True)
        study.model(run).write_bytes(b"model")
    found = search(study, tables=["search"])
    assert found.missing == ()
    assert sum(len(row.values) for row in found.rows) == len(runs)
    rows = {(row.method, row.variant): row for row in found.rows}
    longer = rows["gains", "twice-as-long"]
    last = [run for run in runs if (run.method, run.variant) == ("gains", "twice-as-long")][-1]
    assert (longer.label, len(longer.values)) == ("GAInS, twice as long", 3)
    assert longer.settings_hash == settings_hash(study.run_settings(last).recorded_json())
    assert len({row.settings_hash for row in found.rows}) == len(rows)
    tested = search(study, tables=["short"])
    assert {row.variant for row in tested.rows} == {"default"}
    assert len(tested.missing) == 40 - 6


def test_each_data_set_has_its_own_metrics_and_rows(study: Study) -> None:
    for run in study.runs():
        study.model(run).parent.mkdir(parents=True, exist_ok=True)
        study.model(run).write_bytes(b"model")
    found = search(study)
    assert found.missing == ()
    assert [row.dataset for row in found.rows] == sorted(
        (row.dataset for row in found.rows), key=list(study.settings.datasets).index
    )
    assert {row.dataset for row in found.rows} == {run.dataset for run in study.runs()}
    text = threshold_markdown(found)
    assert "no model" not in text
    assert text.count("## ") == len({row.dataset for row in found.rows})


def test_what_cannot_be_searched_is_refused(study: Study) -> None:
    with pytest.raises(FileNotFoundError, match=r"none of the \d+ runs has a model \(the first"):
        search(study)
    with pytest.raises(ValueError, match=r"from 0 to below 1, found 1\.0"):
        search(study, 0.5, 1.0)
    with pytest.raises(ValueError, match="found nan"):
        search(study, math.nan)
    with pytest.raises(ValueError, match="no data set 'other'"):
        search(study, datasets=["other"])
    with pytest.raises(ValueError, match=r"has no table 'searching'; .*known: .*table3"):
        search(study, tables=["searching"])
    with pytest.raises(ValueError, match="none of the tables table1 shows a run of a method on "):
        search(study, datasets=["synthetic-nuclei"], tables=["table1"])
    words = ["thresholds", "--config", str(ROOT / "config.yaml"), "--out"]
    for given, message in (
        (["t.csv", "--at", "0.3;0.5"], "expected numbers with commas between them"),
        (["t.md"], r"t\.md"),
    ):
        with pytest.raises(ValueError, match=message):
            CliRunner().invoke(app, [*words, *given], catch_exceptions=False)


def test_missing_data_are_found_before_anything_is_predicted(study: Study) -> None:
    with_models(study, "mask_rcnn")

    def never(*_: object) -> Values:
        raise AssertionError("was measured")

    with_data(study, DATASET, val=[])
    with pytest.raises(ValueError, match=r"part \(val\) of fold 0 has no images; make a split"):
        search_thresholds(study, never, (0.5,), None)
    study.coco(DATASET).with_suffix(".zip").unlink()
    with pytest.raises(FileNotFoundError, match="not made yet; run the study first"):
        search_thresholds(study, never, (0.5,), None)


def test_a_model_of_other_categories_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    settings = settings_of("mask_rcnn", iterations=1)
    train(job_of(tiny, tmp_path, settings))
    content = read_json(tiny.coco)
    content["categories"][0]["name"] = "other"
    coco = tmp_path / "other.json"
    write_json(coco, content)
    shutil.copyfile(tiny.coco.with_suffix(".zip"), coco.with_suffix(".zip"))
    given = (tmp_path / "model.pt", settings, coco, tiny.split, 0)
    with pytest.raises(ValueError, match="the model belongs to another data set"):
        values_at_thresholds(*given, (0.5,), ("AJI",), 100)
