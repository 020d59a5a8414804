"""COCO files are written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.instances import Instances
from gains.masks.rle import encode_mask
from helpers.coco_files import write_coco


def write(tmp_path: Path, n: int = 2) -> Path:
    path = tmp_path / "d.json"
    mask = encode_mask(np.pad(np.ones((3, 3), dtype=bool), 2))
    images = (
        (
            f"i{k}.png",
            np.full((7, 7), 30 * k, dtype=np.uint8),
            Instances.from_rles(7, 7, [mask], [1]),
        )
        for k in range(n)
    )
    write_coco(path, images, {1: "cell"}, {"name": "test"})
    return path


def test_coco_round_trip(tmp_path: Path) -> None:
    coco = read_coco(write(tmp_path))
    assert list(coco.images) == [1, 2]
    assert coco.instances(2).ids.tolist() == [2]
    assert coco.instances(1).stack().sum() == 9
    assert ImageArchive(tmp_path / "d.zip").read("i1.png")[0, 0].tolist() == [30, 30, 30]
    assert [r.id for r in coco.by_name(["i1.png", "i0.png"])] == [2, 1]
    with pytest.raises(ValueError, match="'nope.png'"):
        coco.by_name(["nope.png"])


def test_coco_files_are_never_empty(tmp_path: Path) -> None:
    empty = ("a.png", np.zeros((4, 4), dtype=np.uint8), Instances.from_rles(4, 4, [], []))
    with pytest.raises(ValueError, match="has an instance; expected at least one"):
        write_coco(tmp_path / "e.json", [empty], {1: "x"}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "d.zip"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="damaged archive"):
        ImageArchive(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "expected COCO ground truth"),
        ({"images": [], "annotations": [], "categories": []}, "holds no image"),
        (
            {
                "images": [{"id": 1, "file_name": "a", "height": 2, "width": 2}],
                "annotations": [{"id": 7, "image_id": 3, "category_id": 1}],
                "categories": [{"id": 1}],
            },
            "annotation 7 names image 3",
        ),
    ],
)
def test_other_json_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_coco(path)
