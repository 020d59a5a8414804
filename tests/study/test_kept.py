"""Kept runs: when they are used, and when they are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.running.check import quick_problems
from gains.study.external import scored_runs
from gains.study.kept import kept_notes, kept_problems, require_kept
from gains.study.plan import plan
from gains.study.problems import missing_inputs_of
from gains.study.study import Study
from gains.support.files import read_json, settings_hash, sha256, write_json
from helpers.kept import STUDY, put_run, runs_of, study_of
from helpers.paths import ROOT


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    shutil.copy(ROOT / "data/sources.csv", "data/sources.csv")


def kept_study(**changes: Any) -> Study:
    """Return the study, whose runs are all kept as the unchanged study made them."""
    study = study_of()
    for run in runs_of(study):
        put_run(study, run, Path("kept", run.path))
    return study_of(**changes)


def edit(name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a file of the kept run of fold 1."""
    path = Path("kept/own/mask_rcnn/default/seed0/fold1", name)
    content = read_json(path)
    change(content)
    write_json(path, content)


def test_a_kept_run_is_found_in_its_folder_and_its_model_in_the_results() -> None:
    study = kept_study()
    first, second = runs_of(study)
    assert study.is_kept(first)
    assert study.is_kept(second)
    assert str(study.run_folder(second)) == "kept/own/mask_rcnn/default/seed0/fold1"
    assert (
        str(study.model(second)) == "results/mine/runs/own/mask_rcnn/default/seed0/fold1/model.pt"
    )
    assert not study.is_kept(replace(first, seed=1))
    assert kept_problems(study) == ()
    assert [method.done for method in plan(study)] == [2]


def test_the_images_of_kept_runs_may_be_missing() -> None:
    study = kept_study()
    assert list(study.without_images) == ["own"]
    assert study.absent == {}
    assert scored_runs(study) == runs_of(study)
    assert missing_inputs_of(study) == []
    (note,) = kept_notes(study)
    assert "away.json does not exist. Its kept runs are used as they are" in note
    without = study_of(kept=None)
    assert without.without_images == {}
    assert len(missing_inputs_of(without)) == 2


def test_an_optional_data_set_with_kept_runs_is_not_absent() -> None:
    datasets = {"own": {**STUDY["datasets"]["own"], "optional": True}}
    assert kept_study(datasets=datasets).absent == {}
    assert list(study_of(datasets=datasets, kept="elsewhere").absent) == ["own"]


def test_other_images_than_those_of_the_kept_runs_are_named() -> None:
    study = kept_study()
    study.coco("own").parent.mkdir(parents=True)
    study.coco("own").write_text("{}")
    (note,) = kept_notes(study_of())
    assert "data/mine/coco/own.json is not the file that the kept runs" in note
    edit("run.json", lambda record: record["inputs"].update(coco=sha256(study.coco("own"))))
    assert kept_notes(study_of()) == []


def test_a_changed_study_and_moved_results_have_no_kept_runs() -> None:
    study = kept_study()
    (run, _) = runs_of(study)
    changed = Study("mine", study.settings, "label")
    assert str(changed.run_folder(run)).startswith("results/mine+label/runs")
    for moved in (
        study.with_results_folder("again"),
        study.with_results_folder("again", clean_score_threshold=0.9),
    ):
        assert str(moved.run_folder(run)).startswith("again/runs")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"recipe": {**STUDY["recipe"], "lr": 0.5}},
            "the kept run is not that of the study 'mine': recipe.lr 0.015, but the study has 0.5. "
            "Restore the study or the files of the run, or remove this folder",
        ),
        ({"clean_score_threshold": 0.7}, "scored with clean_score_threshold 0.5, but the study"),
        (
            {"methods": {"mask_rcnn": {"method": {"score_threshold": 0.2}}}},
            "predicted with score_threshold 0.05, but the study has 0.2",
        ),
    ],
)
def test_a_run_of_other_settings_is_refused(changes: dict[str, Any], message: str) -> None:
    study = kept_study(**changes)
    with pytest.raises(ValueError, match="2 kept runs in all do not fit") as caught:
        require_kept(study)
    assert str(caught.value).startswith("kept/own/mask_rcnn/default/seed0/fold0: the kept run")
    assert message in str(caught.value)
    assert any(message in text for text in quick_problems(study))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("run.json", lambda c: c.update(fold=0), "fold 0, but the study has 1"),
        ("run.json", lambda c: c.update(seed=3), "seed 3, but the study has 0"),
        ("run.json", lambda c: c.update(name="own/htc/default"), "name 'own/htc/default', but"),
        ("run.json", lambda c: c["settings"]["recipe"].update(lr=1), "the record was changed"),
        ("run.json", lambda c: c.pop("settings"), "is not a record of a training"),
        ("test.scores.json", lambda c: c.pop("settings"), "a file is not what a training"),
        ("test.predictions.json.gz", lambda c: c.pop(), "made from other predictions"),
    ],
)
def test_a_damaged_run_is_refused(
    name: str, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    kept_study()
    edit(name, change)
    (problem,) = kept_problems(study_of())
    assert message in problem


def test_a_run_without_one_of_its_files_is_refused_but_may_be_without_a_test() -> None:
    study = kept_study()
    folder = study.run_folder(runs_of(study)[1])
    (folder / "test.scores.json").unlink()
    (problem,) = kept_problems(study_of())
    assert "test.scores.json missing" in problem
    for path in folder.glob("test.*"):
        path.unlink()
    assert kept_problems(study_of()) == ()


def test_a_setting_that_is_newer_than_a_run_has_its_default() -> None:
    kept_study()

    def before(record: dict[str, Any]) -> None:
        del record["settings"]["recipe"]["amp"]
        record["settings_hash"] = settings_hash(record["settings"])

    edit("run.json", before)
    assert kept_problems(study_of()) == ()
    (problem,) = kept_problems(study_of(recipe={**STUDY["recipe"], "amp": True}))[1:]
    assert "recipe.amp False, but the study has True" in problem


def test_kept_runs_that_the_study_does_not_have_are_left_alone() -> None:
    kept_study()
    other = Path("kept/own/htc/default/seed0/fold0/run.json")
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps({}))
    assert kept_problems(study_of()) == ()
