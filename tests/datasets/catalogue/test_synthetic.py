"""The synthetic data sets: equal for equal seeds, with the requested counts and overlaps."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy

from gains.datasets.catalogue import DATASETS
from gains.datasets.catalogue.synthetic.neurons import Neuron, pressed
from gains.datasets.catalogue.synthetic.shapes import Blob, overlap_ratio
from gains.datasets.catalogue.synthetic.worms import OUTSIDE, POINTS, Worm
from gains.datasets.coco import read_coco
from gains.datasets.convert import check_options, convert
from gains.datasets.findings import Findings
from gains.datasets.image_archive import ImageArchive
from gains.support.files import read_json

STEMS = {
    f"synthetic-{stem}": stem for stem in ("cells", "chromosomes", "nuclei", "worms", "neurons")
}
SETS = tuple(STEMS)
TYPICAL = {
    "synthetic-cells": 0.06,
    "synthetic-chromosomes": 0.05,
    "synthetic-nuclei": 0.011,
    "synthetic-worms": 0.024,
    "synthetic-neurons": 0.025,
}
"""Share of an image that an object covers, whatever the size of the image."""


def images_of(name: str, **options: object) -> list[Any]:
    content = DATASETS.get(name).make(check_options(name, dict(options)), Findings())
    return [(s.name, s.pixels, s.instances) for s in content.scenes]


@pytest.mark.parametrize("name", SETS)
def test_equal_seeds_give_equal_bytes(name: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        convert("x", name, {"count": 3, "seed": 5}, tmp_path / folder / "x.json")
    for suffix in (".json", ".zip"):
        first, second = ((tmp_path / f / f"x{suffix}").read_bytes() for f in ("a", "b"))
        assert first == second


@pytest.mark.parametrize("name", SETS)
def test_an_image_depends_on_the_seed_and_its_number_alone(name: str) -> None:
    short, long = images_of(name, count=2, seed=5), images_of(name, count=3, seed=5)
    other = images_of(name, count=1, seed=6)
    for a, b in zip(short, long, strict=False):
        assert a[0] == b[0]
        np.testing.assert_array_equal(a[1], b[1])
        assert a[2].masks == b[2].masks
    assert not np.array_equal(short[0][1], other[0][1])
    assert not np.array_equal(long[0][1], long[1][1])
    # a generator of seed + number would give one scene twice
    assert not np.array_equal(long[1][1], other[0][1])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("size", [96, 128, 200])
def test_scenes_scale_with_the_image(name: str, size: int) -> None:
    (file_name, pixels, instances), _ = images_of(name, count=2, size=size)
    assert file_name == f"{STEMS[name]}-0001.png"
    assert pixels.dtype == np.uint8
    assert pixels.shape[:2] == (size, size)
    assert instances.stack().any(axis=(1, 2)).all()
    largest = instances.stack().sum(axis=(1, 2)).max() / size**2
    assert TYPICAL[name] / 2 < largest < TYPICAL[name] * 3


def test_cells_overlap_within_the_range() -> None:
    for low, high in ((0.05, 0.15), (0.4, 0.6)):
        ratios = []
        for _, _, instances in images_of(
            "synthetic-cells", count=8, cells=[2, 4], overlap=[low, high]
        ):
            masks = instances.select(instances.categories == 1).stack()
            ratios += [overlap_ratio(a, b) for a, b in combinations(masks, 2)]
        overlapping = [ratio for ratio in ratios if ratio > 0]
        assert len(overlapping) >= 8
        assert low <= min(overlapping) <= max(overlapping) <= high


def test_cells_have_one_nucleus_each_that_is_not_tiny() -> None:
    for _, pixels, instances in images_of("synthetic-cells", count=8, cells=[2, 7]):
        assert pixels.ndim == 2
        cytoplasms = instances.select(instances.categories == 1).stack()
        nuclei = instances.select(instances.categories == 2)
        assert 2 <= len(cytoplasms) == len(nuclei) <= 7
        for cytoplasm, nucleus in zip(cytoplasms, nuclei.stack(), strict=True):
            assert (nucleus & cytoplasm).sum() > 0.9 * nucleus.sum()
            assert 2 * np.sqrt(nucleus.sum() / np.pi) >= 8
            assert pixels[nucleus].mean() < pixels[cytoplasm & ~nucleus].mean()
        assert pixels[~cytoplasms.any(axis=0)].mean() > 200  # a bright slide


def test_transparency_is_controlled_and_layers_multiply() -> None:
    def light(transparency: float) -> tuple[float, float, float]:
        values: list[list[float]] = [[], [], []]
        for _, pixels, instances in images_of(
            "synthetic-cells", count=6, transparency=[transparency] * 2, overlap=[0.3, 0.5]
        ):
            kinds = instances.categories
            depth = instances.select(kinds == 1).stack().sum(axis=0)
            free = ~instances.select(kinds == 2).stack().any(axis=0)
            for k in range(3):
                values[k] += list(pixels[free & (depth == k)])
        return tuple(float(np.mean(v)) for v in values)  # type: ignore[return-value]

    clear, murky = light(0.85), light(0.6)
    for none, one, two in (clear, murky):
        assert none > one > two
        assert two / one == pytest.approx(one / none, rel=0.1)
    assert clear[1] / clear[0] > murky[1] / murky[0] + 0.1


def test_chromosome_images_hold_two_that_overlap_and_light_adds_up() -> None:
    for _, pixels, instances in images_of("synthetic-chromosomes", count=12):
        first, second = instances.stack()
        assert 0.05 <= overlap_ratio(first, second) <= 0.5
        crossing = pixels[first & second].mean()
        assert crossing > pixels[first ^ second].mean() * 1.2
        assert pixels[~(first | second)].mean() < 30  # a dark field
        for mask in (first, second):  # in full, nothing cut off
            assert not mask[[0, -1]].any()
            assert not mask[:, [0, -1]].any()


def test_nuclei_are_dense_and_many_touch() -> None:
    near = total = 0
    for _, pixels, instances in images_of("synthetic-nuclei", count=6):
        assert pixels.shape[2] == 3
        masks = instances.stack()
        assert 10 <= len(masks) <= 24
        assert pixels[masks.any(axis=0)].mean() < pixels[~masks.any(axis=0)].mean() - 40
        for k, mask in enumerate(masks):
            others = np.delete(masks, k, axis=0)
            assert max(overlap_ratio(mask, other) for other in others) <= 0.08
            wide, steps = np.pad(mask, 1), (-1, 0, 1)
            moved = [np.roll(wide, (dy, dx), (0, 1)) for dy in steps for dx in steps]
            grown = np.sum(moved, axis=0)[1:-1, 1:-1]
            near += bool((grown & others.any(axis=0)).any())
            total += 1
    assert near / total > 0.5


def shares_that_meet(name: str, **options: object) -> tuple[float, float]:
    """Return the shares of objects that overlap or touch another, and that overlap one."""
    meet: list[bool] = []
    overlap: list[bool] = []
    for _, _, instances in images_of(name, **options):
        masks = instances.stack()
        for k, mask in enumerate(masks):
            others = np.delete(masks, k, axis=0).any(axis=0)
            grown = scipy.ndimage.binary_dilation(mask, np.ones((3, 3)))
            meet.append(bool((grown & others).any()))
            overlap.append(bool((mask & others).any()))
    return float(np.mean(meet)), float(np.mean(overlap))


@pytest.mark.parametrize("seed", [0, 1])
def test_about_nine_of_ten_worms_meet_and_most_of_these_cross(seed: int) -> None:
    meet, overlap = shares_that_meet("synthetic-worms", count=12, seed=seed)
    assert 0.8 <= meet <= 0.99
    assert 0.7 <= overlap < meet


@pytest.mark.parametrize("seed", [0, 1])
def test_about_five_of_six_neurons_meet_and_few_overlap(seed: int) -> None:
    meet, overlap = shares_that_meet("synthetic-neurons", count=8, seed=seed)
    assert 0.75 <= meet <= 0.95
    assert 0.0 < overlap <= 0.15


@pytest.mark.parametrize(("name", "option"), [("worms", "meeting"), ("neurons", "touching")])
def test_the_share_that_meets_is_controlled(name: str, option: str) -> None:
    options: dict[str, Any] = {"count": 4, name: [3, 4]}
    assert shares_that_meet(f"synthetic-{name}", **options, **{option: 0.0}) == (0.0, 0.0)
    assert shares_that_meet(f"synthetic-{name}", **options, **{option: 1.0})[0] == 1.0


def test_worms_overlap_within_the_range_and_are_slender_and_in_full() -> None:
    for low, high in ((0.02, 0.1), (0.12, 0.3)):
        ratios: list[float] = []
        for _, _, instances in images_of("synthetic-worms", count=6, overlap=[low, high]):
            masks = instances.stack()
            assert 2 <= len(masks) <= 5
            ratios += [overlap_ratio(a, b) for a, b in combinations(masks, 2)]
            for mask in masks:
                assert not mask[[0, -1]].any()
                assert not mask[:, [0, -1]].any()
                assert scipy.ndimage.label(mask, np.ones((3, 3)))[1] == 1
                # no disc of radius 5 px fits into a worm, so it is longer than 200 / 10 px
                assert scipy.ndimage.distance_transform_edt(mask).max() < 5
                assert mask.sum() > 200
        overlapping = [ratio for ratio in ratios if ratio > 0]
        assert len(overlapping) >= 6
        assert low <= min(overlapping) <= max(overlapping) <= high


def test_worms_are_dark_in_a_bright_field_and_darker_where_they_cross() -> None:
    values: list[list[float]] = [[], [], []]
    for _, pixels, instances in images_of("synthetic-worms", count=8, rim=0.0):
        assert pixels.ndim == 2
        depth = instances.stack().sum(axis=0)
        for k in range(3):
            values[k] += list(pixels[depth == k])
    none, one, two = (float(np.mean(v)) for v in values)
    assert none > 140
    assert none - 25 > one > two + 15


def test_a_worm_has_a_blunt_head_and_a_pointed_tail_that_its_mask_follows() -> None:
    # a straight worm of 60 px from (64, 34) to (64, 94): half width 4 px, 1 px at the tail
    line = np.stack([np.full(POINTS, 64.0), np.linspace(34, 94, POINTS)], axis=1)
    widths = np.where(np.arange(POINTS) < POINTS // 2, 4.0, 1.0)
    depth, along, across = Worm(line, widths).field(128)
    mask = Worm(line, widths).mask(128)
    np.testing.assert_array_equal(mask, depth > 0)
    # pixel centres at rows 60.5 to 67.5 are within 4 px of the line, those at 63.5 and 64.5 within 1
    assert mask[:, 45].nonzero()[0].tolist() == list(range(60, 68))
    assert mask[:, 85].nonzero()[0].tolist() == [63, 64]
    # the head is a half disc around (64, 34): its last pixel is at 30.5
    assert mask[63].nonzero()[0][0] == 30
    # pixel (63, 45) has its centre 0.5 px from the line of half width 4, 11.5 px of 60 px along it
    assert depth[63, 45] == pytest.approx(3.5, abs=0.02)
    assert along[63, 45] == pytest.approx(11.5 / 60, abs=0.01)
    assert across[63, 45] == pytest.approx(0.5 / 4, abs=0.02)
    assert depth[10, 10] == OUTSIDE


def test_neurons_glow_in_the_dark_and_share_few_pixels() -> None:
    for _, pixels, instances in images_of("synthetic-neurons", count=6):
        masks = instances.stack()
        assert 6 <= len(masks) <= 12
        for a, b in combinations(masks, 2):
            assert overlap_ratio(a, b) <= 0.12
        for mask in masks:
            assert scipy.ndimage.label(mask, np.ones((3, 3)))[1] == 1
        dark = ~masks.any(axis=0)
        assert np.median(pixels[dark]) < 20
        assert all(pixels[mask].mean() > 2 * pixels[dark].mean() for mask in masks)


def test_neurons_that_only_touch_divide_the_pixels_that_both_would_have() -> None:
    # two discs of radius 10 px, 12 px apart: each pixel of the lens goes to the nearer centre
    y, x = np.mgrid[0:64, 0:64] + 0.5
    left, right = (Neuron(32, c, 10, 10 - np.hypot(y - 32, x - c)) for c in (26, 38))
    pressed_left, pressed_right = pressed(left, right)
    assert (left.mask & right.mask).sum() > 50
    np.testing.assert_array_equal(pressed_left.mask, left.mask & (x < 32))
    np.testing.assert_array_equal(pressed_right.mask, right.mask & (x > 32))


def test_blob_without_harmonics_is_an_ellipse() -> None:
    blob = Blob(20.0, 30.0, (12.0, 6.0), np.pi / 2, np.zeros(2), np.zeros(2))
    mask = blob.mask(64)
    assert mask.sum() == pytest.approx(np.pi * 12 * 6, rel=0.03)
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max() + 1) == (8, 32)  # the long axis was turned upright
    assert (columns.min(), columns.max() + 1) == (24, 36)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cuont": 3}, r"unknown key 'cuont'; did you mean 'count'\?"),
        ({"count": 0}, "greater than or equal to 1"),
        ({"overlap": [0.5, 0.1]}, "from low to high"),
        ({"overlap": [-0.1, 0.1]}, "greater than or equal to 0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        convert("x", "synthetic-cells", options, tmp_path / "x.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("synthetic-cells", {"cells": [20, 20], "overlap": [0.3, 0.31], "size": 64}),
        ("synthetic-chromosomes", {"overlap": [0.99, 1.0], "size": 64}),
        ("synthetic-nuclei", {"nuclei": [90, 90], "size": 64}),
        ("synthetic-worms", {"worms": [30, 30], "meeting": 0.0, "size": 64}),
        ("synthetic-neurons", {"neurons": [90, 90], "size": 64}),
    ],
)
def test_scenes_that_cannot_be_are_an_error(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=name):
        convert("x", name, {"count": 1, **options}, tmp_path / "x.json")
    assert not list(tmp_path.iterdir())


def test_convert_records_where_it_came_from(tmp_path: Path) -> None:
    out = tmp_path / "mine.json"
    convert("mine", "synthetic-chromosomes", {"count": 2}, out)
    info = read_json(out)["info"]
    assert (info["name"], info["source"]) == ("mine", "synthetic-chromosomes")
    assert info["options"] == {"count": 2, "size": 128, "seed": 0, "overlap": [0.05, 0.5]}
    assert info["repairs"] == []
    assert {"title", "licence", "citation", "gains"} <= set(info)
    coco = read_coco(out)
    assert coco.categories == {1: "chromosome"}
    archive = ImageArchive(out.with_suffix(".zip"))
    assert archive.read("chromosomes-0002.png").shape == (128, 128, 3)


def test_an_unknown_source_lists_those_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'synthetic-cells'.*folder"):
        convert("x", "synthetic-cell", {}, tmp_path / "x.json")


def test_registering_data_sets_needs_no_torch() -> None:
    code = (
        "import gains.datasets.convert, gains.datasets.audit, sys; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
