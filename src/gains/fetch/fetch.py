"""Fetching of a data set: existing files are verified, others downloaded, archives unpacked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from gains.fetch.errors import MirrorError
from gains.fetch.folders import (
    Content,
    content_of,
    contents_of,
    listing,
    size_problems,
)
from gains.fetch.lockfile import known_at, known_by_hand, record_content
from gains.fetch.names import archive_folder
from gains.fetch.receipt import BY_HAND, FetchedFile, Receipt, read_receipt, write_receipt
from gains.fetch.sources import RAW, RECEIPT, SOURCES, Source, files_of
from gains.fetch.transports import NetworkSettings, retrieve, web_address
from gains.fetch.unpack import contents_in, unpack
from gains.support.claims import remove_temporaries
from gains.support.files import check_output
from gains.support.locks import waiting_lock

logger = logging.getLogger(__name__)


def fetch(
    dataset: str,
    sources: str | Path = SOURCES,
    raw: str | Path = RAW,
    network: NetworkSettings | None = None,
) -> Receipt:
    """Fetch a data set into ``<raw>/<dataset>``.

    Files that are already there are checked and used without the network. A file is compared with
    its checksum in ``sources`` or in the lock file beside it. If the
    receipt lists a folder or an unpacked archive, its names and sizes are compared; `gains data
    verify` compares checksums. The
    receipt is written after every file, so that a later failure loses nothing. A second call at
    the same time waits for the first.

    Args:
        dataset: name in ``sources``.
        sources: the file of addresses.
        raw: folder of all data sets.
        network: how the network is used.

    Returns:
        The receipt, which is also written to that folder as ``fetched.json``.

    Raises:
        FileNotFoundError: a file could not be downloaded; the message says what was tried and what
            to do by hand.
        ValueError: the data set is unknown, or an existing file is not the expected one; the file
            is left as it is.
        OSError: the disk is full.
    """
    files, place = files_of(dataset, sources), Path(raw) / dataset
    check_output(place / RECEIPT)
    waiting = f"{dataset}: waiting for another fetch to finish"
    with waiting_lock(Path(raw) / f".{dataset}.lock", waiting):
        remove_temporaries(place)
        before = read_receipt(dataset, raw) or Receipt(dataset=dataset, files={})
        # A file that is no longer listed in the addresses does not belong to this data set any
        # more.
        known = {name: entry for name, entry in before.files.items() if name in files}
        work = _Work(dataset, Path(sources), Path(raw), network or NetworkSettings(), known)
        for name, mirrors in files.items():
            work.ensure(name, mirrors)
        return work.receipt


@dataclass
class _Work:
    """One call of :func:`fetch`."""

    dataset: str
    sources: Path
    raw: Path
    network: NetworkSettings
    entries: dict[str, FetchedFile]

    @property
    def place(self) -> Path:
        return self.raw / self.dataset

    @property
    def receipt(self) -> Receipt:
        return Receipt(dataset=self.dataset, files=self.entries)

    def ensure(self, name: str, mirrors: list[Source]) -> None:
        """Ensure that one file is there, is correct and is unpacked."""
        target, folder = self.place / name, archive_folder(name)
        if target.exists() and mirrors[0].is_folder:
            self._record(name, self._folder_here(name, target, mirrors))
        elif target.exists():
            self._record(name, self._file_here(name, target, mirrors))
        elif folder and (self.place / folder).is_dir():
            return self._record(name, self._only_unpacked(name, self.place / folder))
        else:
            self._record(name, self._from_mirrors(name, target, mirrors))
        if folder:
            contents = self._unpacked(name, target, self.place / folder)
            self._record(name, self.entries[name].model_copy(update={"contents": contents}))

    def _record(self, name: str, entry: FetchedFile) -> None:
        if self.entries.get(name) != entry or not (self.place / RECEIPT).exists():
            self.entries[name] = entry
            write_receipt(self.receipt, self.raw)

    def _file_here(self, name: str, target: Path, mirrors: list[Source]) -> FetchedFile:
        if target.is_dir():
            raise ValueError(f"{target}: is a folder, expected a file; move it away")
        found, before = content_of(target), self.entries.get(name)
        self._check(target, found, mirrors)
        if before and before.content == found:
            return before
        logger.info("%s: %s is already here and is used without the network", self.dataset, target)
        return _by_hand(found, {})

    def _folder_here(self, name: str, target: Path, mirrors: list[Source]) -> FetchedFile:
        if not target.is_dir():
            raise ValueError(f"{target}: is a file, expected a folder; move it away")
        before = self.entries.get(name)
        if before and before.content and before.origin != BY_HAND:
            self._check_sizes(target, before.sizes)
            self._check(target, before.content, mirrors)
            return before
        contents = _contents_by_hand(target)
        self._check(target, listing(contents), mirrors)
        logger.info("%s: %s is already here and is used without the network", self.dataset, target)
        return _by_hand(listing(contents), contents)

    def _only_unpacked(self, name: str, folder: Path) -> FetchedFile:
        """Accept an unpacked folder without its archive."""
        before = self.entries.get(name)
        if before and before.contents and before.origin != BY_HAND:
            self._check_sizes(folder, before.sizes)
            return before.model_copy(update={"bytes": None, "sha256": None})
        logger.info("%s: %s is already here, so %s is not downloaded", self.dataset, folder, name)
        return _by_hand(None, _contents_by_hand(folder))

    def _unpacked(self, name: str, archive: Path, folder: Path) -> dict[str, Content]:
        """Unpack an archive, or check the folder that it was unpacked into."""
        contents = self.entries[name].contents
        if not folder.exists():
            logger.info("%s: unpacking %s", self.dataset, archive)
            return unpack(archive, folder)
        if contents:
            self._check_sizes(folder, self.entries[name].sizes)
            return contents
        # The folder may come from this archive, from a person, from a killed run, or from
        # another version of the archive. Files of a person are never overwritten.
        inside = contents_in(archive, folder)
        self._check_sizes(folder, {path: content.bytes for path, content in inside.items()})
        for path, content in contents_of(folder, inside).items():
            if content != inside[path]:
                raise ValueError(
                    f"{folder / path}: is not the file of that name in {archive}. Remove or rename "
                    f"the folder or the archive, and run `gains fetch {self.dataset}` again"
                )
        return inside

    def _check(self, target: Path, found: Content, mirrors: list[Source]) -> None:
        problems = [known.problem(found) for known in known_by_hand(mirrors, self.sources)]
        if all(problems):
            raise ValueError(f"{target}: {problems[0]}. Then run `gains fetch {self.dataset}`")

    def _check_sizes(self, folder: Path, sizes: dict[str, int]) -> None:
        problems = size_problems(folder, sizes)
        if problems:
            raise ValueError(
                f"{folder}: the files differ from what was fetched or from the archive beside "
                f"the folder: {'; '.join(problems[:3])}{' ...' if problems[3:] else ''}. Remove "
                f"or rename the folder and run `gains fetch {self.dataset}` again"
            )

    def _from_mirrors(self, name: str, target: Path, mirrors: list[Source]) -> FetchedFile:
        """Download a file from the first address that works."""
        said = []
        for source in mirrors:
            if source.kind == "manual":
                continue
            logger.info("%s: %s from %s", self.dataset, name, web_address(source))
            known = known_at(source, mirrors, self.sources)
            try:
                found, contents = retrieve(source, target, known, self.network)
            except MirrorError as error:
                logger.warning("%s: %s: %s", self.dataset, web_address(source), error)
                said.append(f"{web_address(source)} ({source.kind}): {error}")
                continue
            if not any(mirror.sha256 for mirror in mirrors):
                record_content(self.sources, source, found)
            return FetchedFile(
                origin=web_address(source),
                mirror=source.mirror,
                bytes=found.bytes,
                sha256=found.sha256,
                contents=contents,
            )
        raise FileNotFoundError(_advice(self.dataset, name, target, mirrors, said))


def _by_hand(found: Content | None, contents: dict[str, Content]) -> FetchedFile:
    size, checksum = (found.bytes, found.sha256) if found else (None, None)
    return FetchedFile(origin=BY_HAND, mirror=None, bytes=size, sha256=checksum, contents=contents)


def _contents_by_hand(folder: Path) -> dict[str, Content]:
    contents = contents_of(folder)
    if not contents:
        raise ValueError(
            f"{folder}: the folder is empty; put the files into it, or remove it so "
            "that they are fetched"
        )
    return contents


def _advice(dataset: str, name: str, target: Path, mirrors: list[Source], said: list[str]) -> str:
    """Return a message that says what was tried and what a person can do."""
    folder = archive_folder(name)
    place = f"put {'the folder' if mirrors[0].is_folder else 'the file'} at {target}"
    if folder:
        place += f", or its unpacked content into {target.parent / folder}/"
    tries = "".join(f"\n  {n}. {what}" for n, what in enumerate(said, 1))
    tried = (
        f", and none of its addresses gave it:{tries}"
        if said
        else ", and you must download it yourself"
    )
    pages = "".join(f"\n  {web_address(s)}{f' ({s.note})' if s.note else ''}" for s in mirrors)
    return (
        f"{dataset}: {name} is missing{tried}\n"
        f"To provide it yourself, {place}, and run `gains fetch {dataset}` again. It is at{pages}"
    )
