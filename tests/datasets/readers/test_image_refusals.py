"""Image files without a meaning, cut off, or with too many pixels are refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gains.datasets.readers.image_file import unpacked
from gains.datasets.readers.images import read_header, read_image
from helpers.folder_workshop import Workshop
from helpers.image_writers import (
    BYTES,
    DEEP,
    FIRST,
    MIN_IS_BLACK,
    RGB,
    RNG,
    H,
    W,
    Write,
    tiffs,
    with_alpha,
    write_tiff,
)

REFUSED: dict[str, tuple[Write, str]] = {
    "two channels": (
        lambda p: write_tiff(p, np.dstack([BYTES] * 2), MIN_IS_BLACK, extra=(0,)), "has 2 channels .*expected 1"),
    "two channels without a tag": (
        lambda p: write_tiff(p, np.dstack([BYTES] * 2), MIN_IS_BLACK), "has 2 channels"),
    "four channels": (lambda p: write_tiff(p, np.dstack([BYTES] * 4), RGB, extra=(0,)), "has 4 channels"),
    "four channels without a tag": (lambda p: write_tiff(p, np.dstack([BYTES] * 4), RGB), "has 4 channels"),
    "four grey channels": (
        lambda p: write_tiff(p, np.dstack([BYTES] * 4), MIN_IS_BLACK, extra=(0, 0, 0)), "has 4 channels"),
    "three grey channels": (
        lambda p: write_tiff(p, np.dstack([BYTES] * 3), MIN_IS_BLACK, extra=(0, 0)), "has 3 channels"),
    "five channels": (
        lambda p: write_tiff(p, np.dstack([BYTES] * 5), MIN_IS_BLACK, extra=(0,) * 4), "has 5 channels"),
    "four channels of bmp": (lambda p: Image.fromarray(with_alpha(np.dstack([BYTES] * 3), BYTES)).save(p, "BMP"), "has 4 channels"),
    "rgb of one channel": (lambda p: write_tiff(p, BYTES, RGB), "has 1 channel "),
    "cmyk": (lambda p: write_tiff(p, np.dstack([BYTES] * 4), 5), "has mode 'CMYK'"),
    "lab": (lambda p: write_tiff(p, np.dstack([BYTES] * 3), 8), "has mode 'CIELab'"),
    "ycbcr": (lambda p: write_tiff(p, np.dstack([BYTES] * 3), 6), "has mode 'YCbCr without JPEG'"),
    "colour filter array": (lambda p: write_tiff(p, BYTES, 32803), "photometric interpretation 32803"),
    "stack": (lambda p: tiffs(photometric="minisblack")(p, np.stack([DEEP] * 3)), "holds 3 frames"),
    "imagej stack": (lambda p: tiffs(imagej=True)(p, np.stack([DEEP] * 3)), "holds 3 frames"),
    "stack behind one page": (
        lambda p: tiffs(photometric="minisblack", truncate=True)(p, np.stack([DEEP] * 6)), "holds 6 frames"),
    "ome channels": (
        lambda p: tiffs(ome=True, metadata={"axes": "CYX"})(p, np.stack([DEEP] * 3)), "holds 3 frames"),
    "volume": (
        lambda p: tiffs(volumetric=True, tile=(16, 16, 16), photometric="minisblack")(
            p, np.zeros((16, 32, 32), np.uint16)), "holds 16 frames"),
    "complex": (lambda p: tiffs()(p, DEEP + 1j), "samples of 128 bits"),
    "nan": (lambda p: write_tiff(p, np.full((H, W), np.nan), MIN_IS_BLACK), "not finite"),
    "infinite": (lambda p: write_tiff(p, np.where(FIRST, np.inf, 1.0), MIN_IS_BLACK), "not finite"),
    "huge range": (
        lambda p: write_tiff(p, np.where(FIRST, -1.5e308, 1.5e308), MIN_IS_BLACK), "cannot be scaled"),
    "empty": (lambda p: p.write_bytes(b""), r"the file is empty \(0 bytes\)"),
    "postscript": (lambda p: p.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n" * 9), "begins with b'%!PS-Ado'"),
    "jpeg 2000": (lambda p: Image.new("L", (W, H)).save(p, "JPEG2000"), "not a readable image, since it begins"),
    "cmyk jpeg": (lambda p: Image.new("CMYK", (W, H)).save(p, "JPEG"), "has mode 'CMYK'"),
    "animation": (
        lambda p: Image.new("L", (W, H)).save(
            p, "GIF", save_all=True, append_images=[Image.new("L", (W, H), 9)]), "holds 2 frames"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_has_no_meaning_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    write, message = REFUSED[kind]
    path = tmp_path / "image.png"
    write(path)
    with pytest.raises(ValueError, match=message) as refused:
        read_image(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert kind in ("empty", "postscript", "jpeg 2000") or "damaged" not in str(refused.value)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg"])
def test_a_tiff_that_is_cut_off_is_refused(compression: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    noise = RNG.integers(0, 256, (200, 300)).astype(np.uint8)
    tiffs(compression=compression, rowsperstrip=20)(path, noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(ValueError, match=r"a\.tif: not a readable image.*cut off"):
        read_image(path)


def test_the_bound_on_pixels_has_a_name_and_can_be_raised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    Image.new("1", (20_000, 9_500)).save(path)  # 190 megapixels, of which only the header counts
    with pytest.raises(ValueError, match=r"9500 x 20000 px.*bound is 180000000.*GAINS_MAX_PIXELS"):
        read_header(path)
    monkeypatch.setenv("GAINS_MAX_PIXELS", "190000000")
    assert read_header(path).width == 20_000
    write_tiff(tmp_path / "b.tif", BYTES, MIN_IS_BLACK)
    monkeypatch.setenv("GAINS_MAX_PIXELS", "599")
    with pytest.raises(ValueError, match="600 pixels, and the bound is 599"):
        read_image(tmp_path / "b.tif")
    monkeypatch.setenv("GAINS_MAX_PIXELS", "many")
    with pytest.raises(ValueError, match="GAINS_MAX_PIXELS is 'many'; expected a whole number"):
        read_header(path)


def test_an_archive_is_read_to_the_same_bound(
    monkeypatch: pytest.MonkeyPatch, shop: Workshop
) -> None:
    shop.convert()
    monkeypatch.setenv("GAINS_MAX_PIXELS", "599")
    with pytest.raises(ValueError, match=r"own\.zip: image 'a\.png': has 20 x 30 px"):
        shop.pixels("a.png")


def test_a_file_that_asks_for_too_much_memory_is_refused_by_name() -> None:
    def decode() -> None:
        raise MemoryError

    with pytest.raises(ValueError, match=r"^a\.tif: asks for more memory than there is"):
        unpacked(Path("a.tif"), decode)


def test_a_stack_that_is_cut_to_its_first_plane_is_no_image(tmp_path: Path) -> None:
    """Before, its first plane was read, and nothing said that the others were missing."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((2, 20, 30), np.uint8), imagej=True)
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(ValueError, match=r"a\.tif: states that it holds 2 images, but holds 1"):
        read_image(path)
