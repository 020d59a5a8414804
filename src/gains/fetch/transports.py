"""Retrieval of one file or folder by the kind of its address."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from gains.fetch.drives import from_drive, from_kaggle
from gains.fetch.errors import MirrorError
from gains.fetch.folders import (
    Content,
    content_of,
    contents_of,
    listing,
    whole_folder,
)
from gains.fetch.github import API, from_github
from gains.fetch.http import DownloadLimits, download
from gains.fetch.lockfile import Known
from gains.fetch.sources import Source
from gains.support.claims import TEMPORARY
from gains.support.file_errors import full_disk_named

WEB_ADDRESSES = {
    "http": "{}",
    "gdrive": "https://drive.google.com/file/d/{}/view",
    "kaggle": "https://www.kaggle.com/datasets/{}",
    "manual": "{}",
}


@dataclass(frozen=True)
class NetworkSettings:
    """Settings of network access.

    Attributes:
        limits: limits of each download.
        api: address of GitHub's interface.
    """

    limits: DownloadLimits = DownloadLimits()
    api: str = API


def web_address(source: Source) -> str:
    """Return the address that a person opens in a browser."""
    if source.kind == "github":
        owner, repository, path = [*source.url.split("/", 2), ""][:3]
        return f"https://github.com/{owner}/{repository}/tree/HEAD/{path}"
    if source.kind == "gdrive" and source.is_folder:
        return f"https://drive.google.com/drive/folders/{source.url}"
    return WEB_ADDRESSES[source.kind].format(source.url)


def retrieve(
    source: Source, target: Path, known: Known, network: NetworkSettings
) -> tuple[Content, dict[str, Content]]:
    """Retrieve a file or folder; ``target`` is created complete and checked, or not at all.

    Returns:
        Size and checksum, and for a folder also those of its files by relative path.

    Raises:
        MirrorError: the retrieval failed, or the content is not the expected one.
        OSError: the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.kind == "http":
        return download(source.url, target, known, network.limits), {}
    if not source.is_folder:
        return _retrieve_file(source, target, known, network), {}
    with whole_folder(target) as temporary:
        _fill(source, temporary, network)
        _refuse_links(temporary)
        contents = contents_of(temporary)
        if not contents:
            raise MirrorError("it gave no file")
        found = listing(contents)
        _check(found, known)
    return found, contents


def _retrieve_file(source: Source, target: Path, known: Known, network: NetworkSettings) -> Content:
    with (
        full_disk_named(target),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=TEMPORARY) as temporary,
    ):
        _fill(source, Path(temporary), network)
        _refuse_links(Path(temporary))
        file = Path(temporary) / target.name
        if not file.is_file():
            raise MirrorError(f"it gave no file {target.name}")
        found = content_of(file)
        _check(found, known)
        file.replace(target)
    return found


def _fill(source: Source, folder: Path, network: NetworkSettings) -> None:
    if source.kind == "gdrive":
        from_drive(source, folder, network.limits)
    elif source.kind == "kaggle":
        from_kaggle(source, folder)
    else:
        from_github(source, folder, network.limits, network.api)


def _refuse_links(folder: Path) -> None:
    """Refuse a download that holds a link, whose content would be that of another place."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            name = path.relative_to(folder).as_posix()
            raise MirrorError(f"it gave {name!r}, which is a link or device; refused as hostile")


def _check(found: Content, known: Known) -> None:
    problem = known.problem(found)
    if problem:
        raise MirrorError(problem)
