"""Studies that Snakemake and DVC make together, where every step takes no time."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from helpers.paths import ROOT
from helpers.project import TABLE3, Project

MODEL = "results/demo/runs/synthetic-cells/mask_rcnn/default/seed0/fold0/model.pt"


def test_clone_with_pulled_results_has_nothing_to_do(clone: Project) -> None:
    assert not clone.path(".snakemake").exists()
    assert clone.plan() == {}
    assert clone.plan("--", TABLE3) == {}
    assert "up to date" in clone.call("dvc", "status")
    clone.edit_config(lambda study: study["recipe"].update(lr=0.5))
    assert clone.plan("--", TABLE3)["train"] == 2


def test_a_damaged_file_in_the_remote_is_made_again(clone: Project, finished: Project) -> None:
    archive = clone.path("data/demo/coco/synthetic-cells.zip")
    sound = archive.read_bytes()
    archive.write_bytes(sound[:-1])
    assert clone.plan()["convert"] == 1  # although all that is made from it exists
    archive.write_bytes(sound)
    good = finished.path(MODEL).read_bytes()
    clone.path(MODEL).write_bytes(good[:-2] + b" \n")  # what DVC pulls without a check
    assert clone.path(MODEL).stat().st_size == len(good)
    records = clone.path("results/demo/provenance.json").read_bytes()
    for _ in range(2):
        output = clone.snakemake("-n", "--quiet", "rules", "--", "results/data_audit.csv")
        assert re.search(f"is not the recorded one in 1 of [0-9]+ files: {MODEL};", output)
    clone.snakemake("--quiet", "all", "--", "results/data_audit.csv")  # does not need the model
    assert clone.path("results/demo/provenance.json").read_bytes() == records
    assert clone.plan()["train"] == 1
    clone.snakemake("--quiet", "all")
    assert clone.path(MODEL).read_bytes() == good
    assert clone.path("results/demo/provenance.json").read_bytes() == records
    assert clone.plan() == {}


def test_another_provenance_file_is_named(twin: Project) -> None:
    twin.path("results/demo/provenance.json").write_text('{"files": [1]}')
    output = twin.snakemake("-n", ok=False)
    assert "results/demo/provenance.json: is not a provenance file: files is '[1]'" in output


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
    assert plan.keys() == {
        *("copy_table", "copy_compare", "copy_audit", "copy_figure", "copy_report")
    }
    twin.snakemake("--quiet", "all")
    assert twin.path(TABLE3).read_text() == demo
    assert "up to date" in twin.call("dvc", "status")


def test_a_further_study_is_recorded_beside_the_demo(twin: Project, tmp_path: Path) -> None:
    """It has published data, which no clone fetches that has pulled what was made from them."""
    name, file = "v1.2_x", "workflow/dvc/v1.2_x/dvc.yaml"
    study = {
        "title": "published data, no maps, no figure",
        "datasets": {"ucoc": {}},
        "detector": {"backbone": {"weights": "none", "freeze_at": 0, "norm": "gn"}},
        "tables": {"others": {"title": "t", "rows": [{"method": "mask_rcnn"}]}},
    }
    twin.path(f"studies/{name}.yaml").write_text(yaml.safe_dump({"studies": {name: study}}))
    for recorded in (name, "paper"):
        twin.record(recorded)
    assert "data/paper/coco" in twin.call("dvc", "status")  # no output has two stages
    shutil.rmtree(twin.path("workflow/dvc/paper"))
    twin.call("dvc", "repro", "-q", file)
    twin.commit(f"results of {name}")
    twin.call("dvc", "push", "-q")
    clone = twin.clone(tmp_path / "clone")
    assert not clone.path("data/raw").exists()
    assert "up to date" in clone.call("dvc", "status")
    clone.replace(f"studies/{name}.yaml", "title: t", "title: other")
    assert f"{file}:tables" in clone.call("dvc", "status")
    plan = clone.plan("--config", f"study={name}", "--", "all_data", "all_runs", "all_tables")
    assert plan.keys() == {"table", "compare", "report_study", "all_tables"}


def test_the_profile_of_slurm_does_not_depend_on_accounting() -> None:
    """The command sacct, which the plugin would choose, names no job without accounting."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    assert profile["slurm-status-command"] == "squeue"
