"""``data/sources.csv``: the only place where addresses of data live."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from gains.support.files import require_file
from gains.support.registry import nearest

SOURCES = Path("data/sources.csv")
RAW = Path("data/raw")
KINDS = ("http", "gdrive", "kaggle", "github", "manual")


@dataclass(frozen=True)
class Source:
    """One way to one file.

    Args:
        dataset: folder below ``data/raw``; several registered data sets may share it.
        file: what it becomes there; a name that ends in ``/`` is a folder.
        url: of kind ``http``: the file; ``gdrive``: the id of a file or folder; ``kaggle``:
            ``<owner>/<data set>``; ``github``: ``<owner>/<repository>/<folder>``; ``manual``: the
            page to visit, or empty.
        kind: one of :data:`KINDS`.
        mirror: rows of one file are tried in this order, from 1.
        sha256: of the file, or None where none is known.
        bytes: of the file, or None where unknown.
        licence: of the data, ``none published`` where there is none.
        citation: what to cite.
        note: what a person must know; for ``manual`` how to get it.
    """

    dataset: str
    file: str
    url: str
    kind: str
    mirror: int
    sha256: str | None
    bytes: int | None
    licence: str
    citation: str
    note: str

    @property
    def is_folder(self) -> bool:
        """Whether it becomes a folder."""
        return self.file.endswith("/")


COLUMNS = tuple(field.name for field in fields(Source))

Files = dict[str, list[Source]]
"""The ways to each file of a data set, by file, in order of ``mirror``."""


def read_sources(path: str | Path = SOURCES) -> dict[str, Files]:
    """Read and check the addresses, by data set and file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another header, or a row that is incomplete or contradicts another; the line
            is named.
    """
    if not Path(path).exists():
        raise FileNotFoundError(
            f"{path}: no file of addresses; call gains in the project's folder, or name the file "
            "with --sources"
        )
    with require_file(path).open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(
                f"{path}: expected the columns {', '.join(COLUMNS)}; found {reader.fieldnames}"
            )
        rows = [_source(row, f"{path}: line {reader.line_num}") for row in reader]
    found: dict[str, Files] = {}
    for source in sorted(rows, key=lambda source: source.mirror):
        found.setdefault(source.dataset, {}).setdefault(source.file, []).append(source)
    for dataset, files in found.items():
        for name, mirrors in files.items():
            _check_mirrors(f"{path}: {dataset}, {name}", mirrors)
    if not found:
        raise ValueError(f"{path}: holds no address")
    return found


def files_of(dataset: str, path: str | Path = SOURCES) -> Files:
    """Return the ways to each file of one data set.

    Raises:
        ValueError: the file lists no such data set.
    """
    known = read_sources(path)
    if dataset not in known:
        raise ValueError(
            f"{path}: no address of {dataset!r}; {nearest(dataset, list(known))}"
            f"known: {', '.join(known)}"
        )
    return known[dataset]


def _source(row: dict[str, str], where: str) -> Source:
    if None in row or None in row.values():
        raise ValueError(f"{where}: expected {len(COLUMNS)} cells")
    kind, sha256 = row["kind"], row["sha256"]
    for column in ("dataset", "file", "licence", "citation"):
        if not row[column].strip():
            raise ValueError(f"{where}: {column} is empty")
    if kind not in KINDS:
        raise ValueError(f"{where}: unknown kind {kind!r}; known: {', '.join(KINDS)}")
    if kind == "http" and not row["url"].startswith(("https://", "http://")):
        raise ValueError(f"{where}: expected an http address, found {row['url']!r}")
    if not (row["url"] or kind == "manual") or (kind == "manual" and not row["note"]):
        raise ValueError(f"{where}: a source needs a url, a manual one a note with what to do")
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError(f"{where}: sha256 has 64 digits of 0-9a-f, found {sha256!r}")
    for column in ("mirror", "bytes"):
        if not re.fullmatch(r"[1-9][0-9]*" if column == "mirror" else r"[0-9]*", row[column]):
            raise ValueError(f"{where}: {column} is {row[column]!r}, expected a whole number")
    parts = PurePosixPath(row["file"]).parts
    if row["file"].startswith("/") or ".." in parts or "\\" in row["file"]:
        raise ValueError(f"{where}: file {row['file']!r} leaves the folder of the data set")
    folder = row["file"].endswith("/")
    if (kind == "http" and folder) or (kind in ("kaggle", "github") and not folder):
        wanted = "a file" if folder else "a folder, whose name ends in /"
        raise ValueError(f"{where}: kind {kind} gives {wanted}; found {row['file']!r}")
    if sha256 and folder:
        raise ValueError(f"{where}: a folder has no sha256; leave it empty")
    size = int(row["bytes"]) if row["bytes"] else None
    known = {"mirror": int(row["mirror"]), "sha256": sha256 or None, "bytes": size}
    return Source(**{**row, **known})  # type: ignore[arg-type]


def _check_mirrors(where: str, mirrors: list[Source]) -> None:
    twice = [n for n, count in Counter(source.mirror for source in mirrors).items() if count > 1]
    if twice:
        raise ValueError(f"{where}: mirror {twice[0]} is listed twice; number them from 1")
    if len({source.sha256 for source in mirrors if source.sha256}) > 1:
        raise ValueError(f"{where}: the mirrors of one file have different sha256")
