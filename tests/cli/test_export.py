"""The verbs `gains export` and `gains predict --to`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gains.cli.export import TO
from gains.cli.main import app
from gains.export import FORMATS
from gains.prediction import predict, predictor
from helpers import exports
from helpers.paths import ROOT

SCORES = [0.5, 0.9, 0.8, 0.7, 0.49]


def gains(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_the_help_names_all_formats() -> None:
    assert set(TO.split(": ")[1].rstrip(".").split(", ")) == set(FORMATS.names())


def test_the_counts_of_each_image_and_class_are_printed(tmp_path: Path) -> None:
    path, out = exports.write(tmp_path, SCORES), tmp_path / "out"
    shown = gains("export", "--predictions", str(path), "--to", "csv,coco", "--out", str(out))
    assert shown.stdout.splitlines() == [
        "image\tcell\tnucleus/Kern\tall",
        "day 1/a.png\t3\t1\t4",
        "b.tif\t0\t0\t0",
    ]
    said = "4 of 5 detections in 2 images have a score of at least 0.5"
    assert shown.stderr.splitlines()[-1] == f"{out}: csv, coco; {said}"
    assert sorted(p.name for p in out.glob("[!.]*")) == ["coco", "csv"]


def test_label_images_say_where_they_need_layers(tmp_path: Path) -> None:
    """Two of the objects of the first image share pixels; the best two detections share none."""
    path = exports.write(tmp_path, SCORES)
    words = ["export", "--predictions", str(path), "--to", "labels", "--out", str(tmp_path / "out")]
    assert (
        "objects overlap in 1 of 2 images, whose files have up to 2 layers" in gains(*words).stderr
    )
    shown = gains(*words, "--score-threshold", "0.75")
    assert "labels: no objects overlap, so every label image has one layer" in shown.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name predictions: their file"),
        (["--predictions", "d.json", "--dataset", "d"], "name predictions: their file"),
        (["--predictions", "d.json", "--seed", "1"], "but --predictions names a file"),
        (["--predictions", "d.json", "--to", "jpg"], "unknown format 'jpg'"),
        (["--dataset", "synthetic-cells", "--method", "gains", "--seed", "987"],
         "seed987/.* has not made the predictions of this run yet, or has run in another"),
        (["--dataset", "synthetic-cells", "--method", "gains", "--variant", "no"], "no variant 'no'"),
    ],
)  # fmt: skip
def test_wrong_commands_are_refused(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    given = ["export", "--to", "csv", "--out", str(tmp_path / "o"), *words]
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        gains(*given)


@pytest.fixture
def predicted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words of a prediction whose model finds the objects of `helpers.exports`."""
    (tmp_path / "i/day 1").mkdir(parents=True)
    for name in ("b.tif", "day 1/a.png"):
        Image.new("RGB", exports.SIZE[::-1]).save(tmp_path / "i" / name)
    monkeypatch.setattr(predictor, "Predictor", lambda *_: None)
    monkeypatch.setattr(predict, "predict_images", lambda *_: exports.write(tmp_path, SCORES))
    out = str(tmp_path / "det.json.gz")
    return ["predict", "--model", "m.pt", "--images", str(tmp_path / "i"), "--out", out]


def test_predict_writes_formats_beside_the_predictions(
    predicted: list[str], tmp_path: Path
) -> None:
    gains(*predicted)
    assert not (tmp_path / "det.export").exists()
    shown = gains(*predicted, "--to", "overlay,labels")
    assert "4 of 5 detections in 2 images have a score of at least 0.5" in shown.stderr
    assert np.asarray(Image.open(tmp_path / "det.export/overlay/day 1/a.png")).any()
    shown = gains(*predicted, "--to", "labels", "--score-threshold", "0.75")
    assert "2 of 5 detections in 2 images have a score of at least 0.75" in shown.stderr


def test_predict_refuses_an_export_before_it_predicts(predicted: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'labels'"):
        gains(*predicted, "--to", "label")
    with pytest.raises(ValueError, match="lies in the folder of images"):
        gains(*predicted, "--to", "csv", "--out", str(tmp_path / "i/det.json"))
    assert not (tmp_path / "det.json.gz").exists()
