"""The workflow with the real rules, in copies of the project where every step takes no time."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.project import Project

TABLE3 = "results/table3.csv"
TRIMMED = ("mask_rcnn", "gains")


def trim(study: dict[str, Any]) -> None:
    """Reduce the study demo to one data set and six trainings."""
    study["datasets"] = {"synthetic-cells": study["datasets"]["synthetic-cells"]}
    del study["methods"]["fastinst"]["images_factor_on"]
    rows = study["tables"]["table1"]["rows"]
    study["tables"]["table1"]["rows"] = [r for r in rows if r.get("variant") in (None, "w3", "w7")][
        :3
    ]
    for name in ("table2", "table3"):
        rows = study["tables"][name]["rows"]
        study["tables"][name]["rows"] = [
            r for r in rows if r["method"] in TRIMMED and r.get("variant") != "deep"
        ]


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project without any results."""
    return Project.copy(tmp_path_factory.mktemp("plain") / "project", stub=True)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small demo study made by `dvc repro`, committed and pushed to a local remote."""
    folder = tmp_path_factory.mktemp("finished")
    project = Project.copy(folder / "project", stub=True)
    project.edit_config(trim)
    project.call("git", "init", "-q", "-b", "main")
    project.call("dvc", "init", "-q")
    project.call("dvc", "remote", "add", "-q", "-d", "local", str(folder / "remote"))
    project.commit("code")
    project.call("dvc", "repro", "-q")
    project.commit("results")
    project.call("dvc", "push", "-q")
    return project


@pytest.fixture
def twin(finished: Project, tmp_path: Path) -> Project:
    return finished.twin(tmp_path / "twin")


@pytest.fixture
def clone(finished: Project, tmp_path: Path) -> Project:
    finished.call("git", "clone", "-q", ".", str(tmp_path / "clone"))
    project = Project(tmp_path / "clone")
    project.call("dvc", "pull", "-q")
    return project


def test_demo_trains_what_three_tables_share_once(plain: Project) -> None:
    tables = [f"results/table{n}.csv" for n in (1, 2, 3)]
    assert plain.plan("--", *tables) == {
        "convert": 3,
        "split": 3,
        "maps": 9,
        "train": 47,
        "predict": 47,
        "score": 47,
        "table": 3,
        "copy_table": 3,
    }


def test_one_table_asks_for_nothing_else(plain: Project) -> None:
    assert plain.plan("--", TABLE3) == {
        "convert": 3,
        "split": 3,
        "maps": 3,
        "train": 39,
        "predict": 39,
        "score": 39,
        "table": 1,
        "copy_table": 1,
    }
    assert plain.plan("--", "results/data_audit.csv") == {
        "convert": 3,
        "split": 3,
        "audit": 3,
        "audit_table": 1,
        "copy_audit": 1,
    }
    assert plain.plan("--", "results/figure3.png") == {
        "convert": 1,
        "split": 1,
        "figure3": 1,
        "copy_figure3": 1,
    }


def test_published_data_are_fetched_once(plain: Project) -> None:
    assert plain.plan("--config", "study=paper", "--", "all_data") == {
        "fetch": 3,
        "convert": 3,
        "split": 3,
        "maps": 9,
        "all_data": 1,
    }


def test_two_data_sets_of_one_archive(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)

    def change(study: dict[str, Any]) -> None:
        trim(study)
        blocks = study["datasets"]
        maps = blocks["synthetic-cells"]["maps"]
        blocks["isbi2014"] = {"maps": maps, "options": {"parts": ["train"]}}
        blocks["isbi2014-edf"] = {"maps": maps}
        blocks["elsewhere"] = {"maps": maps, "source": "ucoc", "options": {"root": "mine"}}
        for table in study["tables"].values():
            table["datasets"] = ["synthetic-cells"]

    project.edit_config(change)
    project.path("mine").mkdir()
    project.path("mine/labels.json").write_text("1")
    plan = project.plan("--", "results/data_audit.csv")
    assert (plan["fetch"], plan["convert"]) == (1, 4)
    project.snakemake("--quiet", "all", "--", "results/data_audit.csv")
    assert project.plan("--", "results/data_audit.csv") == {}
    project.replace("data/sources.csv", "618e386c", "718e386c")
    again = project.plan("--", "results/data_audit.csv")
    assert (again["fetch"], again["convert"]) == (1, 2)
    project.replace("data/sources.csv", "718e386c", "618e386c")
    project.path("mine/labels.json").write_text("2")
    assert project.plan("--", "results/data_audit.csv")["convert"] == 1


def test_override_without_a_name_is_refused(plain: Project) -> None:
    change = 'studies={"demo": {"seeds": [7]}}'
    text = plain.snakemake("-n", "--config", change, "--", TABLE3, ok=False)
    assert "label=<name>" in text
    text = plain.snakemake("-n", "--config", change, "label=seven", "--", TABLE3)
    assert "results/demo+seven/runs/synthetic-cells/gains/default/seed7/fold0/model.pt" in text


def test_misspelt_study_names_the_nearest(plain: Project) -> None:
    text = plain.snakemake("-n", "--config", "study=demos", ok=False)
    assert "did you mean 'demo'?" in text


def test_second_run_and_touched_files_do_nothing(twin: Project) -> None:
    assert twin.plan() == {}
    made = [p for top in ("data", "results") for p in twin.path(top).rglob("*") if p.is_file()]
    random.Random(0).shuffle(made)
    for path in made:
        path.touch()
    assert twin.plan() == {}


def test_clone_with_pulled_results_has_nothing_to_do(clone: Project) -> None:
    assert not clone.path(".snakemake").exists()
    assert clone.plan() == {}
    assert clone.plan("--", TABLE3) == {}
    assert "up to date" in clone.call("dvc", "status")
    clone.edit_config(lambda study: study["recipe"].update(lr=0.5))
    assert clone.plan("--", TABLE3)["train"] == 2


def test_a_setting_reruns_its_descendants(twin: Project) -> None:
    twin.edit_config(lambda s: s["variants"]["gains"]["w7"]["maps"].update(window_size=8))
    one = {"train": 1, "predict": 1, "score": 1}
    assert twin.plan() == {
        "maps": 1,
        **one,
        "table": 1,
        "summary": 1,
        "compare": 1,
        "copy_table": 1,
        "copy_compare": 1,
    }
    assert twin.plan("--", TABLE3) == {}
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s["detector"].update(score_threshold=0.2, nms=0.4))
    plan = twin.plan()
    assert "train" not in plan
    assert plan["predict"] == plan["score"] == 6
    twin.call("git", "checkout", "-q", "config.yaml")
    for row in ({"variant": "published-threshold", "label": "at 0.001"}, {"label": "at 0.05"}):
        twin.edit_config(
            lambda s, r=row: s["tables"]["table2"]["rows"].append({"method": "htc", **r})
        )
    plan = twin.plan()
    assert (plan["train"], plan["predict"], plan["score"]) == (1, 2, 2)
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s.update(clean_score_threshold=0.4))
    plan = twin.plan()
    assert plan["score"] == 6 and "train" not in plan and "predict" not in plan
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s.update(mem_mb=1234))
    assert twin.plan() == {}
    twin.call("git", "checkout", "-q", "config.yaml")
    twin.edit_config(lambda s: s["tables"]["table2"].update(title="another"))
    one = {"table": 1, "compare": 1, "copy_table": 1, "copy_compare": 1}
    assert twin.plan() == one
    for path in twin.path("results/demo/tables").iterdir():
        path.touch()  # as if they had been fetched after the change
    assert twin.plan() == one
    twin.call("git", "checkout", "-q", "config.yaml")
    assert twin.plan() == {}


def test_code_reruns_what_runs_it(twin: Project) -> None:
    source = twin.path("src/gains")

    def plan_after(line: str, *names: str) -> dict[str, int]:
        for name in names:
            path = source / name
            path.write_text(path.read_text() + line)
        plan = twin.plan()
        twin.call("git", "checkout", "-q", "src")
        return plan

    everywhere = [str(p.relative_to(source)) for p in source.rglob("*.py")]
    assert plan_after("\n# a comment\n", *everywhere) == {}
    plan = plan_after("\nEDITED = 1\n", "methods/mask_rcnn.py")
    assert (plan["train"], plan["predict"], plan["score"]) == (1, 1, 1)
    assert "maps" not in plan and "figure3" not in plan
    plan = plan_after("\nEDITED = 1\n", "methods/gains/__init__.py")
    assert (plan["train"], plan["predict"], plan["score"]) == (5, 5, 5)
    assert plan_after("\nEDITED = 1\n", "figures/figure3.py") == {
        "figure3": 1,
        "copy_figure3": 1,
    }
    plan = plan_after("\nEDITED = 1\n", "tables/write.py")
    assert plan["table"] == 3 and not {"train", "predict", "score"} & plan.keys()
    plan = plan_after("\nEDITED = 1\n", "scoring/score.py")
    assert plan["score"] == 6 and not {"train", "predict"} & plan.keys()
    assert plan_after("\nEDITED = 1\n", "methods/__init__.py", "cli/reports.py") == {}


def test_another_working_folder_gets_the_same_plan(plain: Project, tmp_path: Path) -> None:
    shutil.copy2(plain.path("config.yaml"), tmp_path)
    elsewhere = plain.plan("--directory", str(tmp_path))
    assert elsewhere == plain.plan()
    assert elsewhere["compare"] == 1


def test_failed_rerun_never_passes_for_done(twin: Project) -> None:
    old = twin.path(TABLE3).read_text()
    twin.edit_config(lambda study: study["recipe"].update(lr=0.5))
    failing = "synthetic-cells/mask_rcnn/default"
    twin.snakemake("--quiet", "all", "--", TABLE3, ok=False, STUB_FAIL=failing)
    plan = twin.plan("--", TABLE3)
    assert (plan["train"], plan["table"]) == (1, 1)
    twin.snakemake("--quiet", "all", "--", TABLE3)
    assert twin.plan("--", TABLE3) == {}
    assert twin.path(TABLE3).read_text() != old


def test_deleted_and_edited_files_heal(twin: Project) -> None:
    twin.path(TABLE3).unlink()
    assert twin.plan("--", TABLE3) == {"copy_table": 1}
    twin.call("dvc", "checkout", "-q")
    assert twin.plan() == {}
    first, *others = twin.path("scratch/demo/specs").glob("*.json")
    first.write_text("{}")
    for file in others:
        file.unlink()
    assert twin.plan() == {}


def test_dvc_commands_work_and_an_experiment_changes_the_tables(twin: Project) -> None:
    assert "up to date" in twin.call("dvc", "status")
    assert "runs" in twin.call("dvc", "dag")
    assert "summary.json" in twin.call("dvc", "metrics", "show")
    before = twin.path(TABLE3).read_text()
    setting = "config.yaml:studies.demo.recipe.batch_size"
    twin.call("dvc", "exp", "run", "-q", "-S", f"{setting}=7")
    assert twin.path(TABLE3).read_text() != before
    assert (
        yaml.safe_load(twin.path("config.yaml").read_text())["studies"]["demo"]["recipe"][
            "batch_size"
        ]
        == 7
    )
    assert twin.plan() == {}
    assert "up to date" in twin.call("dvc", "status")


def test_plain_snakemake_then_dvc_commit(twin: Project) -> None:
    twin.edit_config(lambda s: s["variants"]["gains"]["w7"]["maps"].update(window_size=8))
    twin.snakemake("--quiet", "all")
    assert "up to date" not in twin.call("dvc", "status")
    twin.call("dvc", "commit", "-q", "-f")
    assert "up to date" in twin.call("dvc", "status")


def test_another_study_copies_what_it_has(twin: Project) -> None:
    demo = twin.path(TABLE3).read_text()
    overlay = ("--configfile", "tests/studies/tiny.yaml")
    plan = twin.plan(*overlay)
    assert (plan["train"], plan["table"], plan["copy_table"]) == (4, 1, 1)
    twin.snakemake("--quiet", "all", *overlay)
    assert twin.plan(*overlay) == {}
    assert twin.path(TABLE3).read_text() == twin.path("results/tiny/tables/table3.csv").read_text()
    plan = twin.plan()
    assert plan.keys() == {"copy_table", "copy_compare", "copy_audit", "copy_figure3"}
    twin.snakemake("--quiet", "all")
    assert twin.path(TABLE3).read_text() == demo
    assert "up to date" in twin.call("dvc", "status")


def test_one_training_at_a_time_on_the_accelerator(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(trim)
    project.edit_config(lambda study: study.update(gpu=1))
    project.snakemake("--quiet", "all", "--", "all_runs", STUB_ALONE=str(tmp_path))
    models = list(project.path("results/demo/runs").rglob("model.pt"))
    assert len(models) == 6


def test_the_paper_study_has_stages_of_its_own(twin: Project) -> None:
    twin.replace(".dvcignore", "/workflow/dvc/paper", "")
    file = "workflow/dvc/paper/dvc.yaml"
    listed = twin.call("dvc", "stage", "list", "--names-only", file).split()
    assert [name.rsplit(":", 1)[-1] for name in listed] == ["data", "runs", "tables"]


def test_a_changed_address_keeps_what_the_receipt_knows(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=False)
    place = project.path("data/raw/cps/coco")
    place.mkdir(parents=True)
    place.joinpath("a.json").write_text("{}")
    project.edit_config(
        lambda study: (trim(study), study["datasets"].update(cps={"maps": {"program": "isbi"}}))
    )
    receipt = "data/raw/cps/fetched.json"
    project.snakemake("--quiet", "all", "--", receipt)
    project.replace(receipt, "by hand", "https://a.friend")
    project.replace("data/sources.csv", "DeepDoNet/DoNet,manual", "DeepDoNet/Other,manual")
    project.snakemake("--quiet", "all", "--", receipt)
    assert "https://a.friend" in project.path(receipt).read_text()
    place.joinpath("b.json").write_text("{}")
    assert project.plan("--", receipt) == {"fetch": 1}
    assert "differ from what was fetched" in project.snakemake("--", receipt, ok=False)
    assert "https://a.friend" in project.path(receipt).read_text()
