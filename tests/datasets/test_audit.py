"""Audits, mask files, contact sheets and the verbs."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.audit import audit, describe_part
from gains.datasets.audit_csv import audit_table
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.import_labels import import_labels
from gains.datasets.labels.settings import FolderSettings
from gains.figures.contact_sheet import GAP, TITLE, _outline, contact_sheet
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.masks.windows import MaskWindow, window_of
from gains.support.files import read_json, write_json
from helpers.coco_files import write_coco

SIZE = 24


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


A, B = box(0, 0, 4, 4), box(2, 2, 8, 8)  # share 4 px of 16 and 36
C = box(8, 8, 10, 10)  # touches B at a corner
D, E = box(20, 20, 24, 24), box(20, 16, 24, 19)  # one empty column between them


def drawn(name: str, masks: list[np.ndarray], categories: list[int]) -> Any:
    rles = [encode_mask(mask) for mask in masks]
    pixels = np.zeros((SIZE, SIZE), np.uint8)
    return name, pixels, Instances.from_rles(SIZE, SIZE, rles, categories)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A small data set and its split."""
    coco, split = tmp_path / "hand.json", tmp_path / "hand.split.json"
    scenes = [
        drawn("a.png", [A, B, C, D, E], [1] * 5),
        drawn("b.png", [A, A], [1, 2]),  # of two categories: no overlap
        drawn("c.png", [], []),
    ]
    write_coco(coco, scenes, {1: "cell", 2: "nucleus"}, {})
    write_json(split, {"folds": [{"train": ["a.png"], "val": ["c.png"], "test": ["b.png"]}]})
    return coco, split


def test_audit_by_hand(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "audit.json"
    content = audit(*files, max_detections=4, out_json=out)
    assert read_json(out) == content
    assert list(content["parts"]) == ["all", "train", "val", "test"]
    every = content["parts"]["all"]
    assert (every["images"], every["objects"]) == (3, 7)
    assert every["image_sizes"] == {"24x24": 3}
    assert every["images_without_objects"] == ["c.png"]
    assert every["images_above_max_detections"] == ["a.png"]
    cells = every["categories"]["1"]
    assert cells["objects"] == 6
    assert cells["objects_per_image"] == {"min": 0, "median": 1, "mean": 2, "max": 5}
    assert cells["area"] is not None
    assert cells["area"]["min"] == 4
    assert cells["area"]["q50"] == np.median([16, 36, 4, 16, 12, 16])
    assert cells["overlapping"] == pytest.approx(2 / 6)
    assert cells["touching"] == pytest.approx(1 / 6)
    assert cells["overlapping_pairs"] == 1
    assert cells["overlap_ratio"] == {"min": 0.25, "median": 0.25, "mean": 0.25, "max": 0.25}
    assert content["parts"]["train"]["categories"]["2"]["area"] is None
    assert content["parts"]["val"]["images_without_objects"] == ["c.png"]


def test_crowd_regions_have_no_contact_and_no_kind(files: tuple[Path, Path]) -> None:
    """A is a crowd region, so B only touches C."""
    coco = read_coco(files[0])
    coco.annotations[1][0]["iscrowd"] = 1
    cells = describe_part(coco, list(coco.images.values()), 4)["categories"]["1"]
    assert cells["objects"] == 6 and cells["overlapping"] == 0
    assert cells["touching"] == pytest.approx(2 / 5)
    assert {kind: n for kind, n in cells["kinds"].items() if n} == {"isolated": 3, "touching": 2}


def test_a_part_without_objects_has_no_share_and_no_kind(files: tuple[Path, Path]) -> None:
    coco = read_coco(files[0])
    cells = describe_part(coco, [coco.images[3]], 4)["categories"]["1"]
    assert (cells["overlapping"], cells["touching"]) == (None, None)
    assert sum(cells["kinds"].values()) == 0


def test_audit_holds_what_the_conversion_found(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "audit.json"
    assert audit(*files, max_detections=4, out_json=out)["repairs"] == []
    found = ["shapes dropped: 2 (first: a.json)", "expected 4 images, found 3"]
    write_json(files[0], read_json(files[0]) | {"info": {"repairs": found}})
    assert audit(*files, max_detections=4, out_json=out)["repairs"] == found
    assert read_json(out)["repairs"] == found


def test_audit_refuses_a_split_of_another_data_set(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    write_json(files[1], {"folds": [{"train": ["x.png"], "test": ["a.png"]}]})
    with pytest.raises(ValueError, match=r"'x\.png'"):
        audit(*files, max_detections=4, out_json=tmp_path / "audit.json")
    assert not (tmp_path / "audit.json").exists()


def test_the_audit_table_has_a_row_per_data_set_part_and_category(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    audit(*files, max_detections=4, out_json=tmp_path / "a.json")
    audit(*files, max_detections=4, out_json=tmp_path / "b.json")
    audit_table([tmp_path / "a.json", tmp_path / "b.json"], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4 * 2
    first = rows[0]
    assert (first["dataset"], first["part"], first["category_name"]) == ("hand", "all", "cell")
    assert (first["objects"], first["overlapping"]) == ("6", "0.333333")
    assert (first["images_without_objects"], first["images_above_max_detections"]) == ("1", "1")
    train_nuclei = rows[3]
    assert (train_nuclei["objects"], train_nuclei["area_median"]) == ("0", "")
    with pytest.raises(ValueError, match="no audit"):
        audit_table([], tmp_path / "u.csv")
    with pytest.raises(ValueError, match=r"a\.json: given more than once"):
        audit_table([tmp_path / "a.json", tmp_path / "x" / ".." / "a.json"], tmp_path / "u.csv")
    with pytest.raises(ValueError, match="expected a file that `gains audit` wrote"):
        audit_table([files[0]], tmp_path / "u.csv")


class Masks:
    """A folder of mask files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = root / "img1"
        for name in ("images", "masks"):
            (self.place / name).mkdir(parents=True)
        Image.new("RGBA", (SIZE, SIZE), (9, 9, 9, 255)).save(self.place / "images" / "img1.png")
        self.mask("one", A.astype(np.uint8) * 255)

    def mask(self, name: str, pixels: np.ndarray) -> None:
        Image.fromarray(pixels).save(self.place / "masks" / f"{name}.png")


@pytest.fixture
def masks(tmp_path: Path) -> Masks:
    return Masks(tmp_path / "stage1")


def import_masks(folder: Path, out: Path) -> None:
    import_labels(FolderSettings(images=str(folder), labels=str(folder), category="nucleus"), out)


def test_mask_files_become_one_coco_file(masks: Masks, tmp_path: Path) -> None:
    colour = np.zeros((SIZE, SIZE, 4), np.uint8)
    colour[..., 3] = 255
    colour[B] = (0, 0, 1, 255)
    masks.mask("two", colour)
    masks.mask("void", np.zeros((SIZE, SIZE), np.uint8))
    import_masks(masks.root, tmp_path / "ann.json")
    coco = read_coco(tmp_path / "ann.json")
    assert coco.categories == {1: "nucleus"}
    assert coco.images[1].file_name == "img1/images/img1.png"
    np.testing.assert_array_equal(coco.instances(1).stack(), [A, B])
    assert [a["id"] for a in coco.annotations[1]] == [1, 2]
    repairs = read_json(tmp_path / "ann.json")["info"]["repairs"]
    assert repairs == ["masks that cover no pixel were dropped: 1 (first: img1/void.png)"]


def test_mask_files_refused(masks: Masks, tmp_path: Path) -> None:
    out = tmp_path / "ann.json"

    def refused(message: str) -> None:
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            import_masks(masks.root, out)
        assert not out.exists()

    masks.mask("small", np.ones((3, 4), np.uint8))
    refused(r"small\.png: the mask has size \[3, 4\], but the image img1\.png has size \[24, 24\]")
    (masks.place / "masks" / "small.png").write_bytes(b"")
    refused(r"small\.png: not a readable image")
    (masks.place / "masks" / "small.png").unlink()
    masks.mask("one", np.zeros((SIZE, SIZE), np.uint8))
    refused("no objects in 1 images")
    Image.new("L", (SIZE, SIZE)).save(masks.place / "images" / "second.png")
    refused("expected one image in images/, found 2")
    (masks.place / "images" / "second.png").unlink()
    (masks.place / "masks" / "one.png").unlink()
    (masks.place / "masks").rmdir()
    refused("found no file besides the images")
    masks.root = masks.root / "nowhere"
    refused("no such folder")


def test_real_mask_files(shared: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared / "data" / "dsb2018_he" / "stage1_train.zip") as archive:
        archive.extractall(tmp_path / "he")
    import_masks(tmp_path / "he", tmp_path / "ann.json")
    options = {"images": str(tmp_path / "he"), "labels": str(tmp_path / "ann.json")}
    convert("he", "folder", options, tmp_path / "he.json")
    coco = read_coco(tmp_path / "he.json")
    assert len(coco.images) == 51
    assert sum(len(found) for found in coco.annotations.values()) == 2288
    found = describe_part(coco, list(coco.images.values()), 100)["categories"]["1"]
    assert found["touching"] == pytest.approx(0.47, abs=0.005)
    assert found["overlapping"] == 0


def test_the_contact_sheet_shows_images_plain_and_outlined(tmp_path: Path) -> None:
    for name, source in (("a", "synthetic-cells"), ("b", "synthetic-nuclei")):
        convert(name, source, {"count": 2}, tmp_path / f"{name}.json")
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    contact_sheet(files, tmp_path / "sheet.png", columns=3, side=256)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB")).astype(int)
    step, block = 256 + GAP, TITLE + 2 * (256 + GAP)
    assert sheet.shape == (2 * block - GAP, 3 * step - GAP, 3)
    titles = [sheet[top : top + TITLE] for top in (0, block)]
    assert all((title < 128).any() for title in titles), "each data set is named"
    assert (titles[0] != titles[1]).any()
    plain, outlined = sheet[TITLE : TITLE + 256, :256], sheet[TITLE + step : block - GAP, :256]
    changed = (abs(plain - outlined) > 40).any(axis=2).mean()
    assert 0.02 < changed < 0.3
    saturated = np.ptp(outlined, axis=2) > 100
    assert saturated.any() and not (np.ptp(plain, axis=2) > 60).any(), "only lines are coloured"
    assert (sheet[TITLE : block - GAP, 2 * step :] == 255).all()  # no third image
    with pytest.raises(ValueError, match="no data set"):
        contact_sheet([], tmp_path / "x.png")
    with pytest.raises(ValueError, match=r"x.jpg: expected a name ending in .png"):
        contact_sheet(files, tmp_path / "x.jpg")


def opacity_of(mask: np.ndarray, size: tuple[int, int], whole: bool = False) -> np.ndarray:
    """Return the outline of a mask in a whole tile, from its crop or from the whole plane."""
    window = MaskWindow(0, 0, mask) if whole else window_of(encode_mask(mask))
    place, opacity = _outline(window, mask.shape, size)
    shown = np.zeros(size)
    shown[place] = opacity
    return shown


@pytest.mark.parametrize("size", [(25, 30), (50, 60), (130, 156)])
@pytest.mark.parametrize("at", [(0, 0), (7, 20), (43, 40)])
def test_an_outline_needs_the_crop_of_its_mask_alone(
    size: tuple[int, int], at: tuple[int, int]
) -> None:
    mask = np.zeros((50, 60), dtype=bool)
    mask[at[0] : at[0] + 7, at[1] : at[1] + 20] = True
    whole = opacity_of(mask, size, whole=True)
    assert whole.max() > 0.9
    np.testing.assert_allclose(opacity_of(mask, size), whole, atol=1e-4)


def test_outlines_are_smooth_and_on_the_border() -> None:
    y, x = np.mgrid[:64, :64]
    disc = np.hypot(y - 31.5, x - 31.5) <= 20
    opacity = opacity_of(disc, (128, 128))
    assert opacity.shape == (128, 128)
    assert ((opacity > 0.1) & (opacity < 0.9)).sum() > 100, "anti-aliased"
    y, x = np.mgrid[:128, :128]
    radius = np.hypot(y - 63.5, x - 63.5)
    assert opacity[abs(radius - 40.5) < 0.5].mean() > 0.7
    assert opacity[abs(radius - 40.5) > 4].max() == 0
    cut = opacity_of(np.ones((64, 64), dtype=bool), (128, 128))
    assert cut[0, 5:-5].min() > 0.8 and cut[10:-10, 10:-10].max() == 0, "closed at the edge"


def test_verbs_from_data_set_to_table(tmp_path: Path) -> None:
    runner = CliRunner()

    def gains(*arguments: str) -> str:
        result = runner.invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    coco, split = str(tmp_path / "c.json"), str(tmp_path / "c.split.json")
    options = json.dumps({"count": 5})
    gains("convert", "synthetic-chromosomes", "--name", "c", "--options", options,
          "--out", coco)  # fmt: skip
    gains("split", "--coco", coco, "--settings", '{"seed": 2}', "--out", split)
    audited = str(tmp_path / "c.audit.json")
    gains("audit", "--coco", coco, "--split", split, "--max-detections", "10", "--out", audited)
    gains("audit-table", audited, "--out", str(tmp_path / "t.csv"))
    assert (tmp_path / "t.csv").read_text().count("\n") == 1 + 4
    gains("data", "sheet", "--coco", coco, "--out", str(tmp_path / "s.png"))
    for verb in (["convert"], ["split"], ["audit"], ["audit-table"], ["import"],
                 ["data", "list"], ["data", "sheet"]):  # fmt: skip
        assert "Example:" in gains(*verb, "--help")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "synthetic-cells", "--name", "x", "--options", "[1]"], "JSON obj"),
        (["convert", "synthetic-cells", "--name", "x", "--options", "{"], "JSON obj"),
        (["split", "--coco", "x.json", "--settings", '{"sed": 1}'], "did you mean 'seed'"),
        (["split", "--coco", "nowhere.json"], "no such file"),
    ],
)
def test_verbs_refuse_wrong_options_and_write_nothing(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out.json")])
    assert result.exit_code != 0
    assert message in str(result.exception)
    assert not list(tmp_path.iterdir())
