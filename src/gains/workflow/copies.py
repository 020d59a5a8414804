"""Copies of a study's tables and figures at the top of the results folder."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from gains.support.claims import claimed
from gains.support.csv_file import read_csv
from gains.support.files import atomic_path, require_file

logger = logging.getLogger(__name__)


def copy_files(study: str, pairs: Sequence[tuple[Path, Path]]) -> None:
    """Copy each source to its destination; each copy appears complete or not at all.

    Args:
        study: the study in force; a CSV with a column ``study`` must name no other.
        pairs: source and destination.

    Raises:
        ValueError: nothing to copy, an empty source, or a table of another study.
        FileNotFoundError: a source is missing.
    """
    if not pairs:
        raise ValueError("copy: expected pairs of source and destination, found none")
    for source, _ in pairs:
        require_file(source, "no such file; make it with snakemake first")
        if source.stat().st_size == 0:
            raise ValueError(f"{source}: is empty; remove it and make it again")
        if source.suffix == ".csv":
            _refuse_other(study, source)
    with contextlib.ExitStack() as claims:
        for _, destination in pairs:
            claims.enter_context(claimed(destination))
        for source, destination in pairs:
            with atomic_path(destination) as temporary:
                shutil.copyfile(source, temporary)
            logger.info("study %s: %s is now a copy of %s", study, destination, source)


def _refuse_other(study: str, table: Path) -> None:
    rows = read_csv(table).rows
    others = sorted({str(row.get("study", study)) for _, row in rows} - {study})
    if others:
        raise ValueError(
            f"{table}: is a table of study {others[0]!r}, not of {study!r}; "
            f"copy it with --study {others[0]}, or make that of {study!r} first"
        )
