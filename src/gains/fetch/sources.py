"""``data/sources.csv``, the only place where addresses of data are."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from gains.config.base import NAME, Settings, validated
from gains.fetch.names import archive_folder, collision, folded, name_problem, path_problem
from gains.support.csv_file import read_csv
from gains.support.registry import nearest

SOURCES = Path("data/sources.csv")
RAW = Path("data/raw")
RECEIPT = "fetched.json"
"""Name of the receipt in the folder of a data set."""

Kind = Literal["http", "gdrive", "kaggle", "github", "manual"]
Text = Annotated[str, Field(pattern=r"\S")]
"""Text that is not blank."""


class Source(Settings):
    """One row of ``data/sources.csv``: an address of one file.

    Attributes:
        dataset: folder below ``data/raw``; several registered data sets may share it.
        file: path of the file in that folder; a path that ends in ``/`` is a folder.
        url: for kind ``http`` the address of the file; for ``gdrive`` the id of a file or folder;
            for ``kaggle`` ``<owner>/<data set>``; for ``github``
            ``<owner>/<repository>/<folder>``; for ``manual`` the page to visit, or empty.
        kind: how the address is used.
        mirror: number of the address; the addresses of one file are tried in this order, from 1.
        sha256: checksum of the file, or None if it is unknown.
        bytes: size of the file, or None if it is unknown.
        licence: licence of the data; ``none published`` if there is none.
        citation: publication to cite.
        note: further information for a person; for ``manual`` how to get the file.
    """

    dataset: Annotated[str, Field(pattern=NAME)]
    file: Text
    url: str
    kind: Kind
    mirror: int = Field(ge=1)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    bytes: Annotated[int, Field(ge=0)] | None
    licence: Text
    citation: Text
    note: str

    @field_validator("mirror", "bytes", mode="before")
    @classmethod
    def _digits_only(cls, cell: str | int | None) -> str | int | None:
        # Pydantic alone would also accept 1.0, +1 and 1_0. It calls the last of these functions
        # first, so an empty cell is already None here.
        if isinstance(cell, str) and not re.fullmatch("[0-9]+", cell):
            raise ValueError(f"expected a whole number, written in digits, found {cell!r}")
        return cell

    @field_validator("sha256", "bytes", mode="before")
    @classmethod
    def _empty_is_unknown(cls, cell: str | int | None) -> str | int | None:
        return None if cell == "" else cell

    @field_validator("dataset", "file")
    @classmethod
    def _stays_in_its_folder(cls, name: str, info: ValidationInfo) -> str:
        # a data set is one folder below data/raw, so a slash at its end counts as a part
        problem = path_problem(name) if info.field_name == "file" else name_problem(name)
        if problem:
            raise ValueError(f"{name!r} {problem}")
        return name

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Source:
        kind, folder = self.kind, self.is_folder
        if kind == "http" and not self.url.startswith(("https://", "http://")):
            raise ValueError(f"expected an http address, found {self.url!r}")
        if kind == "manual" and not self.note:
            raise ValueError("a manual source needs a note that says what to do")
        if kind != "manual" and not self.url:
            raise ValueError(f"a source of kind {kind} needs a url")
        if (kind == "http" and folder) or (kind in ("kaggle", "github") and not folder):
            expected = "a file" if folder else "a folder, whose name ends in /"
            raise ValueError(f"kind {kind} gives {expected}; found {self.file!r}")
        if self.sha256 and folder:
            raise ValueError("a folder has no sha256; leave it empty")
        return self

    @property
    def is_folder(self) -> bool:
        """Whether the file is a folder."""
        return self.file.endswith("/")


COLUMNS = tuple(Source.model_fields)

Files = dict[str, list[Source]]
"""Addresses of each file of a data set, by file, in order of ``mirror``."""


def read_sources(path: str | Path = SOURCES) -> dict[str, Files]:
    """Read and check the addresses, by data set and file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the header is wrong, or a row is incomplete or contradicts another row; the
            message names the line.
    """
    content = read_csv(
        path,
        "no file of addresses; call gains in the project's folder, or name the file with --sources",
    )
    if content.columns != COLUMNS:
        raise ValueError(
            f"{path}: expected the columns {', '.join(COLUMNS)}; found "
            f"{', '.join(content.columns)[:200]!r}"
        )
    rows = [_source(row, f"{path}: line {line}") for line, row in content.rows]
    found: dict[str, Files] = {}
    for source in sorted(rows, key=lambda source: source.mirror):
        found.setdefault(source.dataset, {}).setdefault(source.file, []).append(source)
    for dataset, files in found.items():
        for name, mirrors in files.items():
            _check_mirrors(f"{path}: {dataset}, {name}", mirrors)
        _check_places(f"{path}: {dataset}", list(files))
    alike = Counter(str(folded(dataset)) for dataset in found)
    twice = [dataset for dataset in found if alike[str(folded(dataset))] > 1]
    if twice:
        raise ValueError(
            f"{path}: the data sets {' and '.join(twice)} differ only in case, so they would be "
            "one folder on some disks; use one spelling"
        )
    if not found:
        raise ValueError(f"{path}: holds no address")
    return found


def fetched_name(file: Path, path: str | Path = SOURCES) -> str | None:
    """Return the name in ``path`` that a file below ``data/raw`` is fetched under.

    Args:
        file: path relative to the folder of the project.
        path: the file of addresses.

    Returns:
        The name for `gains fetch`, or None if the file is elsewhere or is not listed.
    """
    if not file.is_relative_to(RAW):
        return None
    name, _, rest = file.relative_to(RAW).as_posix().partition("/")
    return name if rest in read_sources(path).get(name, {}) else None


def files_of(dataset: str, path: str | Path = SOURCES) -> Files:
    """Return the addresses of each file of one data set.

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
    return validated(Source, row, where)


def _check_places(where: str, names: list[str]) -> None:
    """Refuse files of a data set of which one would overwrite another, or the receipt."""
    unpacked = [(folder, f"what {n} holds") for n in names if (folder := archive_folder(n))]
    problem = collision([*((name, name) for name in names), *unpacked, (RECEIPT, "the receipt")])
    if problem:
        raise ValueError(f"{where}: {problem}; rename one of them")


def _check_mirrors(where: str, mirrors: list[Source]) -> None:
    twice = [n for n, count in Counter(source.mirror for source in mirrors).items() if count > 1]
    if twice:
        raise ValueError(f"{where}: mirror {twice[0]} is listed twice; number them from 1")
    if len({source.sha256 for source in mirrors if source.sha256}) > 1:
        raise ValueError(f"{where}: the mirrors of one file have different sha256")
