"""The 2018 Data Science Bowl in its official layout, and the reading of mask files."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gains.datasets.findings import Findings
from gains.datasets.readers.mask_files import find_places, read_masks
from gains.masks.rle import encode_mask
from helpers.published import Published, box, noise, save

STAGE = "stage1_train"


def add(root: Path, number: str, height: int, width: int, masks: list[np.ndarray]) -> np.ndarray:
    """Add an image, RGBA as published, and its masks; return its colours."""
    pixels = noise(height, width, 4)
    pixels[..., 3] = 255
    save(root / number / "images" / f"{number}.png", pixels)
    (root / number / "masks").mkdir()
    for k, mask in enumerate(masks):
        save(root / number / "masks" / f"{k}.png", mask.astype(np.uint8) * 255)
    return pixels[..., :3]


A, B, VOID = box(30, 40, 2, 3, 9, 12), box(30, 40, 9, 3, 14, 12), box(30, 40, 0, 0, 0, 0)
EDF = box(1024, 1024, 5, 5, 60, 90)


@pytest.fixture(params=["dsb2018", "dsb2018-fixed"])
def dsb(request: pytest.FixtureRequest, tmp_path: Path) -> Published:
    made = Published(request.param, tmp_path / request.param)
    stage = made.root / "archive-master" / STAGE
    add(stage, "0a", 30, 40, [A, B, VOID])
    add(stage, "1b", 1024, 1024, [EDF])
    # the archive's other folders
    save(made.root / "archive-master" / "stage1_test" / "2c" / "images" / "2c.png", noise(9, 9, 3))
    add(made.root / "archive-master" / "stage2", "3d", 30, 40, [A])
    return made


def test_images_and_masks_are_those_of_the_files(dsb: Published) -> None:
    found = dsb.convert()
    assert [image.file_name for image in found.images.values()] == ["0a.png", "1b.png"]
    assert found.categories == {1: "nucleus"}
    np.testing.assert_array_equal(found.instances(1).stack(), [A, B])
    np.testing.assert_array_equal(found.instances(2).stack(), [EDF])
    image = dsb.root / "archive-master" / STAGE / "0a" / "images" / "0a.png"
    np.testing.assert_array_equal(dsb.pixels("0a.png"), np.asarray(Image.open(image))[..., :3])
    repairs = " ".join(dsb.info["repairs"])
    assert "masks that cover no pixel were dropped: 1 (first: 0a/2.png)" in repairs
    assert "EDF images of ISBI2014 were kept; drop them with `edf_images: drop`" in repairs
    fixed = dsb.source == "dsb2018-fixed"
    dsb.refused("expected 28986 nucleus" if fixed else "expected 670 images", counts="check")


def test_dsb_without_edf_images(dsb: Published) -> None:
    assert len(dsb.convert(edf_images="drop").images) == 1
    expected = None if dsb.source == "dsb2018-fixed" else 654
    assert dsb.info["counts"]["images"] == {"expected": expected, "found": 1}
    assert dsb.info["counts"]["objects"]["nucleus"] == {"expected": None, "found": 2}
    assert "EDF images of ISBI2014 were dropped: 1 (first: 1b)" in dsb.info["repairs"]


def test_an_unreadable_or_missing_file_is_refused(dsb: Published) -> None:
    place = dsb.root / "archive-master" / STAGE / "0a"
    (place / "masks" / "0.png").write_bytes((place / "masks" / "0.png").read_bytes()[:50])
    dsb.refused(r"0a/masks/0\.png: not a readable image")
    save(place / "masks" / "0.png", np.ones((3, 4), np.uint8))
    dsb.refused(r"0\.png: the mask has size \[3, 4\], but the image 0a\.png has size \[30, 40\]")
    (place / "images" / "0a.png").unlink()
    dsb.refused(r"0a: expected one image in images/, found 0")
    add(dsb.root / "copy" / STAGE, "0a", 30, 40, [A])
    dsb.refused("expected one folder stage1_train, found 2")
    dsb.root = dsb.root / "archive-master" / "stage1_test"
    dsb.refused("found no folder with images/ and masks/")
    dsb.root = dsb.root / "nowhere"
    dsb.refused("no such folder; expected stage1_train/")


def test_mask_files_as_encoded_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    masks = [rng.random((30, 40)) < share for share in (0.01, 0.5, 0.99, 1)]
    masks += [A, box(30, 40, 0, 0, 30, 5), box(30, 40, 0, 35, 30, 40), box(30, 40, 29, 39, 30, 40)]
    add(tmp_path, "0a", 30, 40, masks)
    findings = Findings()
    found = read_masks(find_places(tmp_path, findings)[0], findings)
    assert found == [encode_mask(mask) for mask in masks]
    assert findings.sentences() == [
        "objects of several pieces were kept as one object: 2 (first: 0a/0.png)",
        "objects in all four corners of the image were kept; check that black is the background: 1 "
        "(first: 0a/2.png)",
    ]


def test_mask_files_of_other_kinds(tmp_path: Path) -> None:
    add(tmp_path, "0a", 30, 40, [])
    folder = tmp_path / "0a" / "masks"
    clear = np.full((30, 40, 4), 255, np.uint8)
    clear[..., 3] = A * 255  # white, but transparent around the object
    save(folder / "0.png", clear)
    save(folder / "1.png", A)  # one bit
    save(folder / "2.png", A.astype(np.uint16) * 300)
    Image.fromarray(A.astype(np.uint8) * 9).convert("P").save(folder / "3.png")
    (folder / "._0.png").write_bytes(b"of an archiver")
    found = read_masks(find_places(tmp_path, Findings())[0], Findings())
    assert found == [encode_mask(A)] * 4


def test_real_masks_give_as_many_nuclei_as_their_folders_hold(shared: Path, tmp_path: Path) -> None:
    made = Published("dsb2018", tmp_path / "dsb2018")
    with zipfile.ZipFile(shared / "data" / "dsb2018_he" / "stage1_train.zip") as archive:
        archive.extractall(made.root / STAGE)
    found = made.convert()
    assert len(found.images) == 51
    assert made.info["counts"]["objects"]["nucleus"]["found"] == 2288
