"""COCO files are written and read."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.support.files import read_json
from helpers.coco_files import write_coco
from helpers.damage import refused_or_equal


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


def test_the_files_of_two_images_by_hand(tmp_path: Path) -> None:
    mask = np.zeros((5, 7), dtype=bool)
    mask[1:4, 2] = mask[3, 2:5] = True  # an L of five pixels in three rows and three columns
    first = Instances.from_rles(5, 7, [encode_mask(mask)], [4])
    second = Instances.from_rles(5, 7, [encode_mask(mask), encode_mask(mask[::-1])], [2, 4])
    colour = np.full((5, 7, 3), (10, 20, 30), dtype=np.uint8)
    images = [("b.png", colour[..., 0], first), ("a.png", colour, second)]
    write_coco(tmp_path / "d.json", images, {4: "cell", 2: "nucleus"}, {"name": "two"})

    def annotation(number: int, image: int, category: int, top: int) -> dict[str, Any]:
        return {
            "id": number,
            "image_id": image,
            "category_id": category,
            "bbox": [2, top, 3, 3],
            "area": 5,
            "iscrowd": 0,
        }

    content = read_json(tmp_path / "d.json")
    assert [record.pop("segmentation")["size"] for record in content["annotations"]] == [[5, 7]] * 3
    assert content == {
        "info": {"name": "two"},
        "images": [
            {"id": 1, "file_name": "b.png", "height": 5, "width": 7},
            {"id": 2, "file_name": "a.png", "height": 5, "width": 7},
        ],
        "annotations": [annotation(1, 1, 4, 1), annotation(2, 2, 2, 1), annotation(3, 2, 4, 1)],
        "categories": [{"id": 4, "name": "cell"}, {"id": 2, "name": "nucleus"}],
    }
    archive = ImageArchive(tmp_path / "d.zip")
    assert archive.read("a.png")[4, 6].tolist() == [10, 20, 30]
    assert archive.read("b.png")[4, 6].tolist() == [10, 10, 10]
    with pytest.raises(ValueError, match="has no image 'c.png'; the archive and the JSON file"):
        archive.read("c.png")
    with zipfile.ZipFile(tmp_path / "d.zip") as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_coco_files_are_never_empty(tmp_path: Path) -> None:
    empty = ("a.png", np.zeros((4, 4), dtype=np.uint8), Instances.from_rles(4, 4, [], []))
    with pytest.raises(ValueError, match="has an instance; expected at least one"):
        write_coco(tmp_path / "e.json", [empty], {1: "x"}, {})
    assert list(tmp_path.iterdir()) == []


class Killed(BaseException):
    """An exception that stands for SIGKILL: no code of the package catches it."""


@pytest.mark.parametrize("last", range(6))
def test_a_killed_call_leaves_no_json_beside_another_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """Every change of the folder is a rename or a removal; the process dies before one of them."""
    path, steps = write(tmp_path, n=2), iter(range(last))

    def dying(change: Any) -> Any:
        def counted(self: Path, *arguments: Any, **options: Any) -> Any:
            if next(steps, None) is None:
                raise Killed
            return change(self, *arguments, **options)

        return counted

    for name in ("replace", "unlink"):
        monkeypatch.setattr(Path, name, dying(getattr(Path, name)))
    with contextlib.suppress(Killed):
        write(tmp_path, n=3)
    monkeypatch.undo()
    if path.exists():
        archive = zipfile.ZipFile(path.with_suffix(".zip"))
        assert len(archive.namelist()) == len(read_coco(path).images)
    write(tmp_path, n=1)
    assert len(read_coco(path).images) == 1


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "d.zip"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="damaged archive"):
        ImageArchive(path)


def test_an_image_that_was_archived_cut_off_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(write(tmp_path).with_suffix(".zip")) as archive:
        name = archive.namelist()[0]
        data = archive.read(name)
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, data[: data.index(b"IDAT") + 6])
    with pytest.raises(ValueError, match=r"other\.zip: damaged archive .*; make it again"):
        ImageArchive(path).read(name)


def test_changed_bytes_of_an_archive_are_refused_or_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path).with_suffix(".zip")
    size = path.stat().st_size
    read = refused_or_equal(path, lambda file: ImageArchive(file).read("i1.png").tolist())

    def checked(file: Path) -> list[int]:
        archive = ImageArchive(file)
        archive.check()
        return [int(archive.read(f"i{k}.png").sum()) for k in range(2)]

    write(tmp_path)
    assert size / 4 < read < refused_or_equal(path, checked)


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
