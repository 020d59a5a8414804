"""The help texts: every verb is in a section, and every option has a description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gains import __version__
from gains.cli.app import RENAMED, SECTIONS
from gains.cli.main import app

ROOT_GROUP: Any = typer.main.get_command(app)


def leaves(group: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each verb below a group with the words that call it."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from leaves(command, *words, name)
        else:
            yield (*words, name), command


VERBS = dict(leaves(ROOT_GROUP))
PARAMETERS = [(words, p) for words, verb in VERBS.items() for p in verb.params if p.name != "help"]


def test_every_verb_is_in_one_section() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(ROOT_GROUP.commands)


def test_the_verbs_are_listed_as_the_data_flow() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    names = [name for names in SECTIONS.values() for name in names]
    places = [shown.index(f"\n  {name} ") for name in names]
    assert places == sorted(places)
    assert "Show the version and exit." in shown
    assert CliRunner().invoke(app, ["--version"]).output.strip() == __version__


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_a_verb_says_what_it_does_and_shows_an_example(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"]).output
    assert "Example" in shown or words[0] == "figure"
    assert VERBS[words].help[0].isupper()


@pytest.mark.parametrize(
    ("words", "parameter"),
    PARAMETERS,
    ids=[f"{' '.join(words)} {parameter.name}" for words, parameter in PARAMETERS],
)
def test_an_option_starts_with_the_thing_it_names(words: tuple[str, ...], parameter: Any) -> None:
    text = parameter.help or ""
    assert text[:1].isupper() or text.split(":")[0].islower() and text[:1].isalpha(), text
    assert not text.lower().startswith(("of ", "and ", "instead ", "default:")), text
    assert text.endswith("."), text


def test_an_earlier_name_of_a_verb_is_refused_with_the_present_one() -> None:
    for old, new in RENAMED.items():
        result = CliRunner().invoke(app, [old, "--study", "demo"])
        assert str(result.exception) == f"`gains {old}` is now called `gains {new}`"
        assert new in ROOT_GROUP.commands
