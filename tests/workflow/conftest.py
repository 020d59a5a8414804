"""Projects for the tests of the workflow; they have the real rules, but steps take no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.project import Project, trim


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
