"""Verbs about settings, and the written reference of the config file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gains.cli.main import app
from gains.study.config_reference import reference
from gains.workflow.copies import copy_files
from helpers.paths import ROOT

CONFIG = str(ROOT / "config.yaml")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_reference_is_in_step_with_the_models() -> None:
    written = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    assert written == reference(), "run: gains config reference --out docs/config.md"


def test_show_merges_all_layers() -> None:
    run_of = ("config", "show", "--config", CONFIG, "--dataset", "synthetic-cells")
    shown = yaml.safe_load(run(*run_of, "--method", "gains", "--variant", "w7"))
    assert shown["maps"]["window_size"] == 7  # the variant's
    assert shown["maps"]["program"] == "isbi"  # the data set's
    assert shown["recipe"]["device"] == "cpu"  # the study's
    assert shown["method"]["mask_weight"] == 0.75  # the method's default
    assert shown["trained_as"] == "w7"


def test_show_names_the_run_that_is_trained_in_its_place(tmp_path: Path) -> None:
    content = yaml.safe_load(Path(CONFIG).read_text())
    content["studies"]["demo"]["variants"]["gains"]["w5"] = {"maps": {"window_size": 5}}
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(content))
    run_of = ("config", "show", "--config", str(own), "--dataset", "synthetic-cells")
    shown = yaml.safe_load(run(*run_of, "--method", "gains", "--variant", "w5"))
    assert (shown["variant"], shown["trained_as"]) == ("w5", "default")


def test_show_whole_study() -> None:
    shown = yaml.safe_load(run("config", "show", "--config", CONFIG, "--study", "demo"))
    assert len(shown["runs"]) == 47
    assert shown["settings"]["seeds"] == [0]


def test_show_half_a_run_is_an_error() -> None:
    with pytest.raises(ValueError, match="both --dataset and --method"):
        run("config", "show", "--config", CONFIG, "--dataset", "synthetic-cells")


def test_copy_files_copies_pairs(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    pairs = [(tmp_path / n, tmp_path / "out" / n) for n in "ab"]
    copy_files("demo", pairs)
    assert [path.read_text() for _, path in pairs] == ["1", "2"]


def test_copy_files_refuses_a_table_of_another_study(tmp_path: Path) -> None:
    table, plain = tmp_path / "t.csv", tmp_path / "audit.csv"
    table.write_text("study,row\ntiny,a\ntiny,b\n")
    plain.write_text("dataset,images\ncells,3\n")
    pairs = [(plain, tmp_path / "out" / "audit.csv"), (table, tmp_path / "out" / "t.csv")]
    with pytest.raises(ValueError, match="table of study 'tiny', not of 'wrong'"):
        copy_files("wrong", pairs)
    assert not (tmp_path / "out").exists(), "nothing is copied by halves"
    copy_files("tiny", pairs)
    assert (tmp_path / "out" / "t.csv").read_text() == table.read_text()


def test_copy_files_refuses_nothing_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found none"):
        copy_files("demo", [])
    (tmp_path / "a").touch()
    with pytest.raises(ValueError, match="is empty"):
        copy_files("demo", [(tmp_path / "a", tmp_path / "b")])
    with pytest.raises(FileNotFoundError, match="snakemake"):
        copy_files("demo", [(tmp_path / "c", tmp_path / "b")])
    assert not (tmp_path / "b").exists()
    with pytest.raises(ValueError, match="pairs"):
        run("copy", "--study", "demo", str(tmp_path / "a"))


def test_a_description_starts_with_the_thing_it_names() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    texts = [line.rstrip("| ").rsplit(" | ", 1)[-1] for line in rows]
    assert len(texts) > 100
    for text in texts:
        assert not text.startswith(("of ", "the same", "absent", "default:", "see ", "per ")), text
