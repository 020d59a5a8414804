"""The scores of a run are those of its study's tables, or the settings that differ are named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from gains.cli.main import main
from gains.config.file import load_config
from gains.datasets.coco import CocoDataset
from gains.support.files import read_json, write_json
from helpers.score_scenes import dataset, four_detections, write_files

RUN = "results/s/runs/toy/mask_rcnn/default/seed0/fold0"
STUDY = {
    "title": "t",
    "clean_score_threshold": 0.75,
    "datasets": {"toy": {"source": "synthetic-cells", "max_detections": 1}},
    "tables": {"t": {"title": "t", "rows": [{"method": "mask_rcnn"}]}},
}


def four_images() -> CocoDataset:
    """Return two images of the test part, one of the training and one of the validation."""
    return dataset(
        [
            [(0, 20, 20, 12), (1, 20, 20, 4)],
            [(0, 15, 15, 8), (1, 40, 40, 5)],
            [(0, 9, 9, 5)],
            [(1, 9, 9, 5)],
        ]
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder with a study of which one run is predicted, and go there."""
    monkeypatch.chdir(tmp_path)
    load_config.cache_clear()
    Path("config.yaml").write_text(yaml.safe_dump({"study": "s", "studies": {"s": STUDY}}))
    truth, predictions = write_files(tmp_path, four_images(), four_detections())
    for place in ("data/s/coco", "data/s/splits", RUN):
        Path(place).mkdir(parents=True)
    shutil.move(truth, "data/s/coco/toy.json")
    shutil.move(predictions, f"{RUN}/test.predictions.json")
    found = read_json(f"{RUN}/test.predictions.json")
    write_json(Path(RUN, "test.predictions.json.gz"), found)
    parts = {"train": ["3.png"], "val": ["4.png"], "test": ["1.png", "2.png"], "unlabelled": []}
    split = {"dataset": "toy", "generator": {"seed": 0}, "folds": [parts]}
    write_json(Path("data/s/splits/toy.json"), split)
    yield tmp_path
    load_config.cache_clear()


def gains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[str, str]:
    """Run a verb that succeeds; return what it printed and what it logged."""
    monkeypatch.setattr("sys.argv", ["gains", *arguments])
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    return capsys.readouterr()


FILES = ("--ground-truth", "data/s/coco/toy.json", "--split", "data/s/splits/toy.json")
PREDICTIONS = ("--predictions", f"{RUN}/test.predictions.json.gz")


@pytest.mark.parametrize(
    "command", [("--dataset", "toy", "--method", "mask_rcnn"), (*FILES, *PREDICTIONS)]
)
def test_a_run_of_a_study_has_the_numbers_of_its_table(
    command: tuple[str, ...],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    scores = f"{RUN}/test.scores.json"
    printed, _ = gains(monkeypatch, capsys, "score", *command, "--out", scores)
    assert "max_detections 1 and clean_score_threshold 0.75: as in the tables of the study 's'" in (
        caplog.text
    )
    gains(monkeypatch, capsys, "table", "t", "--out", "t.csv")
    (row,) = pd.read_csv("t.csv").query("subset == 'average'").to_dict("records")
    header, clean, published, *_ = (line.split("\t") for line in printed.splitlines())
    for mode, line in {"clean": clean, "as_published": published}.items():
        shown = dict(zip(header, line, strict=True))
        assert shown["mode"] == mode
        for name in header[2:]:
            value = row.get(f"{name}_{mode}", row.get(name))
            assert shown[name] == f"{value:.2f}", name


@pytest.mark.parametrize(
    ("command", "other"),
    [
        (("--clean-score-threshold", "0.6"), "clean_score_threshold 0.75 instead"),
        (("--max-detections", "5"), "max_detections 1 instead"),
        (("--ground-truth", "other.json"), "the ground truth data/s/coco/toy.json instead"),
    ],
)
def test_what_differs_from_the_table_is_named(
    command: tuple[str, ...],
    other: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    shutil.copy("data/s/coco/toy.json", "other.json")
    gains(monkeypatch, capsys, "score", "--dataset", "toy", "--method", "mask_rcnn", *command)
    assert f"the tables of the study 's' have {other}, so their numbers can differ" in caplog.text


def test_predictions_of_no_study_say_so_and_keep_all_detections_that_were_made(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    shutil.copy(f"{RUN}/test.predictions.json", "mine.json")
    listed: list[dict[str, object]] = [
        {"id": k, "file_name": f"{k}.png", "height": 60, "width": 60} for k in (1, 2)
    ]
    info = {"prediction": {"max_detections": 300}}
    Path("mine.images.json").write_text(json.dumps({"info": info, "images": listed}))
    gains(monkeypatch, capsys, "score", *FILES, "--predictions", "mine.json", "--out", "a.json")
    assert read_json("a.json")["settings"] == {"max_detections": 300, "clean_score_threshold": 0}
    assert "so their numbers can differ: name it with --study and --dataset" in caplog.text
    listed[0]["tiles"] = {"rows": 2, "columns": 3}  # the limit holds for each tile
    Path("mine.images.json").write_text(json.dumps({"info": info, "images": listed}))
    gains(monkeypatch, capsys, "score", *FILES, "--predictions", "mine.json", "--out", "a.json")
    assert read_json("a.json")["settings"]["max_detections"] == 1800
    gains(
        monkeypatch, capsys, *("score", "--dataset", "toy", "--predictions", "mine.json"),
        *("--out", "b.json"),
    )  # fmt: skip
    assert read_json("b.json")["settings"] == {"max_detections": 1, "clean_score_threshold": 0.75}


def test_exports_and_pictures_show_the_objects_that_the_study_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ("--dataset", "toy", "--method", "mask_rcnn")
    _, said = gains(monkeypatch, capsys, "export", *run, "--to", "csv", "--out", "x")
    scores = [entry["score"] for entry in read_json(f"{RUN}/test.predictions.json")]
    kept = sum(s >= 0.75 for s in scores)
    assert 0 < kept < sum(s >= 0.5 for s in scores) < len(scores)
    assert f"{kept} of {len(scores)} detections" in said
    assert "have a score of at least 0.75" in said
