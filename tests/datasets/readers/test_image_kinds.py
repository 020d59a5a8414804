"""Every kind of image file keeps its meaning, or is refused by name; the files are our own."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.readers.images import read_drawn, read_header, read_image, read_samples
from helpers.image_writers import (
    BYTES,
    COLOUR,
    DEEP,
    FIRST,
    MIN_IS_BLACK,
    MIN_IS_WHITE,
    RGB,
    RNG,
    H,
    W,
    Write,
    tiffs,
    with_alpha,
    write_png,
    write_tiff,
)


def scaled(values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float64)
    return np.rint((values - values.min()) * (255 / (values.max() - values.min())))


def on_white(pixels: np.ndarray, share: np.ndarray) -> np.ndarray:
    share = share if pixels.ndim == 2 else share[..., None]
    return pixels * share + 255 * (1 - share)


SIGNED = DEEP.astype(np.int16) - 2000
KINDS: dict[str, tuple[Write, np.ndarray, list[str]]] = {
    "png rgb48": (lambda p: write_png(p, COLOUR), scaled(COLOUR), ["deep colour"]),
    "png grey16": (lambda p: write_png(p, DEEP), scaled(DEEP), ["deep grey"]),
    "png la32 opaque": (lambda p: write_png(p, with_alpha(DEEP, 65535)), scaled(DEEP), ["deep grey"]),
    "png rgba64 opaque": (
        lambda p: write_png(p, with_alpha(COLOUR, 65535)), scaled(COLOUR), ["deep colour"]),
    "tiff rgb48": (lambda p: write_tiff(p, COLOUR, RGB), scaled(COLOUR), ["deep colour"]),
    "tiff rgb48 big-endian planes": (
        lambda p: write_tiff(p, COLOUR, RGB, order=">", planar=True), scaled(COLOUR), ["deep colour"]),
    "tiff rgb float": (
        lambda p: write_tiff(p, COLOUR / np.float32(9), RGB),
        scaled((COLOUR / np.float32(9)).astype(np.float64)), ["deep colour"]),
    "tiff grey64": (lambda p: write_tiff(p, DEEP / 7.0, MIN_IS_BLACK), scaled(DEEP / 7.0), ["deep grey"]),
    "tiff int16": (lambda p: write_tiff(p, SIGNED, MIN_IS_BLACK), scaled(SIGNED), ["deep grey"]),
    "tiff int8": (
        lambda p: write_tiff(p, BYTES.view(np.int8), MIN_IS_BLACK), scaled(BYTES.view(np.int8)), ["deep grey"]),
    "tiff uint32": (
        lambda p: write_tiff(p, DEEP.astype(np.uint32) << 19, MIN_IS_BLACK), scaled(DEEP), ["deep grey"]),
    "tiff white 8": (lambda p: write_tiff(p, BYTES, MIN_IS_WHITE), 255.0 - BYTES, ["MinIsWhite"]),
    "tiff white 16": (
        lambda p: write_tiff(p, DEEP, MIN_IS_WHITE), scaled(65535 - DEEP), ["MinIsWhite", "deep grey"]),
    "tiff white float": (
        lambda p: write_tiff(p, DEEP / 7.0, MIN_IS_WHITE), scaled(-DEEP / 7.0), ["MinIsWhite", "deep grey"]),
    "tiff grey and opaque alpha": (
        lambda p: write_tiff(p, with_alpha(BYTES, 255), MIN_IS_BLACK, extra=(2,)), BYTES, []),
    "tiff16 grey and opaque alpha": (
        lambda p: write_tiff(p, with_alpha(DEEP, 65535), MIN_IS_BLACK, extra=(2,)), scaled(DEEP), ["deep grey"]),
    "tiff16 rgb and alpha in planes": (
        lambda p: write_tiff(p, with_alpha(COLOUR, 65535), RGB, extra=(1,), planar=True),
        scaled(COLOUR), ["deep colour"]),
    "png 4 bits": (lambda p: write_png(p, BYTES >> 4, bits=4), (BYTES >> 4) * 17.0, []),
    "png 2 bits": (lambda p: write_png(p, BYTES >> 6, bits=2), (BYTES >> 6) * 85.0, []),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_values_keep_their_meaning(kind: str, tmp_path: Path) -> None:
    write, expected, changes = KINDS[kind]
    write(tmp_path / "image")
    found = read_image(tmp_path / "image")
    assert found.values.dtype == np.uint8
    np.testing.assert_array_equal(found.values, expected)
    assert len(found.changes) == len(changes)
    for change, part in zip(found.changes, changes, strict=True):
        assert part in change


def test_deep_colours_share_one_rule(tmp_path: Path) -> None:
    pixels = np.zeros((H, W, 3), np.uint16)
    pixels[0, 0], pixels[0, 1] = (4000, 2000, 1000), (0, 1000, 0)
    write_png(tmp_path / "a.png", pixels)
    values = read_image(tmp_path / "a.png").values
    assert values[0, 0].tolist() == [255, 128, 64]
    assert values[0, 1].tolist() == [0, 64, 0]


SHARE = np.where(FIRST, 0.4, 1.0)
BLENDED: dict[str, tuple[Write, np.ndarray]] = {
    "png la32": (
        lambda p: write_png(p, with_alpha(DEEP, (SHARE * 65535).astype(int))), on_white(scaled(DEEP), SHARE)),
    "png rgba64": (
        lambda p: write_png(p, with_alpha(COLOUR, (SHARE * 65535).astype(int))),
        on_white(scaled(COLOUR), SHARE)),
    "tiff rgba64": (
        lambda p: write_tiff(p, with_alpha(COLOUR, (SHARE * 65535).astype(int)), RGB, extra=(2,)),
        on_white(scaled(COLOUR), SHARE)),
    "tiff associated": (
        lambda p: write_tiff(
            p, np.dstack([np.where(FIRST, DEEP * 2 // 5, DEEP), SHARE * 65535]).astype(np.uint16),
            MIN_IS_BLACK, extra=(1,)),
        on_white(scaled(DEEP), SHARE)),
    "tiff la": (
        lambda p: write_tiff(p, with_alpha(BYTES, (SHARE * 255).astype(int)), MIN_IS_BLACK, extra=(2,)),
        on_white(BYTES, SHARE)),
}  # fmt: skip


@pytest.mark.parametrize("kind", BLENDED)
def test_alpha_is_composed_on_white_after_scaling(kind: str, tmp_path: Path) -> None:
    write, expected = BLENDED[kind]
    write(tmp_path / "image")
    found = read_image(tmp_path / "image")
    np.testing.assert_allclose(found.values, expected, atol=1)
    assert found.changes[-1] == "transparency was composed on white"


@pytest.mark.parametrize("pixels", [BYTES, DEEP, COLOUR])
def test_an_image_that_is_fully_transparent_is_named(pixels: np.ndarray, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", with_alpha(pixels, np.zeros(pixels.shape[:2], dtype=int)))
    found = read_image(tmp_path / "a.png")
    assert (found.values == 255).all()
    assert found.changes[-1].startswith("images that are fully transparent became white")


def test_hidden_values_do_not_take_part_in_scaling(tmp_path: Path) -> None:
    pixels = DEEP.copy()
    pixels[0] = 65535
    write_png(tmp_path / "a.png", with_alpha(pixels, np.where(FIRST, 0, 65535)))
    found = read_image(tmp_path / "a.png").values
    assert (found[0] == 255).all()
    np.testing.assert_array_equal(found[1:], scaled(DEEP[1:]))


@pytest.mark.parametrize(
    ("pixels", "bits", "content"),
    [
        (DEEP, 16, struct.pack(">H", DEEP[3, 4])),
        (COLOUR, 16, struct.pack(">3H", *COLOUR[3, 4])),
        (BYTES >> 4, 4, struct.pack(">H", BYTES[3, 4] >> 4)),
        (BYTES >> 7, 1, struct.pack(">H", BYTES[3, 4] >> 7)),
    ],
    ids=["grey16", "rgb48", "grey4", "grey1"],
)
def test_a_transparent_value_of_png_counts_in_every_depth(
    pixels: np.ndarray, bits: int, content: bytes, tmp_path: Path
) -> None:
    write_png(tmp_path / "a.png", pixels, bits=bits, before=((b"tRNS", content),))
    found = read_image(tmp_path / "a.png")
    hidden = pixels == pixels[3, 4]
    hidden = hidden if pixels.ndim == 2 else hidden.all(axis=2)
    assert (found.values[hidden] == 255).all()
    assert found.changes[-1] == "transparency was composed on white"


@pytest.mark.parametrize(
    ("options", "pixels"),
    [
        ({"bigtiff": True, "byteorder": ">"}, DEEP),
        ({"bitspersample": 10}, DEEP >> 2),
        ({"bitspersample": 12}, DEEP),
        ({"bitspersample": 14}, DEEP),
        ({"compression": "lzw", "predictor": True}, DEEP),
        ({"compression": "zlib", "photometric": "rgb"}, COLOUR),
        ({"compression": "zstd"}, DEEP),
        ({"tile": (16, 16), "compression": "jpeg2000"}, DEEP),
        ({"imagej": True}, DEEP),
        ({"ome": True}, DEEP),
    ],
    ids=lambda value: "-".join(str(v) for v in value) if isinstance(value, dict) else "",
)
def test_what_microscopes_write(options: Any, pixels: np.ndarray, tmp_path: Path) -> None:
    tiffs(**options)(tmp_path / "a.tif", pixels)
    np.testing.assert_array_equal(read_samples(tmp_path / "a.tif").colour, pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").values, scaled(pixels))


@pytest.mark.parametrize("bits", [2, 4])
def test_few_bits_are_stretched(bits: int, tmp_path: Path) -> None:
    pixels = BYTES >> (8 - bits)
    tiffs(bitspersample=bits)(tmp_path / "a.tif", pixels)
    np.testing.assert_array_equal(
        read_image(tmp_path / "a.tif").values, pixels * (255 // (2**bits - 1))
    )


def test_one_bit_whose_zero_is_white(tmp_path: Path) -> None:
    tiffs(photometric="miniswhite")(tmp_path / "a.tif", FIRST)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").values, np.where(FIRST, 0, 255))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("small", [False, True], ids=["16-bit colours", "8-bit colours"])
def test_palettes_of_tiff(depth: type[np.uint8], small: bool, tmp_path: Path) -> None:
    table = RNG.integers(0, 256, (3, np.iinfo(depth).max + 1)).astype(np.uint16)
    index = (DEEP % 256).astype(depth)
    colours = table if small else table * 257
    tiffs(photometric="palette", colormap=colours)(tmp_path / "a.tif", index)
    found = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.values, table.T[index])
    assert found.changes[0] == "palette colours became RGB"
    assert len(found.changes) == 1 + small


def test_a_thumbnail_in_the_file_is_left_out(tmp_path: Path) -> None:
    import tifffile

    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(BYTES)
        file.write(BYTES[::2, ::2], subfiletype=1)
    found = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.values, BYTES)
    assert "thumbnails" in found.changes[0]


def test_a_fourth_byte_of_bmp_that_is_padding_is_left_out(tmp_path: Path) -> None:
    pixels = np.dstack([BYTES, BYTES[::-1], BYTES[:, ::-1]])
    Image.fromarray(with_alpha(pixels, 255)).save(tmp_path / "a.bmp")
    np.testing.assert_array_equal(read_image(tmp_path / "a.bmp").values, pixels)


def test_jpeg_in_tiff_is_what_pillow_reads(tmp_path: Path) -> None:
    smooth = np.dstack([np.add.outer(np.arange(H), np.arange(W)) * 5] * 3).astype(np.uint8)
    tiffs(photometric="rgb", compression="jpeg", subsampling=(2, 2))(tmp_path / "a.tif", smooth)
    with Image.open(tmp_path / "a.tif") as image:
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif").values, image.convert("RGB"))


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "webp", "gif"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 7), (7, 1)])
def test_one_pixel_is_an_image(shape: tuple[int, ...], suffix: str, tmp_path: Path) -> None:
    image = Image.fromarray(np.full(shape, 255, np.uint8))
    image.save(tmp_path / f"a.{suffix}", lossless=True)  # an option of WebP that others ignore
    found = read_image(tmp_path / f"a.{suffix}").values
    assert found.shape[:2] == shape[:2]
    assert (found == 255).all()


def test_a_mask_is_what_is_drawn(tmp_path: Path) -> None:
    """A pixel is drawn that has a colour and is not fully transparent, in every depth."""
    drawn, hidden = np.zeros((H, W), bool), np.zeros((H, W), bool)
    drawn[2:5, 3:9], hidden[10:12] = True, True
    for top, dtype in ((255, np.uint8), (65535, np.uint16)):
        grey = np.where(drawn | hidden, 1, 0).astype(dtype)
        alpha = np.where(hidden, 0, top).astype(dtype)
        for k, pixels in enumerate((np.dstack([grey, alpha]), np.dstack([grey] * 3 + [alpha]))):
            write_png(tmp_path / f"{k}.png", pixels, bits=8 if top == 255 else 16)
            found = read_drawn(tmp_path / f"{k}.png").reshape(H, W, -1).any(axis=2)
            np.testing.assert_array_equal(found, drawn)


def test_a_black_drawing_is_read_from_its_alpha_and_equal_alpha_says_nothing(
    tmp_path: Path,
) -> None:
    black = np.zeros((H, W), np.uint8)
    write_png(tmp_path / "a.png", with_alpha(black, FIRST * 255), bits=8)
    np.testing.assert_array_equal(read_drawn(tmp_path / "a.png") > 0, FIRST)
    write_png(tmp_path / "b.png", with_alpha(FIRST * np.uint8(9), 0), bits=8)
    np.testing.assert_array_equal(read_drawn(tmp_path / "b.png") > 0, FIRST)


def test_the_libraries_of_deep_images_are_imported_for_these_alone(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", BYTES, bits=8)
    code = (
        "import sys, pathlib; from gains.datasets.readers.images import read_image; "
        f"read_image(pathlib.Path({str(tmp_path / 'a.png')!r})); "
        "sys.exit(any(name in sys.modules for name in ('tifffile', 'imagecodecs')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_header_says_the_size_without_the_pixels(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", COLOUR, RGB, planar=True)
    header = read_header(tmp_path / "a.tif")
    assert (header.height, header.width, header.orientation) == (H, W, 1)
