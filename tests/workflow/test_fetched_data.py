"""Fetched data in the workflow: archives that data sets share, and receipts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.project import Project, trim


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
