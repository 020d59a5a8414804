"""Data sets whose files, which only a person can provide, are not on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gains.config.data import DatasetSettings
from gains.datasets.convert import fetched_folder, inputs_of
from gains.fetch.sources import RAW, files_of


def missing_files(datasets: Mapping[str, DatasetSettings]) -> dict[str, Path]:
    """Return the data sets with a missing file, each with the first path that is missing.

    Only files count that a person has to provide: the own files that the options name, and the
    files of a published data set that no address gives. What `gains fetch` can download is never
    missing.

    Args:
        datasets: blocks of those data sets that may be missing, by their names.

    Raises:
        FileNotFoundError: there is no file of addresses.
        ValueError: a registered data set does not exist, or does not accept the options.
    """
    found: dict[str, Path] = {}
    for name, block in datasets.items():
        paths = _by_hand(block.source or name, block)
        missing = [path for path in paths if not path.exists()]
        if missing:
            found[name] = missing[0]
    return found


def _by_hand(source: str, block: DatasetSettings) -> list[Path]:
    """Return the files and folders of a data set that only a person can provide."""
    raw = fetched_folder(source, block.options)
    if not raw:
        return inputs_of(source, block.options)
    return [
        RAW / raw / name
        for name, addresses in files_of(raw).items()
        if all(address.kind == "manual" for address in addresses)
    ]
