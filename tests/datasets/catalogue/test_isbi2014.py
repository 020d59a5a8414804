"""ISBI2014 from files written in the layout of the published archives, and from the true file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import io

from gains.datasets.catalogue import DATASETS
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import PARTS, read_split
from gains.masks.rle import encode_mask
from gains.support.files import read_json, write_json
from helpers.isbi_files import Drawing, H, W, Writer, cell, draw, write_set, write_v5, write_v73
from helpers.paths import ROOT


def run(root: Path, out: Path, source: str = "isbi2014", **options: Any) -> dict[str, Any]:
    """Convert and return info; other counts are reported unless the options say otherwise."""
    convert("x", source, {"root": str(root), "counts": "report", **options}, out / "x.json")
    return dict(read_json(out / "x.json")["info"])


def assert_scenes(out: Path, expected: dict[str, Drawing]) -> None:
    coco, archive = read_coco(out / "x.json"), ImageArchive(out / "x.zip")
    assert [record.file_name for record in coco.images.values()] == list(expected)
    assert coco.categories == {1: "cytoplasm", 2: "nucleus"}
    for record in coco.images.values():
        image, cells, nuclei = expected[record.file_name]
        np.testing.assert_array_equal(archive.read(record.file_name)[..., 0], image)
        found = coco.instances(record.id)
        assert found.categories.tolist() == [1] * len(cells) + [2, 2]
        np.testing.assert_array_equal(
            found.stack()[: len(cells)], np.array(cells).reshape(-1, *image.shape) > 0
        )
        np.testing.assert_array_equal(found.stack()[len(cells) :].sum(axis=0), nuclei)


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """Three images of trainset as published: images v7.3, ground truth v5."""
    root = tmp_path / "raw"
    write_set(root / "Dataset/Synthetic", "train", [draw(k) for k in range(3)], write_v73, write_v5)
    return root


@pytest.mark.parametrize("images", [write_v5, write_v73])
@pytest.mark.parametrize("truth", [write_v5, write_v73])
def test_both_formats_in_either_file(images: Writer, truth: Writer, tmp_path: Path) -> None:
    scenes = [draw(k) for k in range(4)]
    write_set(tmp_path / "raw", "train", scenes, images, truth)
    info = run(tmp_path / "raw", tmp_path, parts=["train"])
    assert_scenes(tmp_path, {f"trainset_{k:02d}.png": s for k, s in enumerate(scenes)})
    assert info["counts"]["images"] == {"expected": 45, "found": 4}
    assert info["counts"]["objects"]["nucleus"] == {"expected": 270, "found": 8}
    assert "expected 45 images, found 4" in info["repairs"]


def test_parts_of_the_whole_set(train: Path, tmp_path: Path) -> None:
    test = [draw(k) for k in range(93)]
    write_set(train, "test", test, write_v73, write_v73)
    names = {f"testset_{k:03d}.png": s for k, s in enumerate(test)}
    info = run(train, tmp_path)
    both = {f"trainset_{k:02d}.png": draw(k) for k in range(3)} | names
    assert_scenes(tmp_path, both)
    assert info["counts"]["images"] == {"expected": 945, "found": 96}
    run(train, tmp_path, parts=["test"])
    assert_scenes(tmp_path, dict(list(names.items())[90:]))
    run(train, tmp_path, parts=["val"], counts="check")  # these 90 are all there
    assert_scenes(tmp_path, dict(list(names.items())[:90]))


def test_second_distribution_has_no_test_part(tmp_path: Path) -> None:
    root, scenes = tmp_path / "raw", [draw(k) for k in range(90)]
    for kind, old, new, n in (
        ("train", "ISBI_Train", "isbi_train", 45),
        ("test", "ISBI_Test90", "isbi_test90", 90),
    ):
        write_set(root, kind, scenes[:n], write_v5, write_v5)
        (root / f"{kind}set.mat").unlink()
        write_v5(root / f"{new}.mat", **{old: cell([s[0] for s in scenes[:n]])})
        (root / f"{kind}set_GT.mat").rename(root / f"{new}_GT.mat")
    with pytest.raises(
        ValueError, match=r"isbi_test90.mat: holds 90 images, .*parts: \[train, val"
    ):
        run(root, tmp_path)
    run(root, tmp_path, parts=["val", "train"], counts="check")
    names = [f"trainset_{k:02d}.png" for k in range(45)]
    names += [f"testset_{k:03d}.png" for k in range(90)]
    assert_scenes(tmp_path, dict(zip(names, scenes[:45] + scenes, strict=True)))
    with pytest.raises(ValueError, match="a part is repeated"):
        run(root, tmp_path, parts=["val", "val"])


def test_empty_masks_are_dropped_and_noted(tmp_path: Path) -> None:
    image, cells, nuclei = draw(1)
    speck = nuclei.copy()
    speck[3, 10] = 1  # touches a nucleus by its corner
    scene = (image, [cells[0], cells[0] * 0, cells[1]], speck)
    covered = (image, [np.ones_like(image)], nuclei)
    bare: Drawing = (image, [], nuclei)
    write_set(tmp_path / "raw", "train", [scene, covered, bare], write_v73, write_v73)
    info = run(tmp_path / "raw", tmp_path, parts=["train"])
    expected = [draw(1), covered, bare]
    assert_scenes(tmp_path, {f"trainset_{k:02d}.png": s for k, s in enumerate(expected)})
    dropped, single, unchecked = info["repairs"][:3]
    assert single.endswith("apart from the others were dropped: 1 (first: trainset_00.png)")
    assert dropped == "cytoplasm masks that cover no pixel were dropped: 1 (first: trainset_00.png)"
    assert unchecked.startswith("the orientation was not checked") and ": 2 (first" in unchecked


def test_transposed_images_are_refused(tmp_path: Path) -> None:
    def refused(scenes: list[Drawing], match: str) -> None:
        write_set(tmp_path / "raw", "train", scenes, write_v73, write_v5)
        with pytest.raises(ValueError, match=match):
            run(tmp_path / "raw", tmp_path / "out", parts=["train"])
        assert not list((tmp_path / "out").glob("*"))

    def turn(scene: Drawing) -> Drawing:
        return scene[0].T.copy(), scene[1], scene[2]

    refused([draw(0), turn(draw(1))], r"trainset_01.png: cytoplasm 1 is an array .*transposed")
    square = [draw(k, 28, 28) for k in range(3)]
    refused([square[0], turn(square[1])], r"trainset_01.png: mean grey .*probably transposed")
    # cells about the diagonal: darker inside either way, but the masks fit worse
    for image, cells, nuclei in square:
        image[:], cells[1][:] = 220, 0
        cells[0][5:20, 8:24] = 1
        image[cells[0] > 0] = 90
        nuclei[:] = cells[0] * nuclei
    refused([turn(s) for s in square], "masks of 3 of 3 images fit better once")


def test_counts_other_than_published(train: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="expected 45 images, found 3; expected 270 cytoplasm"):
        run(train, out, parts=["train"], counts="check")
    assert not list(out.glob("*"))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"CellNum": np.array([[2], [3], [2]])}, r"trainset_01.png: CellNum says 3 cells, found 2"),
        ({"CellNum": np.array([[2], [2]])}, "CellNum describes 2 images, but .* holds 3"),
        ({"train_Nuclei": cell([draw(0)[2]] * 2)}, "train_Nuclei describes 2 images"),
        ({"train_Nuclei": np.zeros((3, 1))}, r"train_Nuclei is a double array \[3, 1\]"),
        ({"train_Nuclei": None}, "no variable 'train_Nuclei'; it has train_Cytoplasm, CellNum"),
        ({"train_Nuclei": cell(["a", "b", "c"])}, r"train_Nuclei\{1\} holds <U1"),
        ({"train_Nuclei": cell([draw(0)[0]] * 3)}, "nuclei has several values besides 0"),
        (
            {"train_Cytoplasm": cell([draw(0)[2]] * 3)},
            "one cytoplasm per cell, found a single array",
        ),
        (
            {"train_Cytoplasm": cell([cell([cell([1])])] * 3)},
            r"Cytoplasm\{1\}\{1\} is a cell again",
        ),
    ],
)
def test_damaged_ground_truth_is_named(
    changes: dict[str, Any], match: str, train: Path, tmp_path: Path
) -> None:
    path = train / "Dataset/Synthetic/trainset_GT.mat"
    content = {k: v for k, v in io.loadmat(path).items() if k[0] != "_"} | changes
    write_v5(path, **{k: v for k, v in content.items() if v is not None})
    with pytest.raises(ValueError, match=match):
        run(train, tmp_path / "out", parts=["train"])
    assert not list((tmp_path / "out").glob("*"))


def test_missing_and_cut_off_files(train: Path, tmp_path: Path) -> None:
    folder = train / "Dataset/Synthetic"
    for path in (folder / "trainset.mat", folder / "trainset_GT.mat"):
        content = path.read_bytes()
        for length in (0, 100, len(content) // 2, len(content) - 20):
            path.write_bytes(content[:length])
            with pytest.raises(ValueError, match=rf"{path.name}.*damaged or cut off"):
                run(train, tmp_path / "out", parts=["train"])
        path.write_bytes(content)
    with pytest.raises(FileNotFoundError, match=r"has no file testset.mat or isbi_test90.mat"):
        run(train, tmp_path / "out")
    shutil.copytree(folder, train / "copy")
    with pytest.raises(
        ValueError, match="expected one file trainset.mat or isbi_train.mat, found 2"
    ):
        run(train, tmp_path / "out", parts=["train"])
    assert not list((tmp_path / "out").glob("*"))


def test_double_images_must_be_whole_grey(train: Path, tmp_path: Path) -> None:
    path = train / "Dataset/Synthetic/trainset.mat"
    write_v73(path, trainset=cell([draw(k)[0].astype(float) for k in range(3)], row=True))
    run(train, tmp_path, parts=["train"])
    assert_scenes(tmp_path, {f"trainset_{k:02d}.png": draw(k) for k in range(3)})
    write_v73(path, trainset=cell([draw(k)[0] / 255 for k in range(3)]))
    with pytest.raises(ValueError, match="expected 8-bit grey"):
        run(train, tmp_path, parts=["train"])


def test_edf_images_become_a_data_set_of_nuclei(tmp_path: Path) -> None:
    root, out = tmp_path / "raw", tmp_path / "out"
    (root / "Dataset/EDF").mkdir(parents=True)
    for k in range(16):
        image, _, nuclei = draw(k)
        Image.fromarray(image).save(root / f"Dataset/EDF/EDF{k:03d}.png")
        Image.fromarray(nuclei * 255).save(root / f"Dataset/EDF/EDF{k:03d}_GT.png")
    run(root, out, "isbi2014-edf", counts="check")
    coco = read_coco(out / "x.json")
    assert [r.file_name for r in coco.images.values()] == [f"EDF{k:03d}.png" for k in range(16)]
    assert coco.categories == {1: "nucleus"}
    for record in coco.images.values():
        found = coco.instances(record.id)
        assert len(found) == 2
        np.testing.assert_array_equal(found.stack().sum(axis=0), draw(record.id - 1)[2])
    Image.fromarray(draw(0)[0]).save(root / "Dataset/EDF/EDF003_GT.png")
    with pytest.raises(ValueError, match="EDF003_GT.png has several values"):
        run(root, tmp_path / "no", "isbi2014-edf")
    (root / "Dataset/EDF/EDF003_GT.png").unlink()
    with pytest.raises(FileNotFoundError, match="EDF003_GT.png"):
        run(root, tmp_path / "no", "isbi2014-edf")


def test_coco_copies_of_equal_names_become_one_data_set(tmp_path: Path) -> None:
    root, out = tmp_path / "raw", tmp_path / "out"
    for seed, part in enumerate(("train", "val", "test")):
        image, cells, _ = draw(seed)
        (root / part).mkdir(parents=True)
        Image.fromarray(image).save(root / part / "000.png")  # the same name in every part
        objects = [
            {"id": k, "image_id": 0, "category_id": 1 - k, "segmentation": encode_mask(m > 0)}
            for k, m in enumerate(cells)
        ]
        content = {
            "images": [{"id": 0, "file_name": "images/000.png", "height": H, "width": W}],
            "annotations": objects,
            "categories": [{"id": 0, "name": "cell"}, {"id": 1, "name": "nucleus"}],
        }
        write_json(root / f"isbi_{part}_v3.json", content)
    info = run(root, out, "isbi2014-coco")
    coco, archive = read_coco(out / "x.json"), ImageArchive(out / "x.zip")
    names = [record.file_name for record in coco.images.values()]
    assert names == ["train/000.png", "val/000.png", "test/000.png"]
    assert coco.categories == {1: "cell", 2: "nucleus"}
    assert any("0 became 1, 1 became 2" in repair for repair in info["repairs"])
    assert info["counts"]["images"] == {"expected": 945, "found": 3}
    for seed, record in enumerate(coco.images.values()):
        image, cells, _ = draw(seed)
        np.testing.assert_array_equal(archive.read(record.file_name)[..., 0], image)
        found = coco.instances(record.id)
        assert found.categories.tolist() == [2, 1]
        np.testing.assert_array_equal(found.stack(), np.array(cells).reshape(-1, *image.shape) > 0)
    (root / "val" / "again").mkdir()
    shutil.copy(root / "val/000.png", root / "val/again/000.png")
    with pytest.raises(ValueError, match="2 files have this name"):
        run(root, tmp_path / "no", "isbi2014-coco")
    shutil.rmtree(root / "val")
    with pytest.raises(FileNotFoundError, match="is in the folder of another part"):
        run(root, tmp_path / "no", "isbi2014-coco")
    assert run(root, out, "isbi2014-coco", parts=["test"])["counts"]["images"]["found"] == 1


def test_split_files_list_the_official_parts() -> None:
    train = [f"trainset_{k:02d}.png" for k in range(45)]
    test = [f"testset_{k:03d}.png" for k in range(900)]
    expected = {
        "isbi2014": {"train": train, "val": test[:90], "test": test[90:]},
        "occ2014": {"train": train + test[::2], "val": [], "test": test[1::2]},
    }
    assert DATASETS.get("isbi2014").splits == tuple(f"data/splits/{n}.json" for n in expected)
    for name, parts in expected.items():
        split = read_split(ROOT / f"data/splits/{name}.json")
        assert split.folds == ({part: parts.get(part, []) for part in PARTS},)


def test_true_training_set(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "isbi2014_train45"
    if not (folder / "trainset_GT.mat").is_file():
        pytest.skip("needs the published trainset_GT.mat")
    source, root = read_coco(folder / "annotations.json"), tmp_path / "raw"
    images = [
        np.asarray(Image.open(folder / "images" / r.file_name)) for r in source.images.values()
    ]
    write_v73(root / "trainset.mat", trainset=cell(images))
    shutil.copy(folder / "trainset_GT.mat", root)
    info = run(root, tmp_path, parts=["train"], counts="check")
    (single,) = info["repairs"]
    assert single.startswith("single pixels of a nucleus apart from the others were dropped: 2")
    assert {k: v["found"] for k, v in info["counts"]["objects"].items()} == {
        "cytoplasm": 270,
        "nucleus": 270,
    }
    made, archive = read_coco(tmp_path / "x.json"), ImageArchive(tmp_path / "x.zip")
    for image, old, new in zip(images, source.images, made.images, strict=True):
        np.testing.assert_array_equal(archive.read(made.images[new].file_name)[..., 0], image)
        pairs = [
            sorted((int(c), m["counts"]) for c, m in zip(i.categories, i.masks, strict=True))
            for i in (source.instances(old), made.instances(new))
        ]
        assert pairs[0] == pairs[1]
    write_v73(root / "trainset.mat", trainset=cell([image.T for image in images]))
    with pytest.raises(ValueError, match="probably transposed against each other"):
        run(root, tmp_path / "no", parts=["train"])
