"""Search of the files that a JSON file names, although another system wrote their names."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from gains.datasets.findings import Findings
from gains.support.file_errors import worded
from gains.support.names import normal, slashed

DRIVE = re.compile(r"[A-Za-z]:[\\/]")
"""The beginning of an absolute path of Windows."""


class FileNames:
    """The files below a folder, by their names in a JSON file.

    Args:
        folder: the folder that the names are relative to.
        findings: record of the names that are not those of the files.
    """

    def __init__(self, folder: Path, findings: Findings) -> None:
        self.folder = folder
        self._findings = findings

    def find(self, name: str, at: str) -> tuple[Path, str]:
        """Return the file of a name, and its path below the folder with slashes, in normal form C.

        A name is first taken as it is, then with back slashes as slashes, then in the other Unicode
        normal form, then with codes such as ``%20`` as their characters.

        Args:
            name: the name in the JSON file.
            at: what to name in an error.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the path leaves the folder, cannot be looked up, or names two files.
        """
        for reading, rule in _readings(name):
            path = self._existing(reading, at)
            if path is not None:
                if rule:
                    self._findings.add(rule, name)
                return path, self._in_normal_form(reading, path)
        raise FileNotFoundError(
            f"{at}: the file {self.folder}/{name} is missing{self._similar(name)}"
        )

    def place(self, name: str) -> Path:
        """Return the file of a name as :meth:`find`, or where it is expected if there is none."""
        try:
            return self.find(name, name)[0]
        except (FileNotFoundError, ValueError):
            return self.folder / name

    def _existing(self, name: str, at: str) -> Path | None:
        _refuse_leaving(name, at)
        try:
            if (self.folder / name).is_file():
                return self.folder / name
        except OSError as error:
            raise ValueError(f"{at}: {worded(error)}") from error
        found = self._by_normal_form.get(normal(Path(name).as_posix()), [])
        if len(found) > 1:
            raise ValueError(
                f"{at}: {len(found)} files have this name, in different Unicode normal forms: "
                f"{', '.join(map(ascii, found))}; keep only one of them"
            )
        return self.folder / found[0] if found else None

    def _in_normal_form(self, name: str, path: Path) -> str:
        written = {Path(name).as_posix(), path.relative_to(self.folder).as_posix()}
        if any(normal(way) != way for way in written):
            self._findings.add("file names are written in Unicode normal form C", name)
        return normal(Path(slashed(name)).as_posix())

    def _similar(self, name: str) -> str:
        """Return a remark on files whose name differs in case or folder, or nothing."""
        wanted = normal(slashed(name)).casefold()
        names = sorted(self._by_normal_form)
        found = [known for known in names if known.casefold() == wanted]
        base = wanted.rsplit("/", 1)[-1]
        found = found or [k for k in names if k.casefold().rsplit("/", 1)[-1] == base]
        if not found:
            return ""
        return f"; the folder holds {found[0]!r}: write the name so, with its folders and its case"

    @cached_property
    def _by_normal_form(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(self.folder).as_posix()
                names.setdefault(normal(name), []).append(name)
        return names


def _readings(name: str) -> list[tuple[str, str]]:
    """Return what a name may mean, and the rule by which."""
    slashes = slashed(name)
    return [
        (name, ""),
        (slashes, "back slashes in file names were read as slashes"),
        (unquote(slashes), "codes such as %20 in file names were read as their characters"),
    ]


def _refuse_leaving(name: str, at: str) -> None:
    path = Path(slashed(name))
    if path.is_absolute() or DRIVE.match(name) or ".." in path.parts:
        raise ValueError(f"{at}: the path leaves the folder of images; use names relative to it")
