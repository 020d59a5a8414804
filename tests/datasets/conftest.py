"""A folder of images that tests damage and convert."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.folder_workshop import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)
