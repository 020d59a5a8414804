"""The folder of an export: it holds what the last export wrote, and nothing of an earlier one.

A hidden record in the folder lists the files that an export wrote, with their checksums. Only such
files are replaced or removed, so that nothing of a person's own is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gains.export.base import FORMATS
from gains.support.files import read_json, sha256, write_json
from gains.support.names import is_junk

RECORD = ".gains-export.json"
UNFINISHED = ""
"""Checksum of a file that an export was about to write."""


def check_own(folder: Path) -> dict[Path, str]:
    """Return the files of the last export that are still there, with their checksums.

    Raises:
        ValueError: the folder of a format holds a file that no export wrote, or that was changed
            since, or the record is damaged.
    """
    path = folder / RECORD
    record = read_json(path) if path.is_file() else {}
    if not isinstance(record, dict):
        raise ValueError(f"{path}: expected a record of files; remove {folder}, and export again")
    found: dict[Path, str] = {}
    for file in _files(folder):
        recorded = record.get(file.relative_to(folder).as_posix())
        if recorded not in (UNFINISHED, sha256(file)):
            why = "no export wrote it" if recorded is None else "it was changed since the export"
            raise ValueError(
                f"{file}: {why}, so it is not replaced or removed; move it to another place, or "
                "name a new folder with --out"
            )
        found[file] = recorded
    return found


def record_files(folder: Path, checksums: dict[Path, str]) -> None:
    """Write which files an export writes; a checksum may be :data:`UNFINISHED`."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {path.relative_to(folder).as_posix(): value for path, value in checksums.items()}
    write_json(folder / RECORD, content)


def remove(folder: Path, files: Iterable[Path]) -> None:
    """Remove files below a folder, and the folders that are then empty."""
    for file in files:
        file.unlink()
        for place in file.parents:
            if place == folder or any(place.iterdir()):
                break
            place.rmdir()


def _files(folder: Path) -> list[Path]:
    places = [folder / name for name in FORMATS.names()]
    return [
        path
        for place in places
        for path in sorted(place.rglob("*") if place.is_dir() else ())
        if path.is_file() and not is_junk(path.relative_to(folder))
    ]
