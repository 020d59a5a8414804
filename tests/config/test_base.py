"""Settings blocks are merged, and paths in them are this machine's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.base import (
    OFF_BY_DEFAULT,
    Settings,
    merge,
    path_fields,
    plain,
    switched_on,
    validated,
)
from gains.config.data import SplitSettings
from gains.config.recipe import RecipeSettings
from gains.config.tables import TableSettings
from gains.datasets.catalogue import DATASETS
from gains.datasets.convert import check_options
from gains.methods import METHODS
from gains.support.names import portable


def test_mappings_are_merged_and_lists_are_replaced() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": [1, 2]}, {"a": {"c": 3}, "d": [4]}) == {
        "a": {"b": 1, "c": 3},
        "d": [4],
    }


class Machine(Settings):
    """Settings of which some are off by default."""

    speed: int = 1
    alarm: Annotated[int | None, OFF_BY_DEFAULT] = None
    steps: Annotated[tuple[int, ...], OFF_BY_DEFAULT] = ()


def test_what_is_switched_off_is_left_out_of_records() -> None:
    assert switched_on(Machine()) == {"speed": 1}
    assert switched_on(Machine(alarm=0, steps=(1, 2))) == {"speed": 1, "alarm": 0, "steps": [1, 2]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_tilde_is_the_home_folder(home: Path) -> None:
    own = check_options("folder", {"images": "~/a b", "labels": "~root/{x}.json"})
    assert own.model_dump()["images"] == f"{home}/a b"
    assert own.model_dump()["labels"] == f"{Path('~root').expanduser()}/{{x}}.json"
    assert SplitSettings(file="~/lists.json").file == f"{home}/lists.json"
    backbone = METHODS.get("gains").settings.model_validate({"backbone": {"weights": "~/w.pth"}})
    assert backbone.model_dump()["backbone"]["weights"] == f"{home}/w.pth"
    for name in DATASETS.names():
        if "root" in DATASETS.get(name).settings.model_fields:
            assert check_options(name, {"root": "~/r"}).model_dump()["root"] == f"{home}/r"
            assert "root" in path_fields(DATASETS.get(name).settings)


def test_a_tilde_in_an_option_of_a_verb(home: Path) -> None:
    done = CliRunner().invoke(app, ["split", "--coco=~/none.json", f"--out={home}/s.json"])
    assert str(done.exception).startswith(f"{home}/none.json: no such file")


def test_records_name_no_other_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert portable(tmp_path / "w.pth") == portable("../w.pth") == "w.pth"
    assert portable(tmp_path / "here/data/w.pth") == portable("./data/w.pth") == "data/w.pth"
    assert portable("imagenet") == "imagenet"
    weights = {"backbone": {"weights": str(tmp_path / "w.pth")}}
    settings = METHODS.get("gains").settings.model_validate(weights)
    assert plain(settings, portable)["backbone"]["weights"] == "w.pth"


def test_a_missing_key_is_named_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"^tables\.t: the key 'title' is missing; add it$"):
        validated(TableSettings, {"rows": [{"method": "gains"}]}, "tables.t")
    table = {"title": "t", "rows": [{"method": "gains"}, {}]}
    with pytest.raises(ValueError, match=r"^tables\.t\.rows\.1: expected a method, or `published`"):
        validated(TableSettings, table, "tables.t")


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"train_sizes": 64}, r"r\.train_sizes: Input should be a list, found 64$"),
        ({"augmentations": None}, r"r\.augmentations: Input should be a list, found None$"),
        ({"augmentations": {"name": "crop"}}, r"Input should be a list, found a mapping$"),
        ({"iterations": {"a": 1}}, r"should be a valid integer, found a mapping$"),
        (
            {"augmentations": [{"name": "crop", "share": [0.5]}]},
            r"^r\.augmentations\.0\.crop\.share: value 2 of the list is missing, found \[0\.5\]",
        ),
        (
            {"augmentations": [{"name": "crop", "share": [0.1, 0.2, 0.3]}]},
            r"crop\.share: The list should have at most 2 items",
        ),
    ],
)
def test_what_is_no_list_of_the_right_length_is_named(recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validated(RecipeSettings, recipe, "r")
