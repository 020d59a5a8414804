"""The verb `gains predict`: the thresholds that its options and the study give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.file import load_config
from gains.datasets.readers.images import Reading
from gains.prediction import predict, predictor
from gains.support.yaml_text import parse_yaml
from helpers.paths import ROOT


def test_an_option_comes_before_the_threshold_of_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Any, ...]] = []
    monkeypatch.setattr(predictor, "Predictor", lambda *given: made.append(given))
    monkeypatch.setattr(predict, "predict_images", lambda *given: made.append(given))
    monkeypatch.chdir(ROOT)
    words = ["predict", "--study", "demo", "--dataset", "synthetic-cells", "--method", "gains"]
    words += ["--images", "mine", "--out", "d.json"]
    CliRunner().invoke(app, words, catch_exceptions=False)
    (path, device, of_study), folder = made
    assert (str(path), device, folder[1:]) == (
        "results/demo/runs/synthetic-cells/gains/default/seed0/fold0/model.pt",
        None,
        ([Path("mine")], Path("d.json"), Reading(), "demo", "auto"),
    )
    assert of_study["score_threshold"] not in (None, 0.3)
    CliRunner().invoke(app, [*words, "--score-threshold", "0.3"], catch_exceptions=False)
    assert made[2][2] == {**of_study, "score_threshold": 0.3}
    options = ["--orientation", "apply", "--percentiles", "0.1", "99.9"]
    CliRunner().invoke(app, [*words, *options], catch_exceptions=False)
    assert made[5][3] == Reading(orientation="apply", percentiles=(0.1, 99.9))


def test_the_model_file_of_a_run_is_predicted_as_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr(predictor, "Predictor", lambda *given: made.append(given))
    monkeypatch.setattr(predict, "predict_images", lambda *given: made.append(given))
    monkeypatch.chdir(tmp_path)
    block = parse_yaml((ROOT / "studies/first.yaml").read_text(), "first.yaml")["studies"]["first"]
    block["detector"]["nms"] = 0.31
    block["datasets"]["synthetic-cells"]["max_detections"] = 17
    Path("config.yaml").write_text(json.dumps({"study": "first", "studies": {"first": block}}))
    load_config.cache_clear()
    folder = Path("results/first/runs/synthetic-cells/mask_rcnn")
    for run in ("default/seed0/fold0", "gone/seed0/fold0"):
        (folder / run).mkdir(parents=True)
    end = ["--images", "mine", "--out", "d.json", "--nms", "0.4"]
    for model in (folder / "default/seed0/fold0/model.pt", folder / "gone/seed0/fold0/model.pt"):
        words = ["predict", "--model", str(model), *end]
        CliRunner().invoke(app, words, catch_exceptions=False)
    run, images, other, other_images = made
    assert run[0] == folder / "default/seed0/fold0/model.pt"
    assert run[2] == {"score_threshold": 0.05, "nms": 0.4, "max_detections": 17}
    assert images[4] == "first"
    # the study has no such variant
    assert (other[2], other_images[4]) == ({"nms": 0.4}, None)
    load_config.cache_clear()


def test_a_run_reads_a_folder_as_its_data_set_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[Reading, str]] = []
    monkeypatch.setattr(predictor, "Predictor", lambda *given: None)
    monkeypatch.setattr(predict, "predict_images", lambda *given: read.append(given[3:5]))
    config = parse_yaml((ROOT / "studies" / "first.yaml").read_text(), "first.yaml")
    options = {"images": "i", "labels": "a", "orientation": "apply", "percentiles": [1, 99]}
    block = config["studies"]["first"]["datasets"]["synthetic-cells"]
    block.update(source="folder", options=options)
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    words = ["predict", "--config", str(tmp_path / "c.yaml"), "--study", "first"]
    words += [
        "--dataset",
        "synthetic-cells",
        "--method",
        "gains",
        "--images",
        "i",
        "--out",
        "d.json",
    ]
    CliRunner().invoke(app, words, catch_exceptions=False)
    CliRunner().invoke(app, [*words, "--orientation", "stored"], catch_exceptions=False)
    assert [(one.orientation, one.percentiles, study) for one, study in read] == [
        ("apply", (1, 99), "first"),
        ("stored", (1, 99), "first"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--coco", "a", "--split", "b", "--orientation", "apply"], "for own images: --images"),
        (["--images", "mine", "--orientation", "up"], "orientation: .*'stored' or 'apply'"),
        (["--images", "mine", "--percentiles", "9", "1"], "percentiles: .*smaller one"),
    ],
)
def test_wrong_options_of_reading_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(
            app, ["predict", "--model", "m", "--out", "o.json", *words], catch_exceptions=False
        )
