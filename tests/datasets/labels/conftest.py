"""Own images with labels of any format."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.own_labels import Own


@pytest.fixture
def own(tmp_path: Path) -> Own:
    return Own(tmp_path)
