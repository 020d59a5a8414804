"""The workflow plans all targets of the studies of the layering paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.project import Project

COUNTS = {
    # three data sets with three baselines, Mask R-CNN and two phases of layering; two further sizes
    # in two phases on one of them. The first phases of the other two sets are not tested
    "demo-layering": {"convert": 3, "train": 3 * 6 + 4, "predict": 3 * 5 + 5},
    "layering": {"convert": 3, "train": 3 * (6 + 4), "predict": 3 * (5 + 5)},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copy(tmp_path_factory.mktemp("layering") / "project", stub=True)


@pytest.mark.parametrize("name", COUNTS)
def test_every_training_of_the_study_is_planned_once(project: Project, name: str) -> None:
    plan = project.plan("--config", f"study={name}")
    expected = COUNTS[name]
    assert {rule: plan[rule] for rule in expected} == expected
    assert plan["score"] == plan["predict"]
    assert plan["table"] == 2


@pytest.mark.parametrize("name", COUNTS)
def test_a_table_needs_its_own_runs_and_their_first_phases(project: Project, name: str) -> None:
    plan = project.plan("--config", f"study={name}", "--", "results/layering_table1.csv")
    assert (plan["train"], plan["predict"]) == (18, 15)
    sets = 1 if name == "demo-layering" else 3
    plan = project.plan("--config", f"study={name}", "--", "results/layering_table2.csv")
    assert (plan["train"], plan["predict"]) == (6 * sets, 6 * sets)


def test_a_study_of_stubs_is_made_to_the_end(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.snakemake("--config", "study=demo-layering", "--", "all_tables")
    made = {path.name for path in project.path("results/demo-layering/tables").iterdir()}
    assert {"layering_table1.csv", "layering_table2.csv", "compare.csv"} <= made
    log = project.path("logs/demo-layering/convert/synthetic-cells.log")
    assert log.is_file()
    assert project.plan("--config", "study=demo-layering", "--", "all_tables") == {}
