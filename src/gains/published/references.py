"""What to cite: BibTeX entries of methods, data sets and papers, and of this program."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

import gains

PROGRAM = "program"
"""Subject of the entry on this program."""


@dataclass(frozen=True)
class Reference:
    """An entry of ``references.bib``.

    Attributes:
        key: key of the entry.
        subjects: what it stands for, e.g. ``method htc``, ``data set ucoc`` or ``paper GAInS``.
        text: the entry in BibTeX, without its subjects.
    """

    key: str
    subjects: frozenset[str]
    text: str


@functools.cache
def references() -> tuple[Reference, ...]:
    """Return all entries, in the order of the file."""
    content = files("gains.published").joinpath("references.bib").read_text(encoding="utf-8")
    content = content.replace("{VERSION}", f"{{{gains.__version__}}}")
    entries = re.findall(r"^@\w+\{.*?^\}", content, re.MULTILINE | re.DOTALL)
    return tuple(map(_reference, entries))


def _reference(entry: str) -> Reference:
    key = re.match(r"@\w+\{([^,]+),", entry)
    subjects = re.search(r",\n *keywords +=\s\{(.*)\}", entry)
    if key is None or subjects is None:
        raise ValueError(f"references.bib: expected an entry with a key and keywords: {entry}")
    names = frozenset(name.strip() for name in subjects[1].split(","))
    return Reference(key[1], names, entry.replace(subjects[0], ""))


def references_of(subjects: Iterable[str]) -> list[Reference]:
    """Return the entries that stand for any of these subjects, in the order of the file."""
    asked = set(subjects)
    return [reference for reference in references() if reference.subjects & asked]
