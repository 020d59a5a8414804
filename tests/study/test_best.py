"""`gains predict --model best`: the run with the best value on the validation part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.methods.run_settings import RunSettings
from gains.prediction import predict, predictor
from gains.study.best import best_run
from gains.study.opening import open_study
from gains.study.runs import Run, with_validation
from gains.study.study import Study
from gains.support.files import write_json
from gains.validation import known_values
from gains.validation.known_values import known_value
from gains.validation.validation import Validation
from helpers.paths import ROOT
from helpers.tiny import Tiny, job_of, settings_of

DATASET = "synthetic-cells"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return the study `demo` in an empty folder with a split."""
    opened = open_study(ROOT / "config.yaml", "demo")
    monkeypatch.chdir(tmp_path)
    fold = {"train": ["a.png"], "val": ["b.png", "c.png"], "test": ["d.png"]}
    content = {"dataset": DATASET, "generator": {}, "folds": [fold]}
    write_json(opened.split(DATASET), content)
    return opened


def trained(study: Study, *methods: str) -> list[Run]:
    """Make model files of the first run of methods, and return the runs in the study's order."""
    runs = {run.method: run for run in reversed(list(study.runs())) if run.dataset == DATASET}
    for method in methods:
        study.model(runs[method]).parent.mkdir(parents=True)
        study.model(runs[method]).write_bytes(method.encode())
    return [run for run in study.runs() if study.model(run).is_file()]


def valued(values: dict[str, float]) -> Callable[[Run, RunSettings, Path], tuple[float, int]]:
    return lambda run, _settings, _memory: (values[run.method], 2)


def test_the_largest_value_wins_and_the_first_of_equal_ones(study: Study) -> None:
    runs = trained(study, "mask_rcnn", "pisa", "cascade_rcnn")
    assert {run.method for run in runs} == {"mask_rcnn", "pisa", "cascade_rcnn"}
    chosen = best_run(study, DATASET, valued({"mask_rcnn": 0.2, "pisa": 0.5, "cascade_rcnn": 0.5}))
    assert chosen.run == next(run for run in runs if run.method != "mask_rcnn")
    assert f"the best run is {chosen.run.path}: mAP 50.0 on the 2 images" in chosen.sentence
    assert f"the largest of {len(runs)} trained runs; " in chosen.sentence
    assert "are not trained yet" in chosen.sentence


def test_what_is_missing_is_said(study: Study) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"none of its \d+ runs on 'synthetic-cells' is tra"
    ):
        best_run(study, DATASET, valued({}))
    with pytest.raises(ValueError, match="no data set 'other'"):
        best_run(study, "other", valued({}))
    trained(study, "mask_rcnn")
    fold = {"train": ["a.png"], "val": [], "test": ["d.png"]}
    write_json(study.split(DATASET), {"dataset": DATASET, "generator": {}, "folds": [fold]})
    with pytest.raises(ValueError, match=r"part \(val\) of fold 0 has no images"):
        best_run(study, DATASET, valued({"mask_rcnn": 1}))


def test_a_value_is_computed_once(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gains.training.train import train

    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", iterations=1))
    train(job)
    settings = with_validation(
        open_study(ROOT / "config.yaml", "demo").settings, settings_of("mask_rcnn", iterations=1)
    )
    calls: list[int] = []

    class Counted(Validation):
        def __call__(self, model: Any) -> float:
            calls.append(1)
            return super().__call__(model)

    monkeypatch.setattr(known_values, "Validation", Counted)
    memory = tmp_path / "value.json"
    given = (job.out, settings, tiny.coco, tiny.split, 0, memory)
    first = known_value(*given)
    assert first[1] == 1
    assert known_value(*given) == first
    assert len(calls) == 1
    memory.write_text("{")
    assert known_value(*given) == first
    memory.write_text(json.dumps({"key": "another", "value": 7.0, "images": 1}))
    assert known_value(*given) == first
    assert len(calls) == 3


def test_predict_takes_the_model_and_the_settings_of_the_best_run(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = trained(study, "mask_rcnn", "pisa")
    values = {"mask_rcnn": 0.1, "pisa": 0.4}
    best = next(run for run in runs if run.method == "pisa")
    made: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        known_values, "known_value", lambda model, *_: (values[model.read_text()], 2)
    )
    monkeypatch.setattr(predictor, "Predictor", lambda *given: made.append(given))
    monkeypatch.setattr(predict, "predict_split", lambda *given: made.append(given))
    words = ["predict", "--model", "best", "--config", str(ROOT / "config.yaml")]
    words += ["--study", "demo", "--dataset", DATASET, "--out", "x.json"]
    CliRunner().invoke(app, words, catch_exceptions=False)
    assert made[0][0] == study.model(best)
    assert made[0][2]["max_detections"] == study.run_settings(best).max_detections
    assert made[1][1:] == (
        study.coco(DATASET), study.split(DATASET), "test", 0, Path("x.json"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "best"], "name the data set with --dataset"),
        (["--model", "best", "--dataset", "d", "--method", "gains"], "nothing else of the run"),
        (["--model", "m.pt", "--images", "i", "--out", "x.csv"], r"ends in \.json or \.json\.gz"),
        (["--model", "m.pt", "--images", "i", "--tiles", "big"], "--tiles: found 'big'"),
        (["--model", "m.pt", "--coco", "c", "--split", "s", "--tiles", "64"], "for own images"),
    ],
)
def test_options_that_do_not_fit_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(app, ["predict", "--out", "o.json", *words], catch_exceptions=False)
