"""The objects of a mask file by the values of its pixels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from gains.datasets.readers.mask_values import read_objects
from gains.masks.rle import decode_mask
from helpers.image_writers import write_png

SIDE = 96
SPLIT = "label images were split into one object per value"
SOFT = "soft edges of masks were cut at half of the largest brightness"
PIECES = "objects of several pieces were kept as one object"


def disc(y: float, x: float, radius: float, side: int = SIDE) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.asarray(np.hypot(rows - y, columns - x) <= radius)


DISC = disc(40, 50, 20)
WHITE = (DISC * 255).astype(np.uint8)
AREAS = [
    disc(20, 20, 10),
    disc(20, 41, 10),
    disc(60, 30, 12),
    disc(70, 70, 15),
]  # two of them touch
LABELS = np.zeros((SIDE, SIDE), np.uint8)
for value, area in enumerate(AREAS, start=1):
    LABELS[area] = value
COLOURS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [60, 0, 60]], np.uint8)


def read(image: Image.Image, path: Path, **options: Any) -> tuple[list[np.ndarray], list[str]]:
    image.save(path, **options)
    found = read_objects(path, Path("a.png"), (image.height, image.width))
    return [decode_mask(mask) for mask in found.masks], found.rules


def assert_same(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    order = sorted(found, key=lambda mask: mask.tobytes())
    for mask, true in zip(order, sorted(expected, key=lambda mask: mask.tobytes()), strict=True):
        np.testing.assert_array_equal(mask, true)


LABEL_IMAGES = {
    "8 bit": (Image.fromarray(LABELS), "a.png"),
    "spread over 8 bit": (Image.fromarray(LABELS * 63), "a.png"),
    "16 bit": (Image.fromarray(LABELS.astype(np.uint16) * 300), "a.tif"),
    "32 bit": (Image.fromarray(LABELS.astype(np.int32) * 70000), "a.tif"),
    "float": (Image.fromarray(LABELS.astype(np.float32)), "a.tiff"),
    "colours": (Image.fromarray(COLOURS[LABELS]), "a.bmp"),
    "colours and alpha": (Image.fromarray(np.dstack([COLOURS[LABELS], (LABELS > 0) * np.uint8(255)])), "a.png"),
    "grey and alpha": (Image.fromarray(np.dstack([LABELS, (LABELS > 0) * np.uint8(255)])), "a.png"),
    "palette": (Image.fromarray(LABELS).convert("P"), "a.png"),
    "gif": (Image.fromarray(LABELS).convert("P"), "a.gif"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LABEL_IMAGES)
def test_a_label_image_is_split_by_value(kind: str, tmp_path: Path) -> None:
    image, name = LABEL_IMAGES[kind]
    found, rules = read(image, tmp_path / name)
    assert_same(found, AREAS)
    assert rules == [SPLIT]


def test_objects_of_a_label_image_come_in_order_of_their_values(tmp_path: Path) -> None:
    found, _ = read(Image.fromarray(LABELS), tmp_path / "a.png")
    for mask, area in zip(found, AREAS, strict=True):
        np.testing.assert_array_equal(mask, area)


def test_pieces_of_one_value_are_one_object(tmp_path: Path) -> None:
    labels = LABELS.copy()
    labels[90:, :4] = 3
    found, rules = read(Image.fromarray(labels), tmp_path / "a.png")
    assert len(found) == 4
    np.testing.assert_array_equal(found[2], labels == 3)
    assert rules == [SPLIT, PIECES]
    found, rules = read(Image.fromarray((labels > 0) * np.uint8(255)), tmp_path / "a.png")
    np.testing.assert_array_equal(found, [labels > 0])
    assert rules == [PIECES]


def test_small_objects_of_a_label_image_are_kept(tmp_path: Path) -> None:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[5:7, 5:7], labels[20, 20], labels[30:33, 30] = 1, 2, 3
    np.fill_diagonal(labels[60:, 60:], 4)
    found, _ = read(Image.fromarray(labels), tmp_path / "a.png")
    assert [int(mask.sum()) for mask in found] == [4, 1, 3, 36]


@pytest.mark.parametrize("quality", [5, 25, 60, 75, 90, 95, 100])
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_of_jpeg_is_background(quality: int, channels: int, tmp_path: Path) -> None:
    image = Image.fromarray(WHITE if channels == 1 else np.dstack([WHITE] * 3))
    found, rules = read(image, tmp_path / "a.jpg", quality=quality)
    assert len(found) == 1
    assert np.count_nonzero(found[0] ^ DISC) < 0.02 * DISC.sum()
    assert rules == [SOFT]
    again = Image.open(io.BytesIO((tmp_path / "a.jpg").read_bytes()))  # noise in a lossless file
    resaved, rules = read(again, tmp_path / "a.png")
    np.testing.assert_array_equal(resaved, found)
    assert rules == [SOFT]


def test_a_black_jpeg_is_empty(tmp_path: Path) -> None:
    assert read(Image.fromarray(WHITE * 0), tmp_path / "a.jpg") == ([], [])


@pytest.mark.parametrize("size", [32, 48, 70, 150, 192, 400])
@pytest.mark.parametrize("method", [Image.Resampling.BILINEAR, Image.Resampling.LANCZOS])
@pytest.mark.parametrize("shape", ["disc", "square"])
def test_a_resized_mask_is_cut_at_half(
    size: int, method: Image.Resampling, shape: str, tmp_path: Path
) -> None:
    square = np.zeros((SIDE, SIDE), np.uint8)
    square[20:61, 30:70] = 255
    whole = Image.fromarray(WHITE if shape == "disc" else square).resize((size, size), method)
    found, rules = read(whole, tmp_path / "a.png")
    grey = np.asarray(whole).astype(int)
    half = 2 * grey >= grey.max()
    np.testing.assert_array_equal(found, [half])
    assert rules == [SOFT]


REFUSED = {
    "labels as jpeg": (Image.fromarray(LABELS * 63), "a.jpg"),
    "dark labels as jpeg": (Image.fromarray(LABELS), "a.jpeg"),
    "colours as jpeg": (Image.fromarray(COLOURS[LABELS]), "a.jpg"),
    "labels, resized": (Image.fromarray(LABELS).resize((150, 150), Image.Resampling.BILINEAR), "a.png"),
    "bright labels, resized": (
        Image.fromarray(LABELS * 63).resize((150, 150), Image.Resampling.BILINEAR), "a.png",
    ),
    "colours, resized": (
        Image.fromarray(COLOURS[LABELS]).resize((150, 150), Image.Resampling.BILINEAR), "a.png",
    ),
    "blurred": (Image.fromarray(WHITE).filter(ImageFilter.GaussianBlur(6)), "a.png"),
    "a photograph": (
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)), "a.png",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_values_that_fit_no_rule_are_refused(kind: str, tmp_path: Path) -> None:
    image, name = REFUSED[kind]
    message = rf"{name}: holds \d+ values besides 0, .*neither a mask of one object .* nor a label"
    with pytest.raises(ValueError, match=message):
        read(image, tmp_path / name)


def test_a_palette_that_hides_objects_is_refused(tmp_path: Path) -> None:
    image = Image.fromarray(LABELS).convert("P")
    image.putpalette([0, 0, 0, 255, 0, 0] + [0, 0, 0] * 254)
    with pytest.raises(ValueError, match="5 values, but its palette gives them only 2 colours"):
        read(image, tmp_path / "a.png")


def test_what_transparency_says(tmp_path: Path) -> None:
    full, black = WHITE * 0 + 255, WHITE * 0
    cases = [
        (np.dstack([black, black, black, WHITE]), ["masks that are black were read from their transparency"]),
        (np.dstack([full, full, full, WHITE]), []),
        (np.dstack([WHITE, WHITE, WHITE, black]), []),  # alpha is 0 everywhere and says nothing
        (np.dstack([WHITE, full]), []),
    ]  # fmt: skip
    for pixels, expected in cases:
        found, rules = read(Image.fromarray(pixels), tmp_path / "a.png")
        np.testing.assert_array_equal(found, [DISC])
        assert rules == expected


def test_black_and_white_that_may_be_swapped_are_told(tmp_path: Path) -> None:
    found, rules = read(Image.fromarray(255 - WHITE), tmp_path / "a.png")
    np.testing.assert_array_equal(found, [~DISC])
    (rule,) = rules
    assert rule.startswith("objects in all four corners of the image were kept; check that black")
    assert read(Image.fromarray(WHITE | 255), tmp_path / "a.png")[1] == []


def test_values_that_are_no_numbers_of_objects_are_refused(tmp_path: Path) -> None:
    for value in (-1, np.nan):
        pixels = LABELS.astype(np.float32)
        pixels[0, 0] = value
        with pytest.raises(ValueError, match="negative or not finite"):
            read(Image.fromarray(pixels), tmp_path / "a.tif")


def test_labels_in_colours_of_16_bits_stay_apart(tmp_path: Path) -> None:
    """Their numbers are small, so that 8 bits would not hold them."""
    colours = np.zeros((*LABELS.shape, 3), np.uint16)
    for value in np.unique(LABELS[LABELS != 0]):
        colours[value == LABELS, value % 3] = value
    write_png(tmp_path / "a.png", colours)
    found = read_objects(tmp_path / "a.png", Path("b.png"), (SIDE, SIDE))
    write_png(tmp_path / "c.png", LABELS, bits=8)
    plain = read_objects(tmp_path / "c.png", Path("b.png"), (SIDE, SIDE))
    assert len(found.masks) == len(np.unique(LABELS)) - 1
    assert sorted(str(rle["counts"]) for rle in found.masks) == sorted(
        str(rle["counts"]) for rle in plain.masks
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_layer_on_which_nothing_was_drawn_holds_no_object(mode: str, tmp_path: Path) -> None:
    layer = Image.new("RGBA", (9, 7), (255, 255, 255, 0)).convert(mode)
    assert read(layer, tmp_path / "a.png") == ([], [])
