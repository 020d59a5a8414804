"""Fixtures of the whole suite."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
    return ROOT / "tests" / "golden"
