"""``data/sources.lock.json``: checksums of files for which ``data/sources.csv`` states none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import RootModel

from gains.config.base import validated
from gains.fetch.folders import Content
from gains.fetch.sources import SOURCES, Source, files_of
from gains.support.files import read_json, write_json


class Lockfile(RootModel[dict[str, dict[str, dict[str, Content]]]]):
    """Size and checksum of each first download, by data set, file and address."""


@dataclass(frozen=True)
class Known:
    """Expected checksum and size of a file; None accepts any.

    Attributes:
        sha256: checksum of the file or of a folder's listing, or None.
        bytes: size, or None.
        advice: origin of these facts, and what to do if they differ.
    """

    sha256: str | None = None
    bytes: int | None = None
    advice: str = ""

    def problem(self, found: Content) -> str | None:
        """Return a sentence that says how ``found`` differs, or None if it does not differ."""
        if self.sha256 is not None and found.sha256 != self.sha256:
            return f"sha256 is {found.sha256}, expected {self.sha256}. {self.advice}"
        if self.bytes is not None and found.bytes != self.bytes:
            return f"has {found.bytes} bytes, expected {self.bytes}. {self.advice}"
        return None


def lockfile_path(sources: str | Path) -> Path:
    """Return the lock file beside a file of addresses."""
    return Path(sources).with_suffix(".lock.json")


def read_lockfile(sources: str | Path) -> dict[str, dict[str, dict[str, Content]]]:
    """Read the lock file beside a file of addresses; without a file the result is empty.

    Raises:
        ValueError: it is damaged.
    """
    path = lockfile_path(sources)
    return validated(Lockfile, read_json(path), str(path)).root if path.exists() else {}


def record_content(sources: str | Path, source: Source, found: Content) -> None:
    """Record the content that an address gave; later downloads must agree with it.

    Raises:
        ValueError: the lock file is damaged.
    """
    # imported here, because filelock takes longer to import than most verbs take to run
    from filelock import FileLock

    path = lockfile_path(sources)
    with FileLock(path.with_name(f".{path.name}.lock")):
        entries = read_lockfile(sources)
        entries.setdefault(source.dataset, {}).setdefault(source.file, {})[source.url] = found
        write_json(path, Lockfile(entries).model_dump(mode="json"))


def fetch_inputs(dataset: str, sources: str | Path = SOURCES) -> dict[str, object]:
    """Return everything that a fetch depends on: addresses in order, and checksums.

    Raises:
        FileNotFoundError: there is no file of addresses.
        ValueError: unknown data set, or a damaged lock file.
    """
    stated = {
        name: [[source.kind, source.url, source.sha256, source.bytes] for source in mirrors]
        for name, mirrors in files_of(dataset, sources).items()
    }
    locked = read_lockfile(sources).get(dataset, {})
    return {
        "stated": stated,
        "locked": {
            name: {url: content.sha256 for url, content in found.items()}
            for name, found in locked.items()
        },
    }


def known_at(source: Source, mirrors: list[Source], sources: str | Path) -> Known:
    """Return the expected checksum and size of a download.

    All mirrors of a file must give the same content. The mirrors of a folder may differ in layout,
    so each must give what it gave before.

    Args:
        source: the address.
        mirrors: all addresses of the file.
        sources: the file of addresses.
    """
    stated = _stated(mirrors, sources)
    if stated.sha256:
        return stated
    found = read_lockfile(sources).get(source.dataset, {}).get(source.file, {})
    content = found.get(source.url)
    if content is None and not source.is_folder:
        content = next(iter(found.values()), None)
    return _locked(content, sources) if content else stated


def known_by_hand(mirrors: list[Source], sources: str | Path) -> list[Known]:
    """Return the alternatives for a file that a person provided; one of them must match."""
    stated = _stated(mirrors, sources)
    if stated.sha256:
        return [stated]
    found = read_lockfile(sources).get(mirrors[0].dataset, {}).get(mirrors[0].file, {})
    return [_locked(content, sources) for content in found.values()] or [stated]


def _stated(mirrors: list[Source], sources: str | Path) -> Known:
    sha256 = next((source.sha256 for source in mirrors if source.sha256), None)
    size = next((source.bytes for source in mirrors if source.bytes is not None), None)
    advice = (
        f"The expected value is that of {sources}. The file is damaged or another version: remove "
        "it and fetch it again, or put the right file there yourself"
    )
    return Known(sha256, size, advice)


def _locked(content: Content, sources: str | Path) -> Known:
    path = lockfile_path(sources)
    advice = (
        f"The expected value was recorded in {path} at the first download. The file has changed on "
        "the server or is damaged: remove it and fetch it again. If the changed file is the one "
        "that you want, remove the entry of the old one from the record and fetch it again"
    )
    return Known(content.sha256, content.bytes, advice)
