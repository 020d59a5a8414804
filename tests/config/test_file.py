"""The config file, and the files of studies beside it, which are read as parts of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gains.config.file import load_config, named_by_files, with_studies_of
from gains.study.opening import config_of, not_in_force, open_study, resolve
from helpers.paths import ROOT

BLOCK: dict[str, Any] = {
    "title": "t",
    "datasets": {"cells": {"source": "synthetic-cells"}},
    "tables": {"table3": {"title": "t", "rows": [{"method": "mask_rcnn"}]}},
}


def write(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a config file with the study ``first``, beside which ``second`` has its own file."""
    write(tmp_path / "studies" / "second.yaml", {"studies": {"second": {**BLOCK, "title": "2"}}})
    return write(tmp_path / "config.yaml", {"study": "first", "studies": {"first": BLOCK}})


def test_a_study_in_a_file_of_its_own_is_read_like_the_others(config: Path) -> None:
    assert list(load_config(config).studies) == ["first", "second"]
    assert open_study(config, "second").settings.title == "2"
    assert open_study(config).name == "first"


def test_snakemake_reads_the_same_studies(config: Path) -> None:
    content = {"study": "second", "studies": {"first": BLOCK}}
    assert resolve(content, config).settings == load_config(config).studies["second"]
    changed = {**content, "studies": {"second": {"title": "3"}}}
    assert with_studies_of(changed, config)["studies"]["second"] == {**BLOCK, "title": "3"}
    with pytest.raises(ValueError, match="'second' was overridden"):
        resolve(changed, config)
    assert resolve({**changed, "label": "mine"}, config).settings.title == "3"


def test_the_only_study_of_a_file_is_in_force(config: Path) -> None:
    assert load_config(config.parent / "studies" / "second.yaml").study == "second"


def test_the_study_that_a_file_names_is_in_force_though_it_holds_only_another(config: Path) -> None:
    write(config, {"study": "second", "studies": {"first": BLOCK}})
    assert load_config(config).study == "second"


def test_one_name_in_two_files_is_refused(config: Path) -> None:
    write(config.parent / "studies" / "first.yaml", {"studies": {"first": BLOCK}})
    with pytest.raises(ValueError, match=r"'first' stands in .*config\.yaml and in .*first\.yaml"):
        load_config(config, "first")


@pytest.mark.parametrize("names", [["third"], ["second", "third"], []])
def test_a_file_holds_the_study_of_its_name(config: Path, names: list[str]) -> None:
    path = write(
        config.parent / "studies" / "second.yaml", {"studies": dict.fromkeys(names, BLOCK)}
    )
    with pytest.raises(ValueError, match=f"{path}: expected one study.* 'second'"):
        load_config(config, "second")


def test_a_file_with_another_ending_is_refused(config: Path) -> None:
    path = write(config.parent / "studies" / "third.yml", {"studies": {"third": BLOCK}})
    with pytest.raises(ValueError, match=f"{path}: expected a name ending in .yaml"):
        load_config(config, "third")


def test_hidden_files_are_ignored(config: Path) -> None:
    (config.parent / "studies" / ".#second.yaml").symlink_to("nowhere")
    assert list(load_config(config).studies) == ["first", "second"]


def test_an_error_in_a_study_names_its_file(config: Path) -> None:
    block = {**BLOCK, "sedes": [0]}
    path = write(config.parent / "studies" / "second.yaml", {"studies": {"second": block}})
    with pytest.raises(ValueError, match=f"{path}.*did you mean 'seeds'"):
        load_config(config, "second")


def test_a_file_without_studies_is_refused(config: Path) -> None:
    path = write(config.parent / "studies" / "second.yaml", {"second": BLOCK})
    with pytest.raises(ValueError, match=f"{path}: expected a mapping under 'studies'"):
        load_config(config, "second")


def test_a_broken_file_stops_only_its_own_study(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = write(config.parent / "studies" / "third.yaml", {"studies": {"third": {"sedes": 1}}})
    assert list(load_config(config).studies) == ["first", "second"]
    content = {"study": "second", "studies": {"first": BLOCK}}
    assert list(with_studies_of(content, config)["studies"]) == ["first", "second"]
    (warning,) = caplog.messages
    assert warning.startswith(f"The study 'third' is left out: {broken}")
    for changed in ({"study": "third"}, {"study": "first", "studies": {"third": {"seeds": [1]}}}):
        with pytest.raises(ValueError, match=r"third\.yaml.*did you mean 'seeds'"):
            with_studies_of(changed, config)


def test_given_files_put_their_only_study_in_force(config: Path, tmp_path: Path) -> None:
    """The last file decides; one that names its study, or holds several, is taken by its word."""
    alone = write(tmp_path / "alone.yaml", {"studies": {"mine": BLOCK}})
    two = write(tmp_path / "two.yaml", {"studies": {"a": BLOCK, "b": BLOCK}})
    label = write(tmp_path / "label.yaml", {"label": "x"})
    assert named_by_files([]) is None
    assert named_by_files([alone]) == named_by_files([config, alone, two, label]) == "mine"
    assert named_by_files([alone, config]) == "first"
    content = {"study": "first", "studies": {"first": BLOCK, "mine": BLOCK}}
    assert config_of(content, config, [alone]).study == "mine"
    assert not_in_force([alone], "mine") == []
    (sentence,) = not_in_force([alone], "first")
    assert "defines the study 'mine', but the study in force is 'first'" in sentence


def test_batches_of_eight_change_the_recipe_of_the_paper_alone() -> None:
    studies = load_config(ROOT / "config.yaml").studies
    paper, other = studies["paper"], studies["paper-batch8"]
    # the published recipe of two methods is a fixed one, also of batch and rate
    variants = {m: v for m, v in paper.variants.items() if "published-recipe" not in v}
    tables = {n: t for n, t in paper.tables.items() if n != "table3_published_recipe"}
    same = {"title": other.title, "recipe": other.recipe, "methods": other.methods}
    same |= {"variants": variants, "tables": tables}
    assert paper.model_copy(update=same) == other
