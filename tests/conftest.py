"""Fixtures of the whole suite."""

from pathlib import Path

import pytest

from helpers.paths import GOLDEN, ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project; the test skips where there is none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder of real data beside the project")
    return folder


@pytest.fixture(scope="session")
def golden() -> Path:
    """Reference outputs of the published programs."""
    return GOLDEN
