"""Initial weights in the workflow: fetched before the trainings, and never in git or DVC."""

from __future__ import annotations

import hashlib
import shutil
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
    study["figure4"]["rows"] = ["gains/default"]
    for table in study["tables"].values():
        table["rows"] = [{"method": "gains"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The study after a complete run with `dvc repro`, committed and pushed to a local remote."""
    return Project.shared(tmp_path_factory.mktemp("weights"), one_training)


@pytest.fixture
def twin(made: Project, tmp_path: Path) -> Project:
    return made.twin(tmp_path / "twin")


def two_trainings(study: dict[str, Any]) -> None:
    """Add a training with the same weights to the one of ``one_training``."""
    study["tables"]["table1"]["rows"].append({"method": "mask_rcnn"})


def test_missing_weights_are_fetched_before_the_trainings(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(one_training)
    assert project.plan("--", "all_data")["fetch_weights"] == 1
    project.snakemake("--", "data/demo/coco/synthetic-cells.json")
    assert not project.path(FILE).exists()  # no training ran
    project.snakemake("--", "all_runs")
    assert project.path(FILE).is_file()
    assert project.plan("--", "all_runs") == {}


def test_fetching_missing_weights_repeats_no_training(twin: Project) -> None:
    (model,) = twin.folder.glob("results/demo/runs/*/gains/default/seed0/fold0/model.pt")
    before = model.stat().st_mtime_ns
    shutil.rmtree(twin.path("data/raw"))
    twin.edit_config(two_trainings)
    assert twin.plan()["train"] == 1
    twin.snakemake()
    assert twin.path(FILE).is_file()
    assert model.stat().st_mtime_ns == before
    assert twin.plan() == {}


def test_studies_fetch_the_weights_that_they_name(made: Project) -> None:
    plan = made.plan("--config", "study=paper", "--", "all_data")
    assert (plan["fetch"], plan["fetch_weights"]) == (3, 2)
    assert "fetch_weights" not in made.plan("--config", "study=first", "--", "all_data")


def test_a_file_that_a_person_put_there_is_used(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(one_training)
    project.path(FILE).parent.mkdir(parents=True)
    project.path(FILE).write_text("mine")
    project.snakemake("--", "all_runs")
    assert project.path(FILE).read_text() == "mine"


def test_only_other_weights_cause_a_training(twin: Project) -> None:
    assert twin.path(FILE).is_file()
    assert twin.plan() == {}
    twin.path(FILE).touch()
    assert twin.plan() == {}
    twin.replace("data/sources.csv", URL, "https://a.mirror/resnet18-f37072fd.pth")
    assert twin.plan("--", "all_data", "all_runs") == {}
    twin.path(FILE).unlink()
    assert twin.plan() == {}
    for name in ("src/gains/models/imagenet.py", "data/sources.csv"):
        text = twin.path(name).read_text()
        twin.path(name).write_text(text.replace("resnet18-f37072fd", "resnet18-5c106cde"))
    assert twin.plan()["train"] == 1  # other weights have another name
    twin.call("git", "checkout", "-q", "src", "data/sources.csv")
    twin.edit_config(lambda study: study["detector"]["backbone"].update(name="resnet34"))
    assert twin.plan()["train"] == 1


def test_a_clone_with_pulled_results_needs_no_weights(made: Project, tmp_path: Path) -> None:
    clone = made.clone(tmp_path / "clone")
    assert not clone.path("data/raw").exists()
    assert clone.plan() == {}
    assert "up to date" in clone.call("dvc", "status")
    assert ".pth" not in clone.call("git", "ls-files")
    clone.edit_config(two_trainings)
    assert clone.plan()["train"] == 1


def test_weights_that_cannot_be_fetched(server: Server, tmp_path: Path) -> None:
    """The real verb, with a server that first has no file, then another one, then the right one."""
    project = Project.copy(tmp_path / "project", stub=False)
    project.edit_config(one_training)
    project.replace("data/sources.csv", URL, f"{server.url}/w.pth")
    said = project.snakemake("--", "all_runs", ok=False)
    assert f"{server.url}/w.pth (http): no such file there (404" in said
    assert not project.path("results/demo").exists()  # nothing ran
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
