"""A method in a package of its own: the example of docs/extensions, installed and used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.file import check
from gains.methods import METHODS
from gains.study.config_reference import reference
from gains.study.opening import from_config
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.files import read_json
from gains.training.train import train
from gains.workflow import code_hash as codehash
from helpers.paths import ROOT
from helpers.tiny import DETECTOR, RECIPE, Tiny, job_of

EXAMPLE = ROOT / "docs/extensions/dice-rcnn"


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "dice_rcnn"]:
        del sys.modules[name]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the example as pip does, into a folder of its own, and return that folder."""
    place = tmp_path / "site"
    shutil.copytree(EXAMPLE / "src/dice_rcnn", place / "dice_rcnn")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    metadata = place / "dice_rcnn-0.1.dist-info"
    metadata.mkdir()
    header = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(header)
    points = project["entry-points"]["gains.methods"]
    lines = [f"{name} = {value}" for name, value in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[gains.methods]", *lines]))
    forget()
    monkeypatch.syspath_prepend(place)
    yield place
    forget()


def study_with(key: str) -> Study:
    block = {
        "title": "t",
        "datasets": {"tiny": {"source": "synthetic-cells"}},
        "detector": {**DETECTOR, key: 0.25},
        "recipe": {**RECIPE, "iterations": 2},
        "tables": {"t": {"title": "t", "rows": [{"method": "dice_rcnn"}]}},
    }
    return from_config(check({"study": "s", "studies": {"s": block}}, "test"))


def test_it_is_listed_trained_and_scored_like_any_other(
    installed: Path, tiny: Tiny, tmp_path: Path
) -> None:
    listed = CliRunner().invoke(app, ["methods"]).output.splitlines()
    (line,) = [line for line in listed if line.startswith("dice_rcnn\t")]
    assert line.split("\t")[1:] == [
        "Dice R-CNN (dice-rcnn 0.1)", "An example of GAInS-bench", "default, strong"
    ]  # fmt: skip
    study = study_with("dice_weight")
    settings = study.run_settings(Run("tiny", "dice_rcnn", "default", 0))
    assert settings.to_json()["method"]["dice_weight"] == 0.25
    train(job_of(tiny, tmp_path / "run", settings))
    assert "loss_dice" in (tmp_path / "run/losses.csv").read_text()
    assert read_json(tmp_path / "run/run.json")["settings"]["method"]["name"] == "dice_rcnn"


def test_its_code_decides_what_runs_again(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digest() -> str:
        sources = codehash.Sources(ROOT / "src", "gains", codehash.LEFT_OUT)
        return sources.hash("gains.training.train", *METHODS.get("dice_rcnn").modules)

    modules = codehash.closure("gains.training.train", *METHODS.get("dice_rcnn").modules)
    assert {"dice_rcnn", "dice_rcnn.model", "gains.detection.mask_head"} <= set(modules)
    before, file = digest(), installed / "dice_rcnn/model.py"
    file.write_text(file.read_text() + "\n# a comment\n")
    assert digest() == before
    file.write_text(file.read_text().replace("+ 1)", "+ 2)"))
    assert digest() != before
    # nothing else depends on it
    assert "dice_rcnn" not in codehash.closure("gains.training.train", "gains.methods.mask_rcnn")


def test_its_tests_are_one_import(installed: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "tests/test_dice_rcnn.py", tmp_path)
    path = os.pathsep.join([str(installed), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_dice_rcnn.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15 passed" in done.stdout


def test_a_broken_package_ends_no_verb(installed: Path) -> None:
    (installed / "dice_rcnn/__init__.py").write_text("import no_such_module\n")
    listed = CliRunner().invoke(app, ["methods"]).output
    assert "dice_rcnn\tcannot be used\tmethod 'dice_rcnn' of the package dice-rcnn 0.1" in listed
    assert "mask_rcnn\tMask R-CNN" in listed
    with pytest.raises(
        ValueError, match=r"dice-rcnn 0\.1 cannot be imported from .*no_such_module"
    ):
        study_with("dice_weight")


def test_the_reference_of_keys_lists_only_own_methods(installed: Path) -> None:
    assert "dice" in METHODS.get("dice_rcnn").name
    assert reference() == (ROOT / "docs/config.md").read_text()
