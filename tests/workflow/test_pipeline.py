"""Pipelines that `gains record` writes for DVC, without running them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.file import load_config, with_studies_of
from gains.study.opening import from_config, open_study, resolve
from gains.workflow.pipeline import pipeline, write_pipeline
from helpers.paths import ROOT

PUBLIC = {
    "title": "two published data sets, no maps, no figure",
    "datasets": {"ucoc": {}, "isbi2014": {"split": {"file": "data/splits/isbi2014.json"}}},
    "tables": {"others": {"title": "t", "rows": [{"method": "mask_rcnn"}]}},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the studies of the project, and one with published data in a file of its own."""
    monkeypatch.chdir(tmp_path)
    load_config.cache_clear()  # other tests read a file of this name in another folder
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    shutil.copy2(ROOT / "config.yaml", tmp_path)
    shutil.copytree(ROOT / "data/splits", tmp_path / "data/splits")
    tmp_path.joinpath("studies/v1.2_x.yaml").write_text(
        yaml.safe_dump({"studies": {"v1.2_x": PUBLIC}})
    )
    yield tmp_path
    load_config.cache_clear()


def outputs(stage: dict[str, Any]) -> list[str]:
    for out in stage["outs"]:
        assert list(out.values()) == [{"persist": True}]
    return [name for out in stage["outs"] for name in out]


def test_the_pipeline_of_the_demo_is_what_the_verb_writes(project: Path) -> None:
    assert write_pipeline(open_study("config.yaml", "demo")).splitlines()[1:] == [
        "  dvc repro",
        "  git add dvc.yaml dvc.lock",
    ]
    written = project.joinpath("dvc.yaml").read_bytes()
    assert written == (ROOT / "dvc.yaml").read_bytes(), "run `gains record demo`"


def test_only_what_a_study_makes_is_recorded(project: Path) -> None:
    done = CliRunner().invoke(app, ["record", "v1.2_x"])
    assert done.exit_code == 0
    assert "the images of isbi2014, ucoc, in data/v1.2_x/coco" in done.output
    file = project / "workflow/dvc/v1.2_x/dvc.yaml"
    before, content = file.read_bytes(), yaml.safe_load(file.read_text())
    data, runs, tables = (content["stages"][name] for name in ("data", "runs", "tables"))
    assert outputs(data) == ["data/v1.2_x/coco", "data/v1.2_x/splits"]
    assert data["deps"][-2:] == ["data/sources.csv", "data/splits/isbi2014.json"]
    assert data["params"] == [{"studies/v1.2_x.yaml": ["studies"]}]
    assert runs["deps"][-2:] == outputs(data)
    assert outputs(tables) == [
        f"results/v1.2_x/{name}" for name in ("audit", "tables", "report.html", "provenance.json")
    ]
    assert tables["cmd"].endswith(" --config study=v1.2_x -- all_tables")
    assert tables["wdir"] == "../../.."
    assert content["plots"] == []
    CliRunner().invoke(app, ["record", "v1.2_x"])
    assert file.read_bytes() == before


def test_own_files_are_no_part_of_a_record(project: Path) -> None:
    said = write_pipeline(open_study("config.yaml", "real-images"))
    assert "the images of cervical-cells, chromosomes, he-nuclei, in data/real-images" in said
    text = project.joinpath("workflow/dvc/real-images/dvc.yaml").read_text()
    assert "data/raw" not in text
    assert "data/sources.csv" not in text


def test_a_study_of_the_config_file_depends_on_its_own_block() -> None:
    config = load_config(ROOT / "config.yaml")
    paper = pipeline(open_study(ROOT / "config.yaml", "paper"))
    assert paper["stages"]["data"]["params"] == [{"config.yaml": ["studies.paper"]}]
    dotted = config.model_copy(update={"studies": {"my.demo": config.studies["demo"]}})
    stages = pipeline(from_config(dotted, "my.demo"))["stages"]
    assert stages["runs"]["params"] == [{"config.yaml": ["studies"]}]


def test_a_label_of_the_config_file_is_part_of_the_commands() -> None:
    content = with_studies_of({"study": "demo", "label": "long"}, ROOT / "config.yaml")
    stages = pipeline(resolve(content, ROOT / "config.yaml"))["stages"]
    assert "--config study=demo label=long --" in stages["data"]["cmd"]
    assert outputs(stages["runs"]) == ["results/demo+long/runs"]


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("", "no study ''"),
        ("firsts", "did you mean 'first'?"),
        ("demo+long", "is a study with a label, whose settings"),
    ],
)
def test_a_study_that_cannot_be_recorded_is_named(project: Path, study: str, message: str) -> None:
    done = CliRunner().invoke(app, ["record", study])
    assert message in str(done.exception)
    assert not project.joinpath("workflow").exists()
