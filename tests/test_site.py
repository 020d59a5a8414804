"""The docs site: what its strict build does not check."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe
import pytest
import yaml

from helpers.paths import ROOT

DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def pages(entries: list[Any]) -> Iterator[str]:
    """Yield the pages of a navigation tree."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            yield from pages(next(iter(entry.values())))


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = list(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    files = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert sorted(navigation) == sorted(files)


def test_links_and_pictures_lead_to_files_of_the_site() -> None:
    for page in DOCS.rglob("*.md"):
        for target in LINK.findall(page.read_text()):
            if "://" in target:
                continue
            path = (page.parent / target).resolve()
            assert path.is_file(), f"{page.name}: {target} does not exist"
            assert path.is_relative_to(DOCS), f"{page.name}: {target} is outside of docs"


def test_every_room_has_an_api_page() -> None:
    package = ROOT / "src" / "gains"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    shown = {
        name
        for page in (DOCS / "api").glob("*.md")
        for name in re.findall(r"^::: gains\.(\w+)$", page.read_text(), re.MULTILINE)
    }
    assert shown == rooms | {"instances"}


def test_api_pages_are_reachable_from_their_index() -> None:
    listed = set(LINK.findall((DOCS / "api" / "index.md").read_text()))
    pages_of_rooms = {Path(path).name for path in (DOCS / "api").glob("*.md")} - {"index.md"}
    assert listed == pages_of_rooms


OWN_MESSAGES = [
    "expected Python 3.11 or newer, found ",
    "; name one: make PYTHON=python3.11",
    ": unknown key ",
    " is now called ",
    "; rename it",
    "another process trains this run (",
    "): waiting for it to end",
    "the disk is full; make room and run it again",
    ": there is no such file. Run `gains fetch ",
    "Kaggle requires an account: make a token at https://www.kaggle.com/settings (Create New Token), put"
    " the kaggle.json into ~/.kaggle/ or set KAGGLE_USERNAME and KAGGLE_KEY, and try again",
    " is missing",
    ", and none of its addresses gave it:",
]


def test_messages_that_troubleshooting_quotes_are_those_of_the_program() -> None:
    page = " ".join((DOCS / "troubleshooting.md").read_text().split())
    sources = [(ROOT / "Makefile").read_text()]
    sources += [path.read_text() for path in (ROOT / "src").rglob("*.py")]
    # string literals that Python joins
    program = re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources))
    for message in OWN_MESSAGES:
        assert message in page, f"not in troubleshooting.md: {message}"
        assert message in program, f"not in the program any more: {message}"


def parse_docstrings(thing: griffe.Object | griffe.Alias) -> None:
    """Parse the docstrings of a module and of all that it defines; griffe logs what is wrong."""
    if thing.is_alias:
        return
    if thing.docstring:
        _ = thing.docstring.parsed
    for member in thing.members.values():
        parse_docstrings(member)


def test_docstrings_describe_the_arguments_that_there_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    google = griffe.Parser.google
    package = griffe.load("gains", search_paths=[ROOT / "src"], docstring_parser=google)
    with caplog.at_level(logging.WARNING, logger="griffe"):
        parse_docstrings(package)
    assert caplog.messages == []


def test_rooms_import_only_rooms_above_them_in_the_api_index() -> None:
    index = (DOCS / "api" / "index.md").read_text()
    order = re.findall(r"^\| \[`gains\.(\w+)`\]", index, re.MULTILINE)
    package = ROOT / "src" / "gains"
    for path in package.rglob("*.py"):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if room not in order:
            continue
        pattern = r"^\s*(?:from|import) gains(?:\.| import )(\w+)"
        imported = set(re.findall(pattern, path.read_text(), re.MULTILINE))
        below = imported & set(order[order.index(room) + 1 :])
        assert not below, f"{path}: imports {below}"
