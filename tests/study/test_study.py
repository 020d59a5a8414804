"""The runs of a study, their paths, and which of them are equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gains.config.file import check, load_config
from gains.study.opening import from_config, made_by_others, open_study, resolve
from gains.study.runs import Run
from gains.study.study import Study
from helpers.paths import ROOT

RUNS = {
    **{"demo": 47, "paper": 62, "paper-batch8": 60, "first": 2, "real-images": 17},
    **{"demo-donet": 35, "donet": 11, "evidence": 65, "demo-layering": 20, "layering": 30},
    "real-layering": 4,
}
"""Runs of each committed study on its data sets that are not optional, by name, for one seed."""


def test_the_shipped_studies_resolve() -> None:
    assert set(load_config(ROOT / "config.yaml").studies) == set(RUNS)
    for name, number in RUNS.items():
        study = open_study(ROOT / "config.yaml", name)
        runs = [run for run in study.runs() if not study.dataset(run.dataset).optional]
        assert len(runs) == number * len(study.settings.seeds)
        assert all(study.run_settings(run).method == run.method for run in runs)


def test_no_shipped_training_ends_before_its_rate_drops() -> None:
    for name in RUNS:
        study = open_study(ROOT / "config.yaml", name)
        for run in study.trainings():
            recipe = study.run_settings(run).recipe
            assert all(drop < recipe.iterations for drop in recipe.milestones), run.path


def test_equal_settings_are_one_run() -> None:
    study = open_study(ROOT / "config.yaml", "demo")
    five = [r for r in study.runs() if r.dataset == "synthetic-cells" and r.method == "gains"]
    assert len(five) == len(set(five)) == 10
    assert study.canonical("synthetic-cells", "gains", "default") == "default"


def test_every_fold_is_a_run(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = content["studies"]["demo"]
    block["datasets"]["synthetic-cells"]["split"] = {"folds": 3}
    given = tmp_path / "given.json"
    given.write_text(
        '{"folds": [{"train": ["a*"], "test": ["b*"]}, {"train": ["b*"], "test": ["a*"]}]}'
    )
    block["datasets"]["synthetic-nuclei"]["split"] = {"file": str(given)}
    study = from_config(check(content, "c"))
    assert [study.folds(name) for name in block["datasets"]] == [3, 1, 2]
    runs = study.cell_runs("synthetic-cells", "gains", "default")
    assert [(run.seed, run.fold) for run in runs] == [(0, 0), (0, 1), (0, 2)]
    assert str(study.maps(runs[2])).endswith("fold2.train.isbi-t1-w5-f0.5-ol0.1-clean.npz")
    given.unlink()
    monkeypatch.chdir(tmp_path)  # the project may hold a split of this data set, which counts
    with pytest.raises(FileNotFoundError, match="names this file, but it does not exist"):
        from_config(check(content, "c"))


def test_without_its_lists_a_study_has_the_folds_of_the_split_made_from_them(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a clone that fetched the results, the lists may be missing as other own files may."""
    monkeypatch.chdir(tmp_path)
    content["studies"]["demo"]["datasets"]["synthetic-nuclei"]["split"] = {"file": "away.json"}
    made = tmp_path / "data/demo/splits/synthetic-nuclei.json"
    made.parent.mkdir(parents=True)
    fold = {"train": ["a.png"], "test": ["b.png"]}
    made.write_text(json.dumps({"folds": [fold, fold]}))
    assert from_config(check(content, "c")).folds("synthetic-nuclei") == 2


def test_an_explicit_default_is_the_default(content: dict[str, Any]) -> None:
    demo = content["studies"]["demo"]
    demo["variants"]["gains"]["w5"] = {"maps": {"window_size": 5}}
    study = from_config(check(content, "c"))
    assert study.canonical("synthetic-cells", "gains", "w5") == "default"


def test_runs_that_differ_in_prediction_share_a_training(content: dict[str, Any]) -> None:
    demo = content["studies"]["demo"]
    demo["variants"]["htc"] = {
        "strict": {"method": {"nms": 0.4}, "recipe": {"lr": 0.01}},
        "slow": {"recipe": {"lr": 0.01}},
        "unseen": {"method": {"score_threshold": 0.2}},
    }
    names = ("published-threshold", "strict", "slow")
    table = {"title": "t", "rows": [{"method": "htc", "variant": v, "label": v} for v in names]}
    demo["tables"] = {"t": table}
    study = from_config(check(content, "c"))
    trained = {v: study.trained_variant("synthetic-cells", "htc", v) for v in names}
    # the first variant of equal training, also where no row shows it
    assert trained == {"published-threshold": "default", "strict": "strict", "slow": "strict"}
    assert len(list(study.runs())) == 9
    assert [run.variant for run in study.trainings()] == ["default", "strict"] * 3
    run = Run("synthetic-cells", "htc", "slow", 0)
    assert str(study.model(run)).endswith("/htc/strict/seed0/fold0/model.pt")
    demo["tables"]["t"]["rows"] += [{"method": "htc"}, {"method": "mask_rcnn"}]
    demo["detector"]["score_threshold"] = 0.9
    other = from_config(check(content, "c"))
    assert set(study.trainings()) < set(other.trainings())  # no row and no threshold moves a model


def test_overriding_a_committed_study_needs_a_name(content: dict[str, Any]) -> None:
    committed = ROOT / "config.yaml"
    assert resolve(content, committed).tag == "demo"
    content["studies"]["demo"]["seeds"] = [7]
    with pytest.raises(ValueError, match="label=<name>"):
        resolve(content, committed)
    study = resolve({**content, "label": "mine"}, committed)
    assert study.data == "data/demo+mine"
    own = {**content["studies"]["demo"], "seeds": [1]}
    added = {"study": "own", "studies": {"own": own}}
    assert resolve(added, committed).tag == "own"


def test_mask_rcnn_reads_no_maps() -> None:
    study = open_study(ROOT / "config.yaml", "demo")
    assert study.maps(Run("synthetic-cells", "mask_rcnn", "default", 0)) is None
    maps = study.maps(Run("synthetic-cells", "gains", "w3", 0))
    assert str(maps) == (
        "data/demo/maps/synthetic-cells/fold0.train.isbi-t1-w3-f0.5-ol0.1-clean.npz"
    )


def test_a_study_with_another_folder_keeps_its_data_and_settings() -> None:
    study = open_study(ROOT / "config.yaml", "demo")
    labelled = Study("demo", study.settings, "x")
    assert (labelled.tag, labelled.data, labelled.results) == (
        "demo+x",
        "data/demo+x",
        "results/demo+x",
    )
    moved = labelled.with_results_folder("out")
    assert (moved.tag, moved.data, moved.results) == ("demo+x", "data/demo+x", "out")
    for own, tag in ((study, "demo+rescored"), (labelled, "demo+x+rescored")):
        changed = own.with_results_folder("out", clean_score_threshold=0.25)
        assert (changed.tag, changed.data, changed.results) == (tag, own.data, "out")
        assert changed.score_options("synthetic-cells") == {
            "max_detections": study.settings.datasets["synthetic-cells"].max_detections,
            "clean_score_threshold": 0.25,
        }
    with pytest.raises(ValueError, match=r"studies\.demo\.clean_score_threshold"):
        study.with_results_folder("out", clean_score_threshold=2)


def test_the_number_of_detections_of_a_data_set_holds_in_model_and_metrics(
    content: dict[str, Any],
) -> None:
    content["studies"]["demo"]["datasets"]["synthetic-nuclei"]["max_detections"] = 37
    study = from_config(check(content, "c"), "demo")
    run = Run("synthetic-nuclei", "gains", "default", 0)
    assert study.run_settings(run).prediction.max_detections == 37
    assert study.score_options("synthetic-nuclei")["max_detections"] == 37
    assert study.score_options("synthetic-cells")["max_detections"] == 100


def test_what_only_other_studies_make(content: dict[str, Any]) -> None:
    studies = content["studies"]
    table = studies["demo"]["tables"]["table1"]
    studies["third"] = {**studies["demo"], "tables": {"mine": table, "table3": table}}
    del studies["demo"]["figure3"], studies["paper"]["tables"]["table3_published_recipe"]
    assert made_by_others(check(content, "c")) == {
        "figure3.png": ["paper", "third"],
        "figure3.pdf": ["paper", "third"],
        **{f"mine.{kind}": ["third"] for kind in ("csv", "md", "tex")},
        **{
            f"mine.{part}.{kind}": ["third"]
            for part in ("certainty", "contact")
            for kind in ("csv", "md")
        },
    }
