"""Files of results in Markdown pages, between two comments of the page.

    <!-- results: results/evidence/tables/table3.md -->
    the content of that file
    <!-- end of results -->

``<!-- results: FILE, table only -->`` takes only the tables of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gains.support.files import require_file, write_text

BEGIN = re.compile(r"<!-- results: (?P<file>[^,>]+\.md)(?P<only>, table only)? -->")
END = "<!-- end of results -->"
MARKER = re.compile(r"<!--\s*(results?|end of)\b", re.IGNORECASE)
"""How a comment begins that is meant as one of the two."""
DEEPEST = 6
"""Level of the smallest heading."""
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
"""A line with its end, as Markdown divides a text."""


@dataclass(frozen=True)
class Embedded:
    """A place of a page that shows a file.

    Attributes:
        page: the page.
        line: number of the line with the comment that names the file, from 1.
        file: the file.
        agrees: whether the page showed the content of the file before.
    """

    page: Path
    line: int
    file: Path
    agrees: bool


@dataclass(frozen=True)
class _Place:
    """The lines between two comments, from 0, and the level of the heading above them."""

    file: str
    only_tables: bool
    first: int
    end: int
    level: int


def embed_results(page: Path, check: bool = False) -> list[Embedded]:
    """Write the content of files into a page; what stands outside of its markers is not touched.

    The headings of a file become those of a part of the section that shows it.

    Args:
        page: Markdown file; paths in it begin in the present folder.
        check: whether the page is only compared with the files.

    Raises:
        FileNotFoundError: the page or a file does not exist.
        ValueError: a marker is unknown, or has no counterpart; the message names the line.
    """
    text = _text(page)
    lines = LINE.findall(text)
    found: list[Embedded] = []
    parts: list[str] = []
    done = 0
    for place in _places(page, text):
        shown = "".join(lines[place.first : place.end])
        wanted = f"\n{_content(page, place)}\n"
        parts += [*lines[done : place.first], wanted]
        done = place.end
        found.append(Embedded(page, place.first, Path(place.file), shown == wanted))
    if not found:
        raise ValueError(
            f"{page}: shows no results; put `<!-- results: FILE.md -->` and `{END}` where it should"
        )
    if not check and not all(place.agrees for place in found):
        write_text(page, "".join([*parts, *lines[done:]]))
    return found


def shown_files(page: Path) -> list[Path]:
    """Return the files that a page shows; errors as in :func:`embed_results`."""
    return [Path(place.file) for place in _places(page, _text(page))]


def _text(page: Path) -> str:
    try:
        return require_file(page).read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{page}: expected text in UTF-8: {error}; save it as UTF-8") from error


def _blocks(text: str) -> list[Token]:
    """Return the blocks of Markdown; what is inside a paragraph is not looked at."""
    return MarkdownIt().disable("inline").parse(text)


def _places(page: Path, text: str) -> Iterator[_Place]:
    """Yield the places of a page; code that shows a marker is none."""
    level, begun = 1, None
    for token in _blocks(text):
        level = int(token.tag[1]) if token.type == "heading_open" and begun is None else level
        if token.type != "html_block" or token.map is None or not MARKER.match(token.content):
            continue
        line, content = token.map[0] + 1, token.content.strip()
        begin = BEGIN.fullmatch(content)
        if begin is None and content != END:
            raise ValueError(
                f"{page}, line {line}: expected `<!-- results: FILE.md -->`, `<!-- results: "
                f"FILE.md, table only -->` or `{END}` on a line of its own, found {content[:80]!r}"
            )
        if (begin is None) == (begun is None):
            said = "begins" if begin else "ends"
            missing = f"`{END}` above it" if begin else "`<!-- results: FILE.md -->` above it"
            raise ValueError(f"{page}, line {line}: results {said} here without {missing}; add it")
        if begun is not None:
            file, only, first = begun
            yield _Place(file, only, first, line - 1, level)
            begun = None
        elif begin is not None:
            begun = begin["file"], begin["only"] is not None, line
    if begun is not None:
        raise ValueError(f"{page}, line {begun[2]}: this marker has no `{END}` below it; add it")


def _content(page: Path, place: _Place) -> str:
    where = f"named in {page}, line {place.first}, but it does not exist; make it with `gains run`"
    text = require_file(place.file, where).read_text(encoding="utf-8")
    if MARKER.search(text):
        raise ValueError(f"{place.file}: holds a marker of results itself; show its source instead")
    lines = text.splitlines()
    if place.only_tables:
        lines = [line for line in lines if line.startswith("|")]
        if not lines:
            raise ValueError(
                f"{place.file}: holds no table; leave `, table only` out in {page}, line "
                f"{place.first}"
            )
    else:
        _lower(lines, _blocks(text), place.level)
    return "\n".join(lines).strip("\n") + "\n"


def _lower(lines: list[str], tokens: list[Token], level: int) -> None:
    """Move the headings of a text so that the highest is one level below that of its section."""
    found = {
        token.map[0]: int(token.tag[1])
        for token in tokens
        if token.type == "heading_open" and token.map and lines[token.map[0]].startswith("#")
    }
    for line, own in found.items():
        wanted = min(DEEPEST, own - min(found.values()) + level + 1)
        lines[line] = "#" * wanted + lines[line].lstrip("#")
