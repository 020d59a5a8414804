"""gains init: from images and labels in any format to a study file and a picture."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.file import load_config
from gains.datasets.findings import Findings
from gains.datasets.labels.recognise import read_labels
from gains.datasets.labels.settings import FolderSettings
from gains.masks.rle import decode_mask
from gains.study.opening import open_study
from gains.study.study import Study
from helpers.own_formats import (
    WRITERS,
    Picture,
    pictures,
    write_coco,
    write_images,
    write_labels,
    write_mask_files,
)


def init(images: Path, labels: Path, *options: str) -> str:
    given = ["init", str(images), "--labels", str(labels), *options]
    return CliRunner().invoke(app, given, catch_exceptions=False).stdout


def opened(file: str = "mine.yaml") -> Study:
    load_config.cache_clear()
    return open_study(file)


def write(folder: Path, found: list[Picture], format_: str) -> tuple[Path, Path]:
    """Write images and labels; return their places."""
    if format_ == "mask files":
        return (place := write_mask_files(folder / "both", found)), place
    images = write_images(folder / "images", found)
    if format_ == "COCO JSON":
        return images, write_coco(folder / "labels", found)
    return images, write_labels(folder / "labels", found, format_)


@pytest.mark.parametrize("format_", [*WRITERS, "COCO JSON", "mask files"])
def test_every_format_gives_a_study_that_is_valid(format_: str, unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), format_)
    lines = init(images, labels, "--category", "cell").splitlines()
    assert lines[0] == f"format: {format_}"
    assert lines[1].startswith("images: 6 (6 of 64x64 px")
    assert any(line.startswith("  cell: ") for line in lines)
    assert lines[-2] == "Look at mine.png: the outlines must fit the objects."
    assert lines[-1] == "Then run: gains run mine.yaml"
    study = opened()
    assert {run.method for run in study.runs()} == {"mask_rcnn", "gains"}
    options = study.dataset("mine").options
    assert options == {"images": str(images), "labels": str(labels), "category": "cell"}
    shown = CliRunner().invoke(app, ["config", "show", "--config", "mine.yaml"])
    assert shown.exit_code == 0
    assert study.figures == ["figure3", "predictions"]
    Path("config.yaml").write_text(Path("mine.yaml").read_text() + "study: mine\n")
    checked = CliRunner().invoke(app, ["check", "mine.yaml"], catch_exceptions=False)
    assert checked.stdout == "study mine: no problem was found\n"
    with Image.open("mine.png") as sheet:
        assert sheet.width > 6 * 200
    assert sorted(p.name for p in unmeasured.glob("mine*")) == ["mine.png", "mine.yaml"]
    assert not list(Path("scratch/mine").iterdir())


@pytest.mark.parametrize("format_", ["LabelMe", "YOLO", "GeoJSON"])
def test_outlines_of_other_programs_come_back(format_: str, tmp_path: Path) -> None:
    found = pictures(3)
    images, labels = write(tmp_path, found, format_)
    settings = FolderSettings(images=str(images), labels=str(labels))
    _, (sources, names) = read_labels(settings, Findings())
    for picture, source in zip(found, sources, strict=True):
        assert [names[number] for number in source.categories] == picture.classes
        for mask, rle in zip(picture.masks, source.masks, strict=True):
            back = decode_mask(rle)
            assert (mask & back).sum() / (mask | back).sum() >= 0.98
            assert mask.sum() >= 50


def test_values_follow_from_the_data_and_give_their_reasons(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(12), "GeoJSON")
    init(images, labels)
    text, study = Path("mine.yaml").read_text(), opened()
    block = study.dataset("mine")
    # classes are numbered by name; the cells overlap, and the nuclei do not
    assert block.maps.target_category == 1
    assert "100% of the objects of the class cell overlap another one of it" in text
    # a cell is 23 px wide, a fifteenth is 1.5 px, and a window has at least 3 px
    assert (block.maps.program, block.maps.window_size) == ("isbi", 3)
    assert "a median object is about 23 px wide" in text
    assert block.split.folds == 5
    assert "each image is tested once" in re.sub(r"\n *# ", " ", text)
    assert block.max_detections == 20
    recipe = study.run_settings(next(study.runs())).recipe
    # 64 px are enlarged to twice their size at most
    assert (recipe.train_sizes, recipe.test_size) == ((128,), 128)
    assert all(line.count("#") or ":" in line or "- {" in line for line in text.splitlines())
    assert "server" in text or "did not answer" in text
    assert "norm" in text


def test_label_images_are_said_to_hold_no_overlaps(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), "label images")
    lines = init(images, labels)
    assert "cannot hold" in lines or "lose" in lines


def test_an_edited_study_is_not_overwritten(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), "LabelMe")
    init(images, labels)
    init(images, labels)  # nobody edited the file
    file = Path("mine.yaml")
    file.write_text(file.read_text().replace("seeds: [0]", "seeds: [1]"))
    with pytest.raises(ValueError, match=r"mine.yaml: was edited .* --force"):
        init(images, labels)
    assert "seeds: [1]" in file.read_text()
    init(images, labels, "--force")
    assert "seeds: [0]" in file.read_text()


def test_nothing_is_written_on_an_error(unmeasured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = write(unmeasured, pictures(), "LabelMe")
    damaged = next(labels.iterdir())
    whole = damaged.read_text()
    damaged.write_text(whole[:-30])
    before = sorted(unmeasured.rglob("*"))
    with pytest.raises(ValueError, match=re.escape(damaged.name)):
        init(images, labels)
    damaged.write_text(whole)

    def fail(*_: object) -> None:
        raise ValueError("no memory")

    monkeypatch.setattr("gains.proposal.propose._cost", fail)
    weights = unmeasured / "own.npz"
    savez(weights, quantised())
    with pytest.raises(ValueError, match="no memory"):
        init(images, labels, "--weights", str(weights))
    after = {p for p in unmeasured.rglob("*") if "scratch" not in p.parts}
    assert after == {*before, weights}


def test_places_that_cannot_be_are_refused(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), "LabelMe")
    with pytest.raises(ValueError, match="expected the name of a study with the ending .yaml"):
        init(images, labels, "--out", "my cells.yaml")
    with pytest.raises(ValueError, match="lies in .*images, whose files are read"):
        init(images, labels, "--out", str(images / "mine.yaml"))


def test_a_name_or_picture_that_another_one_has_is_refused(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), "LabelMe")
    Path("studies").mkdir()
    Path("studies/first.yaml").write_text("studies: {}")
    for name in ("demo", "first"):
        with pytest.raises(ValueError, match=f"the project has a study '{name}' already"):
            init(images, labels, "--out", f"{name}.yaml")
    Path("mine.png").write_text("a picture of the person")
    with pytest.raises(ValueError, match=r"mine.png: the picture of the labels would overwrite"):
        init(images, labels)
    assert Path("mine.png").read_text() == "a picture of the person"
    init(images, labels, "--force")
    init(images, labels)
    init(images, labels, "--out", "studies/mine.yaml")
    init(images, labels, "--out", "studies/mine.yaml")


def test_any_name_of_a_folder_or_class_can_be_written(unmeasured: Path) -> None:
    found = [
        replace(p, classes=["a\u2028studies: {x: 1}\n\x07\x85# \"'", *p.classes[1:]])
        for p in pictures(3)
    ]
    folder = unmeasured / "im\u2028ages \"'\\ {y}: \x7f\x85é😀\n#"
    images, labels = write(folder, found, "COCO JSON")
    init(images, labels)
    options = opened().dataset("mine").options
    assert options == {"images": str(images), "labels": str(labels)}


def test_hours_without_end_are_refused(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), "LabelMe")
    for hours in ("inf", "nan", "1e9", "0"):
        given = ["init", str(images), "--labels", str(labels), "--hours", hours]
        assert CliRunner().invoke(app, given).exit_code == 2, hours


def quantised() -> dict[str, np.ndarray]:
    """Return a ResNet-18 with one quantised layer."""
    state = torchvision.models.resnet18().state_dict()
    arrays = {name: value.numpy() for name, value in state.items()}
    layer = arrays.pop("layer1.0.conv1.weight")
    codebook, codes = np.unique(layer.reshape(-1, 9).round(1), axis=0, return_inverse=True)
    name = "layer1.0.conv1.weight"
    codes = codes.reshape(64, 64).astype(np.int32)
    return arrays | {
        f"{name}.codebook": codebook.astype(np.float16),
        f"{name}.codes": codes,
        f"{name}.shape": np.array(layer.shape),
    }


def savez(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, values)


def test_quantised_weights_are_expanded_beside_the_study(unmeasured: Path) -> None:
    images, labels = write(unmeasured, pictures(), "LabelMe")
    arrays = quantised()
    savez(unmeasured / "small.npz", arrays)
    said = init(images, labels, "--weights", "small.npz")
    assert "The weights of small.npz, converted to mine.small.pt." in said
    settings = opened().run_settings(next(opened().runs())).to_json()["method"]["backbone"]
    assert (settings["name"], settings["weights"]) == (
        "resnet18",
        str(unmeasured / "mine.small.pt"),
    )
    state = torch.load("mine.small.pt", weights_only=True)["state"]
    torchvision.models.resnet18().load_state_dict(state)
    expected = arrays["layer1.0.conv1.weight.codebook"][arrays["layer1.0.conv1.weight.codes"]]
    assert np.array_equal(state["layer1.0.conv1.weight"].numpy().ravel(), expected.ravel())


def test_a_study_that_was_measured_here(clone: Path) -> None:
    images, labels = write(clone, pictures(6), "GeoJSON")
    said = init(images, labels, "--hours", "0.01")
    assert "This time is too short: a training sees each image only" in said
    study = opened()
    kept = json.loads(Path("scratch/mine/measured.json").read_text())["runs"]
    assert "mine/mask_rcnn/default" in kept
    assert study.settings.mem_mb > kept["mine/mask_rcnn/default"]["training"]["host_mb"]
