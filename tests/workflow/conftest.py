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
    return Project.shared(tmp_path_factory.mktemp("finished"), trim)


@pytest.fixture
def twin(finished: Project, tmp_path: Path) -> Project:
    return finished.twin(tmp_path / "twin")


@pytest.fixture
def clone(finished: Project, tmp_path: Path) -> Project:
    return finished.clone(tmp_path / "clone")
