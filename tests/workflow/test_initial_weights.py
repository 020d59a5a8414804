"""Initial weights in the workflow: fetched before the trainings, and never in git or DVC."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from helpers.fetch_server import Server
from helpers.project import Project

NAME = "imagenet-resnet18"
FILE = f"data/raw/{NAME}/resnet18-f37072fd.pth"
SHA256 = "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
URL = "https://download.pytorch.org/models/resnet18-f37072fd.pth"


def one_training(study: dict[str, Any]) -> None:
    """Reduce the study demo to one training, which starts from ImageNet weights."""
    study["datasets"] = {"synthetic-cells": study["datasets"]["synthetic-cells"]}
    study["detector"]["backbone"] = {"name": "resnet18", "weights": "imagenet"}
    study["methods"] = {}
    study["variants"] = {}
    for table in study["tables"].values():
        table["rows"] = [{"method": "gains"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The study after a complete run with `dvc repro`, committed and pushed to a local remote."""
    folder = tmp_path_factory.mktemp("weights")
    project = Project.copy(folder / "project", stub=True)
    project.edit_config(one_training)
    project.call("git", "init", "-q", "-b", "main")
    project.call("dvc", "init", "-q")
    project.call("dvc", "remote", "add", "-q", "-d", "local", str(folder / "remote"))
    project.commit("code")
    project.call("dvc", "repro")
    project.commit("results")
    project.call("dvc", "push", "-q")
    return project


@pytest.fixture
def twin(made: Project, tmp_path: Path) -> Project:
    return made.twin(tmp_path / "twin")


def test_a_training_needs_the_file_of_its_weights(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(one_training)
    plan = project.plan("--", "all_runs")
    assert (plan["fetch_weights"], plan["train"]) == (1, 1)
    assert project.plan("--", "all_data")["fetch_weights"] == 1
    text = project.snakemake("-n", "--", "all_runs")
    assert f"Shell command: gains fetch {NAME} > " in text
    (train,) = [part for part in text.split("\n\n") if "rule train:" in part]
    assert FILE in train.split("input: ")[1].split("\n")[0]


def test_studies_fetch_the_weights_that_they_name(made: Project) -> None:
    plan = made.plan("--config", "study=paper", "--", "all_data")
    assert (plan["fetch"], plan["fetch_weights"]) == (3, 2)
    assert "fetch_weights" not in made.plan("--config", "study=first", "--", "all_data")


def test_a_file_that_a_person_put_there_is_used(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(one_training)
    project.path(FILE).parent.mkdir(parents=True)
    project.path(FILE).write_text("mine")
    assert "fetch_weights" not in project.plan("--", "all_runs")


def test_only_other_weights_cause_a_training(twin: Project) -> None:
    assert twin.path(FILE).is_file()
    assert twin.plan() == {}
    twin.path(FILE).touch()
    assert twin.plan() == {}
    twin.replace("data/sources.csv", URL, "https://a.mirror/resnet18-f37072fd.pth")
    assert twin.plan("--", "all_data", "all_runs") == {}
    twin.path(FILE).write_text("other weights")
    assert twin.plan()["train"] == 1
    twin.path(FILE).unlink()
    assert twin.plan() == {}
    twin.path(FILE).write_text(Path(FILE).name)  # the content that the stub writes
    assert twin.plan("--", "all_data", "all_runs") == {}
    twin.edit_config(lambda study: study["detector"]["backbone"].update(name="resnet34"))
    plan = twin.plan()
    assert (plan["fetch_weights"], plan["train"]) == (1, 1)


def test_a_clone_with_pulled_results_needs_no_weights(made: Project, tmp_path: Path) -> None:
    made.call("git", "clone", "-q", ".", str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")
    clone.call("dvc", "pull", "-q")
    assert not clone.path("data/raw").exists()
    assert clone.plan() == {}
    assert "up to date" in clone.call("dvc", "status")
    assert ".pth" not in clone.call("git", "ls-files")
    clone.edit_config(lambda study: study["recipe"].update(lr=0.5))
    plan = clone.plan()
    assert (plan["fetch_weights"], plan["train"]) == (1, 1)


def test_weights_that_cannot_be_fetched(server: Server, tmp_path: Path) -> None:
    """The real verb, with a server that first has no file, then another one, then the right one."""
    project = Project.copy(tmp_path / "project", stub=False)
    project.edit_config(one_training)
    project.replace("data/sources.csv", URL, f"{server.url}/w.pth")
    said = project.snakemake("--", FILE, ok=False)
    assert f"{server.url}/w.pth (http): no such file there (404" in said
    assert f"To provide it yourself, put the file at {FILE}, and run `gains fetch {NAME}`" in said
    server.give("/w.pth", b"other")
    said = project.snakemake("--", FILE, ok=False)
    assert f"sha256 is {hashlib.sha256(b'other').hexdigest()}, expected {SHA256}" in said
    assert not project.path(FILE).exists()
    project.replace("data/sources.csv", SHA256, hashlib.sha256(b"other").hexdigest())
    project.snakemake("--", FILE)
    assert project.path(FILE).read_bytes() == b"other"
    assert project.plan("--", FILE) == {}
