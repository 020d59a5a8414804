"""Fixtures of the whole suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from helpers.fetch_server import Server, serving
from helpers.paths import GOLDEN, ROOT

if TYPE_CHECKING:
    from helpers.tiny import Tiny

LONG = ("workflow", "methods")
"""Folders whose tests take minutes, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of two folders, which take minutes, and run them first.

    `make quick` leaves them out. A long file that started last would keep one process busy while
    the others have nothing to do.
    """
    for item in items:
        if _room(item) in LONG:
            item.add_marker(_room(item))
    items.sort(key=lambda item: LONG.index(_room(item)) if _room(item) in LONG else len(LONG))


def _room(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").parts[0]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data beside the project; without it the test is skipped."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder of real data beside the project")
    return folder


@pytest.fixture(scope="session")
def golden() -> Path:
    """Return the folder of reference outputs of the published programs."""
    return GOLDEN


@pytest.fixture
def content() -> dict[str, Any]:
    """Return the content of the project's config file, which a test may change.

    The figures that name rows of tables are left out, since many tests change the tables.
    """
    found = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert isinstance(found, dict)
    for study in found["studies"].values():
        del study["figure4"]
    return found


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Return the tiny data set with split and maps; tests do not change it."""
    from helpers.tiny import make_tiny

    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a web server on this machine, which runs until the test ends."""
    with serving() as running:
        yield running
