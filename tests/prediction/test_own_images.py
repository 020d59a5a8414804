"""Own images by files, folders and frames; they have the same names in exports and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gains.datasets.coco import ImageRecord
from gains.datasets.findings import Findings
from gains.datasets.readers.images import STORED, read_image
from gains.export.base import FORMATS
from gains.export.job import ExportJob
from gains.figures.drawing.images import Pictures
from gains.prediction.folder import images_of
from gains.prediction.predict import predict_images
from prediction.test_batches import Stub

H, W = 6, 8
STACK = np.arange(12 * H * W, dtype=np.uint8).reshape(12, H, W)


def save(path: Path, value: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((H, W), value, dtype=np.uint8)).save(path)
    return path


def names(*places: Path) -> list[str]:
    return [listed.record.file_name for listed in images_of(places, STORED, Findings())]


def test_files_have_their_names_and_folders_come_before_those_of_their_images(
    tmp_path: Path,
) -> None:
    for name in ("day1/a.png", "day1/x/b.png", "day2/a.png", "c.tif"):
        save(tmp_path / name)
    places = [tmp_path / "day2", tmp_path / "c.tif", tmp_path / "day1"]
    assert names(*places) == ["c.tif", "day1/a.png", "day1/x/b.png", "day2/a.png"]
    assert names(tmp_path / "day1") == ["a.png", "x/b.png"]


@pytest.mark.parametrize("again", ["a.png", "", "sub/../a.png"])
def test_an_image_that_is_given_twice_is_refused(again: str, tmp_path: Path) -> None:
    save(tmp_path / "i/a.png")
    (tmp_path / "i/sub").mkdir()
    with pytest.raises(ValueError, match="give each image once"):
        names(tmp_path / "i/a.png", tmp_path / "i" / again)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="files of one name by their folders"):
        names(save(tmp_path / "x/a.png"), save(tmp_path / "y/a.png"))


@pytest.mark.parametrize("kind", ["plain", "imagej", "ome", "gif"])
def test_frames_are_images_whose_names_sort_by_their_number(kind: str, tmp_path: Path) -> None:
    path = tmp_path / ("stack.gif" if kind == "gif" else "stack.tif")
    if kind == "gif":
        first, *rest = [Image.fromarray(frame) for frame in STACK]
        first.save(path, save_all=True, append_images=rest)
    elif kind == "plain":
        tifffile.imwrite(path, STACK, photometric="minisblack")
    else:
        options: dict[str, Any] = {kind: True, "photometric": "minisblack"}
        tifffile.imwrite(path, STACK, metadata={"axes": "TYX"}, **options)
    found = images_of([tmp_path], STORED, Findings())
    assert [listed.record.file_name for listed in found] == [
        f"stack.frame{k:02d}{path.suffix}" for k in range(1, 13)
    ]
    for listed, frame in zip(found, STACK, strict=True):
        pixels = listed.image.read(STORED).values
        assert np.array_equal(pixels if pixels.ndim == 2 else pixels[..., 0], frame)
    with pytest.raises(ValueError, match="holds 12 frames; expected one image per file"):
        read_image(path)  # as for the images of a training


@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_channels_are_not_taken_as_frames(kind: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {kind: True, "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "s.tif", STACK[:3], metadata={"axes": "CYX"}, **options)
    with pytest.raises(ValueError, match="its 3 pages are 3 channels of each image.* save the"):
        names(tmp_path)


def test_a_stack_behind_one_page_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "s.tif", STACK, photometric="minisblack", truncate=True)
    with pytest.raises(ValueError, match=r"12 planes behind 1 page; .*Image Sequence"):
        names(tmp_path)


def test_a_frame_beside_a_file_of_its_name_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "s.tif", STACK[:2], photometric="minisblack")
    save(tmp_path / "s.frame1.png")
    with pytest.raises(ValueError, match=r"'s.frame1.\w+' and 's.frame1.\w+' differ"):
        names(tmp_path)


def test_exports_and_figures_find_the_images_of_a_prediction(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "s.tif", STACK[:2] + 100, photometric="minisblack")
    save(tmp_path / "i/a.png", 3)
    places = [tmp_path / "s.tif", tmp_path / "i"]
    stub: Any = Stub()
    stub.info = lambda: {"categories": {"1": "cell"}}
    predict_images(stub, places, tmp_path / "x.json")
    job = ExportJob([FORMATS.get("overlay"), FORMATS.get("geojson")], tmp_path / "out", places)
    job.run(tmp_path / "x.json")
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in tmp_path.glob("out/*/**/*.*")) == [
        "geojson/i/a.geojson", "geojson/s.frame1.geojson", "geojson/s.frame2.geojson",
        "overlay/i/a.png", "overlay/s.frame1.png", "overlay/s.frame2.png",
    ]  # fmt: skip
    picture = Pictures(None, places).read(ImageRecord(1, "s.frame2.tif", H, W))
    assert np.array_equal(picture[..., 0], STACK[1] + 100)
    with pytest.raises(FileNotFoundError, match="1 of 1 images are not in this folder"):
        Pictures(None, places).read(ImageRecord(1, "t.frame2.tif", H, W))
