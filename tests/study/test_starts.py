"""Trainings that start from the model of another run of the same study."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from gains.config.base import merge
from gains.config.file import check
from gains.methods.run_settings import RunSettings
from gains.running.forecast import Forecast
from gains.study.cost import one_after_other
from gains.study.inputs import NamedRun, training_inputs
from gains.study.kept import all_runs
from gains.study.opening import from_config, open_study
from gains.study.papers import products
from gains.study.plan import plan
from gains.study.problems import missing_inputs_of
from gains.study.runs import Run
from gains.study.show import of_run
from gains.study.starts import start_model, start_of
from gains.study.study import Study
from gains.support.files import write_json
from gains.tables.of_study import table_spec
from helpers.paths import ROOT

FIRST = {"method": "mask_rcnn"}
BLOCK: dict[str, Any] = {
    "title": "t",
    "seeds": [3],
    "kept": "kept",
    "datasets": {"cells": {"source": "synthetic-cells", "split": {"folds": 2}}},
    "recipe": {"iterations": 10, "warmup_iterations": 2, "milestones": []},
    "variants": {"gains": {"second": {"recipe": {"start_from": FIRST, "iterations": 5}}}},
    "tables": {"t": {"title": "t", "rows": [{"method": "gains", "variant": "second"}]}},
}
"""A study of two folds whose only row starts from a run that no table names."""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    shutil.copy(ROOT / "data/sources.csv", "data/sources.csv")


def content_of(changes: dict[str, Any]) -> dict[str, Any]:
    return {"study": "mine", "studies": {"mine": merge(copy.deepcopy(BLOCK), changes)}}


def study_of(changes: dict[str, Any] | None = None) -> Study:
    return from_config(check(content_of(changes or {}), "c"))


def starting(start: Any, **variants: Any) -> dict[str, Any]:
    """Return a change: the variant ``second`` starts from another run."""
    own = {name: {"recipe": {"start_from": named}} for name, named in variants.items()}
    return {"variants": {"gains": {"second": {"recipe": {"start_from": start}}, **own}}}


SECOND = Run("cells", "gains", "second", 3, 0)
PHASE_1 = Run("cells", "mask_rcnn", "default", 3, 0)


def recorded(study: Study) -> dict[str, Any]:
    return study.run_settings(SECOND).recorded_json()


def test_a_run_that_no_table_names_is_trained_before_the_one_that_starts_from_it() -> None:
    study = study_of()
    folds = [(PHASE_1, SECOND), (replace(PHASE_1, fold=1), replace(SECOND, fold=1))]
    assert list(study.trainings()) == [run for pair in folds for run in pair]
    # but it is not tested
    assert list(study.runs()) == [SECOND, replace(SECOND, fold=1)]
    assert all_runs(study)[PHASE_1] == ("run.json", "validation.csv")
    assert [(p.method, p.total) for p in plan(study)] == [("mask_rcnn", 2), ("gains", 2)]
    (product,) = (p for p in products([study], {}) if p.number == "t")
    assert product.trainings == 4


def test_a_run_may_be_a_row_and_the_start_of_another_row() -> None:
    rows = [{"method": "gains", "variant": "second"}, {"method": "mask_rcnn"}]
    study = study_of({"tables": {"t": {"rows": rows}}})
    assert len(list(study.trainings())) == len(list(study.runs())) == 4


def test_the_model_of_the_same_data_set_seed_and_fold_is_the_start() -> None:
    study = study_of()
    run = replace(SECOND, fold=1)
    path = Path("results/mine/runs/cells/mask_rcnn/default/seed3/fold1/model.pt")
    assert start_model(study, run) == path
    assert start_model(study, PHASE_1) is None
    # its file is made by the study, and is none that a person gives
    assert study.run_settings(run).initial_weights is None
    Path("c.yaml").write_text(yaml.safe_dump(content_of({})))
    named = NamedRun(Path("c.yaml"), "mine", "cells", "gains", "second", 3, 1)
    assert training_inputs(named, None, None, None, None).start == path
    other = training_inputs(named, None, None, None, None, Path("mine.pt"))
    assert other.start == Path("mine.pt")


def test_the_settings_of_the_first_phase_belong_to_those_of_the_second() -> None:
    study = study_of()
    content = recorded(study)
    assert content["start"] == study.run_settings(PHASE_1).recorded_json()
    assert "start_from" not in content["recipe"]
    changed = study_of({"methods": {"mask_rcnn": {"recipe": {"lr": 0.5}}}})
    assert recorded(changed)["start"]["recipe"]["lr"] == 0.5
    assert {**recorded(changed), "start": None} == {**content, "start": None}
    # how the first phase predicts changes no weight
    later = study_of({"methods": {"mask_rcnn": {"method": {"score_threshold": 0.4}}}})
    assert recorded(later) == content
    shown = of_run(study, "cells", "gains", "second")
    assert shown["recipe"]["start_from"] == {"method": "mask_rcnn", "variant": "default"}
    assert shown["start"] == study.run_settings(PHASE_1).to_json()


def test_settings_can_be_read_again() -> None:
    settings = study_of().run_settings(SECOND)
    assert RunSettings.from_json(settings.to_json(), "x", strict=True) == settings
    again = RunSettings.from_json(settings.training_json(), "x", strict=True)
    assert again.training_json() == settings.training_json()
    content = {key: value for key, value in settings.to_json().items() if key != "start"}
    with pytest.raises(ValueError, match=r"x.recipe.start_from names the run mask_rcnn/default"):
        RunSettings.from_json(content, "x")


def test_runs_that_start_from_equal_runs_share_a_training() -> None:
    alike = {"alike": {"method": {"score_threshold": 0.4}}}
    third = {"third": {"recipe": {"start_from": {**FIRST, "variant": "alike"}, "iterations": 5}}}
    rows = [{"method": "gains", "variant": name} for name in ("second", "third")]
    variants = {"mask_rcnn": alike, "gains": third}
    study = study_of({"variants": variants, "tables": {"t": {"rows": rows}}})
    runs = [run for run in study.trainings() if run.fold == 0]
    assert runs == [PHASE_1, SECOND]
    assert study.trained(replace(SECOND, variant="third")) == SECOND


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (
            {"method": "mask_rcn"},
            r"gains/second: start_from: .*'mask_rcn'.*did you mean 'mask_rcnn",
        ),
        ({"method": "gains", "variant": "w77"}, r"start_from: method 'gains' has no variant 'w77'"),
        ({"method": "gains", "variants": "w7"}, r"unknown key 'variants'; did you mean 'variant'"),
        ({"variant": "w7"}, r"second\.start_from: the key 'method' is missing"),
        (5, r"expected the path of a model file, or a mapping .* found 5"),
        (
            {"method": "gains", "variant": "second"},
            r"in a circle: gains/second starts from gains/second",
        ),
    ],
)
def test_what_cannot_be_a_start_is_refused(start: Any, message: str) -> None:
    content = content_of({})
    content["studies"]["mine"]["variants"]["gains"]["second"]["recipe"]["start_from"] = start
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "c"))


def test_chains_are_trained_in_order_and_circles_are_refused() -> None:
    third = {"method": "gains", "variant": "second"}
    rows = {"tables": {"t": {"rows": [{"method": "gains", "variant": "third"}]}}}
    study = study_of({**starting(FIRST, third=third), **rows})
    last = replace(SECOND, variant="third")
    assert [run for run in study.trainings() if run.fold == 0] == [PHASE_1, SECOND, last]
    assert study.run_settings(last).recorded_json()["start"] == recorded(study_of(starting(FIRST)))
    with pytest.raises(
        ValueError, match="gains/second starts from gains/third starts from gains/s"
    ):
        study_of(starting({"method": "gains", "variant": "third"}, third=third))


def test_a_kept_run_needs_no_first_phase() -> None:
    for fold in (0, 1):
        write_json(Path("kept", replace(SECOND, fold=fold).path, "run.json"), {})
    study = study_of()
    assert [run.method for run in study.trainings()] == ["gains", "gains"]


def test_a_kept_first_phase_without_its_model_is_told() -> None:
    write_json(Path("kept", PHASE_1.path, "run.json"), {})
    study = study_of()
    assert PHASE_1 in list(study.trainings())
    (told,) = (text for text in missing_inputs_of(study) if "starts from" in text)
    assert told == (
        f"{SECOND.path} starts from the model of {PHASE_1.path}, which is kept without its model; "
        f"remove the folder kept/{PHASE_1.path}, so that it is trained again"
    )
    write_json(study.model(PHASE_1), {})
    assert not [text for text in missing_inputs_of(study) if "starts from" in text]


def test_trainings_that_start_from_one_another_take_their_time_one_after_the_other() -> None:
    study = study_of()
    seconds = {run: 10.0 if run.method == "gains" else 30.0 for run in study.trainings()}
    assert one_after_other(seconds, partial(start_of, study)) == [40, 40]
    # a first phase that is done does not count
    left = {run: value for run, value in seconds.items() if run != PHASE_1}
    assert sorted(one_after_other(left, partial(start_of, study))) == [10, 40]
    runs = list(seconds)
    # four cores are of no use for two chains
    assert Forecast(runs, seconds, 4, partial(start_of, study)).all == 40
    assert Forecast(runs, seconds, 1, partial(start_of, study)).all == 80


def test_a_table_tells_the_run_and_its_steps() -> None:
    (row,) = table_spec(study_of(), "t").measured.rows
    assert row.cells["cells"].training.start == "from weights of Mask R-CNN after 10 steps"


def test_a_table_tells_how_the_first_phase_differs_and_that_its_weights_were_picked() -> None:
    study = open_study(ROOT / "config.yaml", "demo-layering")
    starts = {
        dataset: cell.training.start
        for row in table_spec(study, "layering_table1").measured.rows
        for dataset, cell in row.cells.items()
        if row.label.startswith("Layering")
    }
    name = "from weights of Layering without overlap completion"
    assert starts["synthetic-cells"] == f"{name}, the best of 900 steps"
    assert starts["synthetic-neurons"] == f"{name} (repelling_weight=4), the best of 450 steps"
