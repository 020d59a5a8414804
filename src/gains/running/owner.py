"""The study file whose results a folder holds, so that another file cannot replace them unseen."""

from __future__ import annotations

import os
from pathlib import Path

from gains.config.file import studies_of_files
from gains.support.files import write_text

NAME = "study-file.txt"
"""File in the folder of the results that names the study file."""


def require_owner(results: Path, study: str, file: Path) -> None:
    """Refuse a study file if the results of this name were made from another one that still exists.

    Args:
        results: folder of the results of the study.
        study: name of the study.
        file: the study file, an absolute path.

    Raises:
        ValueError: another file holds a study of this name, and its results are there.
    """
    note = results / NAME
    owner = Path(note.read_text(encoding="utf-8").strip()) if note.is_file() else None
    if owner is None or not owner.is_file() or os.path.realpath(owner) == os.path.realpath(file):
        return
    if study in studies_of_files([owner]):
        raise ValueError(
            f"{results.absolute()}: holds the results of the study {study!r} of {owner}, which "
            f"those of {file} would replace. Give the study in {file} another name, or delete that "
            "folder if the results are no longer needed"
        )


def claim(results: Path, study: str, file: Path) -> None:
    """Write into the folder of results which study file they are made from.

    Raises:
        ValueError: see :func:`require_owner`.
    """
    require_owner(results, study, file)
    write_text(results / NAME, f"{file}\n")
