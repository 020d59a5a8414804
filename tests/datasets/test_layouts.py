"""Data sets of mask files and arrays, each from a small copy of its official layout."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.catalogue import DATASETS, pannuke
from gains.datasets.coco import CocoDataset, ImageArchive, read_coco
from gains.datasets.convert import check_options, convert
from gains.support.files import read_json

RNG = np.random.default_rng(0)


class Layout:
    """The published files of one data set below ``root``, to be converted or damaged."""

    def __init__(self, source: str, root: Path, out: Path) -> None:
        self.source, self.root, self.out = source, root, out / "x.json"

    def save(self, name: str, pixels: np.ndarray) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npy":
            np.save(path, pixels)
        else:
            Image.fromarray(pixels).save(path)

    def convert(self, counts: str = "report", **options: Any) -> CocoDataset:
        options |= {"root": str(self.root), "counts": counts}
        convert("x", self.source, options, self.out)
        return read_coco(self.out)

    def pixels(self, name: str) -> np.ndarray:
        return ImageArchive(self.out.with_suffix(".zip")).read(name)[..., 0]

    @property
    def info(self) -> dict[str, Any]:
        return read_json(self.out)["info"]

    @property
    def repairs(self) -> str:
        return "\n".join(self.info["repairs"])


def names(coco: CocoDataset) -> list[str]:
    return [image.file_name for image in coco.images.values()]


def rectangle(
    shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def scaled(values: np.ndarray) -> np.ndarray:
    values = values.astype(float)
    return np.rint((values - values.min()) * 255 / (values.max() - values.min()))


# BBBC010

WELL = "1649_1109_0003_Amp5-1_B_20070424_{}_{}_9E84F49F-1B25-4E7E-8040-D1BB2D7E73EA.tif"
SIZE = (520, 696)
WORMS = [
    rectangle(SIZE, (60, 90), (130, 200)),
    rectangle(SIZE, (80, 120), (180, 220)),  # overlaps the first
    rectangle(SIZE, (5, 40), (5, 60)),  # outside of Layering's crop
]
FIELD = RNG.integers(20_000, 40_000, SIZE).astype(np.uint16)
FIELD[np.any(WORMS, axis=0)] -= 15_000


@pytest.fixture
def worms(tmp_path: Path) -> Layout:
    layout = Layout("bbbc010", tmp_path / "bbbc010", tmp_path)
    for well in ("B02", "A01"):
        layout.save("BBBC010_v2_images/" + WELL.format(well, "w1"), (65_535 - FIELD))
        layout.save("BBBC010_v2_images/" + WELL.format(well, "w2"), FIELD)
    for k, worm in enumerate(WORMS, start=1):
        file = f"BBBC010_v1_foreground_eachworm/A01_{k:02d}_ground_truth.png"
        layout.save(file, worm.astype(np.uint8) * 255)
    file = "BBBC010_v1_foreground_eachworm/B02_01_ground_truth.png"
    layout.save(file, WORMS[1].astype(np.uint8) * 255)
    return layout


def test_bbbc010(worms: Layout) -> None:
    coco = worms.convert()
    assert names(coco) == ["A01.png", "B02.png"]
    assert (list(coco.images), coco.categories) == ([1, 2], {1: "worm"})
    np.testing.assert_array_equal(coco.instances(1).stack(), WORMS)
    assert [a["id"] for found in coco.annotations.values() for a in found] == [1, 2, 3, 4]
    np.testing.assert_array_equal(worms.pixels("A01.png"), scaled(FIELD))
    assert worms.info["counts"]["objects"] == {"worm": {"expected": 1407, "found": 4}}
    assert "expected 100 images, found 2" in worms.repairs
    assert "deep grey scaled linearly" in worms.repairs
    assert "brighter" not in worms.repairs
    worms.convert(channel="w1")
    np.testing.assert_array_equal(worms.pixels("A01.png"), scaled(65_535 - FIELD))
    assert "worms are brighter than the background on 2 of 2 images" in worms.repairs


def test_bbbc010_is_cropped_before_it_is_scaled(worms: Layout) -> None:
    bright = FIELD.copy()
    bright[0, 0] = 65_535
    worms.save("BBBC010_v2_images/" + WELL.format("A01", "w2"), bright)
    coco = worms.convert(crop="layering")
    rows, columns = slice(50, 498), slice(120, 568)
    np.testing.assert_array_equal(worms.pixels("A01.png"), scaled(FIELD[rows, columns]))
    np.testing.assert_array_equal(
        coco.instances(1).stack(), [worm[rows, columns] for worm in WORMS[:2]]
    )
    assert "without a pixel within the crop dropped: 1 (first: A01_03_gr" in worms.repairs
    assert worms.info["counts"]["objects"]["worm"]["expected"] is None


# CCDB6843

CELLS = (40, 60)
FIRST = rectangle(CELLS, (2, 14), (2, 14)) | rectangle(CELLS, (14, 24), (14, 24))  # corners touch
FIRST |= rectangle(CELLS, (30, 39), (40, 51))  # 99 px
SECOND = rectangle(CELLS, (10, 30), (10, 30))


def colour(mask: np.ndarray, *channels: int) -> np.ndarray:
    image = np.zeros((*mask.shape, 3), np.uint8)
    image[..., list(channels or (0, 1, 2))] = mask[..., None] * 255
    return image


@pytest.fixture
def cells(tmp_path: Path) -> Layout:
    layout = Layout("ccdb6843", tmp_path / "ccdb6843", tmp_path)
    for name in ("F04_007", "F01_120"):
        image = RNG.integers(0, 4096, CELLS).astype(np.uint16)
        layout.save(f"MP6843_img_full/{name}w1.TIF", image)
        layout.save(f"MP6843_img_full/{name}w2.TIF", image[::-1])
        layout.save(f"MP6843_seg/{name}_GT_01.tif", colour(FIRST))
    layout.save("MP6843_seg/F01_120_GT_02.tif", colour(SECOND, 0, 1))
    return layout


def test_ccdb6843(cells: Layout) -> None:
    coco = cells.convert()
    assert names(coco) == ["F01_120.png", "F04_007.png"]
    first = FIRST & rectangle(CELLS, (0, 25), (0, 60))
    np.testing.assert_array_equal(coco.instances(1).stack(), [first, SECOND])
    np.testing.assert_array_equal(coco.instances(2).stack(), [first])
    image = np.asarray(Image.open(cells.root / "MP6843_img_full/F01_120w1.TIF"))
    np.testing.assert_array_equal(cells.pixels("F01_120.png"), scaled(image))
    assert "regions of less than 100 px of the mask dropped: 2 (first: F01_120" in cells.repairs
    assert "channels differ: the first (red) taken: 1 (first: F01_120_GT_02" in cells.repairs
    assert "scaled up" not in cells.repairs
    assert cells.info["counts"]["images"] == {"expected": 100, "found": 2}
    assert cells.info["counts"]["objects"]["cell"] == {"expected": None, "found": 3}
    assert len(cells.convert(min_area=99, channel="w2").instances(2)) == 2
    np.testing.assert_array_equal(cells.pixels("F01_120.png"), scaled(image)[::-1])


def test_ccdb6843_masks_of_half_the_size(cells: Layout) -> None:
    for channel in ("w1", "w2"):
        image = np.zeros((2 * CELLS[0], 2 * CELLS[1]), np.uint8)
        cells.save(f"MP6843_img_full/F01_120{channel}.TIF", image)
    found = cells.convert().instances(1).stack()
    first = FIRST & rectangle(CELLS, (0, 25), (0, 60))
    np.testing.assert_array_equal(found[:, ::2, ::2], [first, SECOND])
    np.testing.assert_array_equal(found[:, 1::2, 1::2], [first, SECOND])
    assert "scaled up by repeating pixels: 2 (first: F01_120_GT_01.tif)" in cells.repairs
    assert "less than 100 px" in cells.repairs, "of the mask as published"


# PanNuke


def make_fold(layout: Layout, number: int, patches: int, kind: type = np.float64) -> None:
    images = RNG.integers(0, 256, (patches, 256, 256, 3)).astype(kind)
    masks = np.zeros((patches, 256, 256, 6), kind)
    for k in range(1, patches):  # the first is empty
        masks[k, :40, :40, 0] = 7
        masks[k, 50:60, 50:60, 0] = 3
        masks[k, 30:50, 30:50, 4] = 7  # another object, and it overlaps the first
    masks[..., 5] = masks[..., :5].max(axis=-1) == 0
    layout.save(f"Fold {number}/images/fold{number}/images.npy", images)
    layout.save(f"Fold {number}/images/fold{number}/types.npy", np.array(["Breast"] * patches))
    layout.save(f"Fold {number}/masks/fold{number}/masks.npy", masks)


@pytest.fixture
def nuclei(tmp_path: Path) -> Layout:
    layout = Layout("pannuke", tmp_path / "pannuke", tmp_path)
    for number, kind in ((1, np.float64), (2, np.uint8), (3, np.float32)):
        make_fold(layout, number, 2, kind)
    return layout


def test_pannuke(nuclei: Layout) -> None:
    coco = nuclei.convert()
    assert names(coco) == [f"fold{n}/000{k}.png" for n in (1, 2, 3) for k in (0, 1)]
    assert list(coco.categories.values()) == [
        "Neoplastic", "Inflammatory", "Connective", "Dead", "Epithelial"]  # fmt: skip
    assert len(coco.instances(1)) == 0
    for number in (2, 4, 6):
        found = coco.instances(number)
        assert found.categories.tolist() == [1, 1, 5]
        assert found.stack().sum(axis=(1, 2)).tolist() == [100, 1600, 400]
        assert found.stack()[1:].all(axis=0).sum() == 100
    images = np.load(nuclei.root / "Fold 1/images/fold1/images.npy")
    archive = ImageArchive(nuclei.out.with_suffix(".zip"))
    np.testing.assert_array_equal(archive.read("fold1/0001.png"), images[1])
    assert nuclei.info["counts"]["images"] == {"expected": 7901, "found": 6}
    assert "images without objects kept: 3 (first: fold1/0000.png)" in nuclei.repairs
    nuclei.convert(folds=[2])
    assert nuclei.info["counts"]["images"] == {"expected": 2523, "found": 2}
    with pytest.raises(ValueError, match="name each fold once"):
        nuclei.convert(folds=[1, 1])
    with pytest.raises(ValueError, match="folds"):
        nuclei.convert(folds=[])


def test_pannuke_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout("pannuke", tmp_path / "pannuke", tmp_path)
    make_fold(layout, 1, 200, np.uint8)
    opened = []

    def load(path: Path, **options: Any) -> Any:
        opened.append(np.lib.format.open_memmap(path, mode=options["mmap_mode"]))
        assert options["allow_pickle"] is False
        return opened[-1]

    monkeypatch.setattr(np, "load", load)
    settings = check_options("pannuke", {"root": str(layout.root), "folds": [1]})
    scenes = iter(DATASETS.get("pannuke").make(settings).images)
    first = [next(scenes) for _ in range(3)]
    assert [array.shape for array in opened] == [(200, 256, 256, 3), (200, 256, 256, 6), (200,)]
    assert all(isinstance(array, np.memmap) for array in opened)
    assert [len(scene[2]) for scene in first] == [0, 3, 3]
    # what is asked for later is read later: change the last patch on disk
    changed = np.lib.format.open_memmap(layout.root / "Fold 1/masks/fold1/masks.npy", mode="r+")
    changed[199] = 0
    changed.flush()
    assert [len(scene[2]) for scene in scenes][-2:] == [3, 0]


def test_pannuke_holds_one_patch(tmp_path: Path) -> None:
    layout = Layout("pannuke", tmp_path / "pannuke", tmp_path)
    make_fold(layout, 1, 40)
    total = (layout.root / "Fold 1/masks/fold1/masks.npy").stat().st_size
    settings = pannuke.PanNukeSettings(root=str(layout.root), folds=(1,))
    tracemalloc.start()
    for _ in pannuke.make(settings).images:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < total / 8  # one patch of masks is a fortieth


Change = Callable[[Layout], Any]


def nothing(layout: Layout) -> None:
    """Leave it as it is: the counts are not those published."""


def remove(name: str) -> Change:
    return lambda layout: (layout.root / name).unlink()


def put(name: str, pixels: np.ndarray) -> Change:
    return lambda layout: layout.save(name, pixels)


def cut(name: str) -> Change:
    def change(layout: Layout) -> None:
        path = layout.root / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return change


GREY = np.zeros((3, 4), np.uint8)
A01 = "BBBC010_v1_foreground_eachworm/A01_01_ground_truth.png"
A01_IMAGE = "BBBC010_v2_images/" + WELL.format("A01", "w2")
F01 = "MP6843_seg/F01_120_GT_01.tif"
MASKS = "Fold 1/masks/fold1/masks.npy"
IMAGES, TYPES = "Fold 1/images/fold1/images.npy", "Fold 1/images/fold1/types.npy"
PATCHES = np.zeros((2, 256, 256, 3))


@pytest.mark.parametrize(
    ("source", "change", "message"),
    [
        ("worms", nothing, r"expected 100 images, found 2; expected 1407 worm, found 4"),
        ("worms", remove(A01_IMAGE), r"A01_01_ground_truth\.png: the image of well A01 in ch"),
        ("worms", put(A01, GREY), r"A01_01_g\S+: the mask has size \[3, 4\], the image .*\[520, "),
        ("worms", cut(A01), r"A01_01_ground_truth\.png: not a readable image"),
        ("worms", cut(A01_IMAGE), r"A01_w2\S+: not a readable image"),
        ("worms", put("more/" + Path(A01).name, GREY), r"are both A01 01; leave one"),
        ("worms", put("a/odd.tif", GREY), r"odd\.tif: unexpected file name; .* like 1649_1109"),
        ("cells", nothing, r"expected 100 images, found 2"),
        ("cells", remove(F01), r"F01_120w1\.TIF: the mask F01_120_GT_01\.tif is missing"),
        ("cells", remove("MP6843_img_full/F01_120w1.TIF"), r"GT_01\.tif: the image F01_120w1\.TIF"),
        ("cells", put(F01, GREY), r"F01_120_GT_01\.tif: the mask has size \[3, 4\], the image "),
        ("cells", put(F01, FIRST[::2]), r"F01_120_GT_01\.tif: the mask has size \[20, 60\]"),
        ("cells", cut(F01), r"F01_120_GT_01\.tif: not a readable image"),
        ("cells", put("a/F01_120_GT_03.tif", GREY), r"F01_120_GT_03\.tif: unexpected file name"),
        ("nuclei", nothing, r"expected 7901 images, found 6"),
        ("nuclei", remove(TYPES), r"has no file fold1/types\.npy"),
        ("nuclei", cut(MASKS), r"masks\.npy: not a readable array .*cut off"),
        ("nuclei", lambda x: (x.root / TYPES).write_bytes(b""), r"types\.npy: not a readable ar"),
        ("nuclei", lambda x: (x.root / TYPES).write_bytes(b"no"), r"types\.npy: not a readable"),
        ("nuclei", put(TYPES, np.array(["a", "b"], object)), r"types\.npy: holds Python objects"),
        ("nuclei", put(TYPES, np.zeros(2)), r"types\.npy: holds float64; expected the tissue"),
        ("nuclei", put(MASKS, np.zeros((2, 256, 256, 5))), r"\(2, 256, 256, 5\); .*\(2, 256, 256, 6"),
        ("nuclei", put(IMAGES, np.zeros((2, 256, 3))), r"images\.npy: has shape \(2, 256, 3\)"),
        ("nuclei", put(IMAGES, PATCHES + 0.5), r"images\.npy: patch 0: holds 0\.5; .*0 to 255"),
        ("nuclei", put(IMAGES, PATCHES + 256), r"images\.npy: patch 0: holds 256"),
        ("nuclei", put(IMAGES, PATCHES + np.nan), r"images\.npy: patch 0: holds nan"),
        ("nuclei", put(MASKS, np.full((2, 256, 256, 6), -1.0)), r"masks\.npy: patch 0: holds -1"),
    ],
)  # fmt: skip
def test_refused(source: str, change: Change, message: str, request: pytest.FixtureRequest) -> None:
    layout = request.getfixturevalue(source)
    change(layout)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        layout.convert(counts="check")
    assert not layout.out.exists() and not layout.out.with_suffix(".zip").exists()


def test_the_crop_must_lie_in_the_image(worms: Layout) -> None:
    worms.save(A01_IMAGE, FIELD[:400])
    with pytest.raises(ValueError, match=r"is 400 x 696 px; expected at least 498 x 568 px"):
        worms.convert(crop="layering")


def test_a_channel_that_is_not_there(worms: Layout, cells: Layout) -> None:
    for path in [*worms.root.rglob("*_w1_*"), *cells.root.rglob("*w1.TIF")]:
        path.unlink()
    for layout in (worms, cells):
        with pytest.raises(FileNotFoundError, match="none of the 2 images is of channel w1"):
            layout.convert(channel="w1")
