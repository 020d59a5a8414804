"""A project with addresses, to fetch from the server of the suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.fetch_server import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
