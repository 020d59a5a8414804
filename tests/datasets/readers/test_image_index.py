"""Search of image files by name."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gains.datasets.readers.image_index import ImageIndex

COMPOSED, APART = unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.png")


@pytest.mark.parametrize(
    ("on_disk", "in_json"), [(COMPOSED, APART), (APART, COMPOSED), (APART, APART)]
)
def test_names_are_found_in_another_normal_form(tmp_path: Path, on_disk: str, in_json: str) -> None:
    path = tmp_path / "images" / on_disk
    path.parent.mkdir()
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(path)
    index, name = ImageIndex(tmp_path), in_json
    (found,) = index.located(
        [{"file_name": f"x/{name}"}], tmp_path / "a.json", lambda _, paths, __: paths[0]
    )
    assert found["file_name"] == f"images/{path.name}"
    assert index.folders_holding([name]) == {path.parent: 1}
    assert index.names() == {path.name}
