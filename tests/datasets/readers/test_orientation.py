"""The orientation tag of EXIF, PNG and TIFF: recorded, applied on request, named in refusals."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from gains.datasets.readers.images import Reading, read_header, read_image
from helpers.folder_workshop import H, W, Workshop
from helpers.image_writers import write_png, write_tiff

PIXELS = np.random.default_rng(0).integers(0, 256, (H, W, 3)).astype(np.uint8)
EXIF = struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 274, 3, 1, 6, 0)
"""An EXIF block with orientation 6 and nothing else."""

APPLY = Reading(orientation="apply")


def save(path: Path, tag: int, pixels: np.ndarray = PIXELS) -> None:
    if path.suffix == ".tif":
        write_tiff(path, pixels, 2, orientation=tag)
        return
    exif = Image.Exif()
    exif[274] = tag
    Image.fromarray(pixels).save(path, exif=exif, lossless=True)  # an option of WebP alone


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("tag", range(1, 9))
def test_all_tags_in_all_formats(tag: int, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    save(path, tag)
    stored = read_image(path)
    assert stored.values.shape == PIXELS.shape
    if suffix != "jpg":
        np.testing.assert_array_equal(stored.values, PIXELS)
    applied, header = read_image(path, APPLY), read_header(path, APPLY)
    plain = Image.fromarray(stored.values)
    plain.getexif()[274] = tag
    np.testing.assert_array_equal(applied.values, np.asarray(ImageOps.exif_transpose(plain)))
    assert (header.height, header.width) == applied.values.shape[:2]
    assert header.orientation == tag
    for found, word in ((stored, "was not applied"), (applied, "was applied")):
        assert [word in change for change in found.changes] == ([True] if tag > 1 else [])


def test_a_tag_behind_the_pixels_of_a_png_counts(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", PIXELS, bits=8, behind=((b"eXIf", EXIF),))
    assert read_header(tmp_path / "a.png").orientation == 6
    assert read_image(tmp_path / "a.png", APPLY).values.shape == (W, H, 3)


def test_deep_images_are_turned_with_their_alpha(tmp_path: Path) -> None:
    deep = np.dstack([PIXELS.astype(np.uint16) * 7, np.full((H, W), 65535, np.uint16)])
    deep[0, :, 3] = 0
    write_png(tmp_path / "a.png", deep, before=((b"eXIf", EXIF),))
    found = read_image(tmp_path / "a.png", APPLY)
    assert (found.values[:, -1] == 255).all()
    assert [part in change for part, change in zip(
        ("orientation tag 6", "deep colour", "transparency"), found.changes, strict=True)] == [True] * 3  # fmt: skip


@pytest.mark.parametrize("value", [0, 9])
def test_a_tag_without_a_meaning_is_no_tag(value: int, tmp_path: Path) -> None:
    save(tmp_path / "a.png", value)
    assert read_image(tmp_path / "a.png").changes == ()


def test_an_exif_block_that_cannot_be_read_is_recorded(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", PIXELS, bits=8, before=((b"eXIf", b"nonsense"),))
    found = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(found.values, PIXELS)
    assert "the EXIF block cannot be read" in found.changes[0]


def turned(shop: Workshop) -> None:
    """Make the pixels of b.png lie on their side, with a tag that says so."""
    (shop.root / "images" / "b.png").unlink()
    save(shop.root / "images" / "b.png", 6, np.ascontiguousarray(PIXELS.swapaxes(0, 1)))


def test_a_size_that_fits_the_upright_picture_alone_names_tag_and_option(shop: Workshop) -> None:
    turned(shop)
    with pytest.raises(ValueError, match="tag .EXIF. is 6, .* the option `orientation: apply`"):
        shop.convert()
    shop.convert(orientation="apply")
    assert shop.pixels("b.png").shape == (H, W, 3)
    assert shop.repairs == ["the orientation tag 6 was applied: 1 (first: b.png)"]


def test_a_size_that_fits_the_stored_pixels_alone_names_the_other_choice(shop: Workshop) -> None:
    save(shop.root / "images" / "b.png", 8)
    with pytest.raises(ValueError, match="tag .EXIF. is 8, .* `orientation: stored`"):
        shop.convert(orientation="apply")
    shop.convert()
    assert "the orientation tag 8 was not applied" in shop.repairs[0]


def test_an_option_of_another_name_is_refused(shop: Workshop) -> None:
    with pytest.raises(ValueError, match=r"orientation: .*'stored' or 'apply'"):
        shop.convert(orientation="turn")
