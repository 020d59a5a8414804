"""The verb ``gains plan``: its sentences, and its table for a terminal and for a pipe."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gains.cli.main import app
from gains.cli.plan import COLUMNS, cells, headline, outlook
from gains.study.plan import Measured, MethodPlan
from helpers.paths import ROOT
from helpers.terminal import printed_to_a_terminal

NEW = MethodPlan("gains", 0, 5, None, ())
ON_CPU = MethodPlan("gains", 1, 2, 3600.0, (Measured(10, 4, 900, None),))
ON_GPU = MethodPlan(
    "htc", 3, 5, 7200.0, tuple(Measured(s, 4, 900 + s, m) for s, m in ((10, 3300), (20, 2000)))
)
DONE = MethodPlan("pisa", 2, 2, 0.0, ON_GPU.measured)


def test_the_headline_counts_all_methods() -> None:
    assert headline("demo", [NEW, ON_GPU]) == "study demo: 3 of 10 trainings done"


def test_cells_without_a_measurement_are_empty() -> None:
    assert cells(NEW) == ("gains", "0", "5", "", "", "")
    assert cells(ON_CPU) == ("gains", "1", "2", "10", "900", "")
    assert cells(ON_GPU) == ("htc", "3", "5", "15", "920", "3300")
    assert len(cells(NEW)) == len(COLUMNS)


def test_the_outlook_adds_the_time_of_what_is_left() -> None:
    assert list(outlook([DONE], 80_000)) == []
    assert "finish one first" in list(outlook([NEW], None))[-1]
    assert list(outlook([ON_CPU, ON_GPU], None)) == [
        "The rest takes about 3.0 h, one training after the other at the same speed."
    ]


def test_the_outlook_on_a_gpu_says_how_many_trainings_fit() -> None:
    assert "none has run on a GPU yet" in list(outlook([ON_CPU], 80_000))[-1]
    assert "--resources gpu=20" in list(outlook([ON_GPU], 80_000))[-1]
    assert "largest training does not fit 3000 MB" in list(outlook([ON_GPU], 3000))[-1]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(ROOT / "config.yaml")


def test_a_pipe_gets_tabs(config: str) -> None:
    done = CliRunner().invoke(app, ["plan", "--config", config, "--study", "demo"])
    first, *rows, last = done.output.splitlines()
    assert first.startswith("study demo: 0 of ")
    assert "gains\t0\t" in "\n".join(rows)
    assert {row.count("\t") for row in rows} == {len(COLUMNS) - 1}
    assert "finish one first" in last


def test_absent_data_sets_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())
    options = {"images": "mine", "labels": "mine.json"}
    own = {"source": "folder", "optional": True, "options": options}
    content["studies"]["tiny"]["datasets"]["own"] = own
    Path("tiny.yaml").write_text(yaml.safe_dump(content))
    lines = CliRunner().invoke(app, ["plan", "--config", "tiny.yaml"]).output.splitlines()
    assert lines[0] == "study tiny: 0 of 4 trainings done"
    assert lines[-1] == (
        "Data set 'own' is not on this machine: mine.json does not exist. Its trainings are not "
        "counted."
    )


def test_a_terminal_gets_a_table(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("plan", "--config", config, "--study", "demo")
    shown = printed_to_a_terminal(monkeypatch, *arguments, width=80)
    for title in COLUMNS:
        assert title in shown
    assert "│ mask_rcnn " in shown
