"""The verb `gains score`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gains.support.files import read_json, write_json
from helpers.score_scenes import four_detections, three_images, write_files


def gains(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gains", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_part_of_a_split_is_scored(tmp_path: Path) -> None:
    truth, predictions = write_files(tmp_path, three_images(), four_detections())
    split = tmp_path / "split.json"
    parts = {"train": ["1.png"], "val": ["3.png"], "test": ["2.png"], "unlabelled": []}
    write_json(split, {"dataset": "toy", "generator": {"seed": 0}, "folds": [parts]})
    kept = [p for p in read_json(predictions) if p["image_id"] == 2]
    subset, out = tmp_path / "subset.json", tmp_path / "scores.json"
    write_json(subset, kept)
    options = ["--ground-truth", truth, "--split", split, "--part", "test", "--out", out]
    done = gains("score", *options, "--predictions", subset, "--clean-score-threshold", "0.5")
    assert done.returncode == 0, done.stderr
    result = read_json(out)
    assert result["counts"] == {"images": 1, "ground_truths": 2, "detections": 2}
    assert result["clean"]["per_class"]["0"]["F1"] == pytest.approx(2 / 3)
    assert result["inputs"]["predictions"]["file"] == "subset.json"
    out.unlink()
    failed = gains("score", *options, "--predictions", predictions)
    assert failed.returncode != 0
    assert "prediction 0: image 1 is not among the 1 images" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not out.exists()


def test_scoring_needs_no_torch() -> None:
    code = "import sys, gains.scoring.score, gains.cli.score; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("option", [("--part", "val"), ("--fold", "1")])
def test_a_part_or_fold_needs_a_split(option: tuple[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gains", "score", "--ground-truth", "x.json", "--predictions"]
        + ["y.json", *option, "--out", "z.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--split" in done.stderr
