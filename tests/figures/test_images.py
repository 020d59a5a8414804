"""Figures show the same pixels that a data set and a model get."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gains.datasets.coco import ImageRecord
from gains.datasets.readers.images import read_pixels, read_rgb
from gains.figures.drawing.images import Pictures

SIDE = 8


def shown(path: Path) -> np.ndarray:
    """Return an image as a figure reads it from a folder."""
    record = ImageRecord(1, path.name, SIDE, SIDE)
    return Pictures(path.parent / "none.json", [path.parent]).read(record)


def test_transparency_is_composed_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (SIDE, SIDE), (200, 10, 10, 128)).save(tmp_path / "a.png")
    found = shown(tmp_path / "a.png")
    assert found[0, 0].tolist() == [227, 132, 132]
    np.testing.assert_array_equal(found, read_pixels(tmp_path / "a.png"))


def test_deep_grey_is_scaled_and_repeated(tmp_path: Path) -> None:
    deep = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE) * 900
    Image.fromarray(deep).save(tmp_path / "a.png")
    found = shown(tmp_path / "a.png")
    assert found.shape == (SIDE, SIDE, 3)
    np.testing.assert_array_equal(found, read_rgb(tmp_path / "a.png"))
    assert (found.min(), found.max()) == (0, 255)


def not_finite(path: Path) -> None:
    values = np.zeros((SIDE, SIDE), dtype=np.float32)
    values[1, 1] = np.nan
    Image.fromarray(values).save(path)


def several_frames(path: Path) -> None:
    frame = Image.new("L", (SIDE, SIDE))
    frame.save(path, save_all=True, append_images=[frame])


def four_inks(path: Path) -> None:
    Image.new("CMYK", (SIDE, SIDE)).save(path)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (not_finite, "holds values that are not finite"),
        (several_frames, "holds 2 frames"),
        (four_inks, "has mode 'CMYK'"),
    ],
)
def test_what_no_data_set_may_have_is_refused(
    write: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    write(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=f"a.tif: {message}"):
        shown(tmp_path / "a.tif")


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"1 images.*first 'a\.png'.* leave out --images"):
        shown(tmp_path / "a.png")
