"""Download of a folder of a GitHub repository, without git and without an account."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gains.fetch.errors import MirrorError, reason
from gains.fetch.http import DownloadLimits, download
from gains.fetch.lockfile import Known
from gains.fetch.names import PARTIAL, name_problem
from gains.fetch.sessions import session
from gains.fetch.sources import Source
from gains.support.progress import progress

logger = logging.getLogger(__name__)

API = "https://api.github.com"
MOST_LISTED = 1000
"""Limit of files that the API lists for a folder; it does not say when there are more."""

MOST_DEPTH = 20


def from_github(source: Source, folder: Path, limits: DownloadLimits, api: str = API) -> None:
    """Download all files below a folder of a repository into ``folder``, and check each.

    Args:
        source: the address; its ``url`` is ``<owner>/<repository>/<folder>``.
        folder: the folder to write to; it must exist.
        limits: limits of each download.
        api: address of GitHub's interface.

    Raises:
        MirrorError: the download failed, e.g. because the hourly limit is reached or a checksum
            differs.
        OSError: the disk is full.
    """
    owner, repository, path = [*source.url.split("/", 2), ""][:3]
    contents = f"{api}/repos/{owner}/{repository}/contents/"
    files = list(_files(contents, path, PurePosixPath(), limits))
    if not files:
        raise MirrorError(f"GitHub lists no file below {source.url}")
    paths = {str(file.path) for file in files}
    clashing = [path for path in paths if f"{path}{PARTIAL}" in paths]
    if clashing or len(paths) < len(files):
        raise MirrorError(
            f"{source.url}: GitHub lists two files that would overwrite each other, "
            f"{clashing or 'of one name'}; download the folder by hand"
        )
    with progress(f"{source.dataset}, files", len(files)) as advance:
        for number, file in enumerate(files, 1):
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            download(file.url, target, Known(bytes=file.size), limits)
            found = _blob_sha1(target)
            if found != file.sha1:
                raise MirrorError(
                    f"{file.path}: git's checksum is {found}, expected {file.sha1}; the file "
                    "changed meanwhile or was damaged on the way: try again"
                )
            advance(number)


class _File(NamedTuple):
    """A file of the repository: path below the requested folder, address, size and checksum."""

    path: PurePosixPath
    url: str
    size: int | None
    sha1: str


def _files(
    contents: str, path: str, relative: PurePosixPath, limits: DownloadLimits
) -> Iterator[_File]:
    """List the files below a folder."""
    if len(relative.parts) > MOST_DEPTH:
        raise MirrorError(f"{path}: more than {MOST_DEPTH} folders deep")
    for entry in _listed(contents + path, limits):
        name, kind = entry.get("name"), entry.get("type")
        if not isinstance(name, str) or name_problem(name):
            raise MirrorError(f"{path}: GitHub lists an entry named {name!r}")
        if kind == "dir":
            yield from _files(contents, f"{path}/{name}", relative / name, limits)
        elif kind == "file" and {"size", "sha", "download_url"} <= entry.keys():
            size = entry["size"] if isinstance(entry["size"], int) else None
            yield _File(relative / name, str(entry["download_url"]), size, str(entry["sha"]))
        else:
            raise MirrorError(f"{path}/{name}: expected a file or folder, found {kind!r}")


def _listed(url: str, limits: DownloadLimits) -> list[dict[str, object]]:
    import requests

    try:
        with session() as connection:
            answer = connection.get(url, timeout=(limits.connect, limits.read))
            listed = answer.json() if answer.ok else None
    except requests.RequestException as error:  # also raised if the answer is not JSON
        raise MirrorError(f"{url}: {reason(error)}") from error
    limited = answer.headers.get("X-RateLimit-Remaining") == "0" or answer.status_code == 429
    if not answer.ok and limited:
        raise MirrorError(
            "GitHub's limit of requests without an account is reached; try again in an hour"
        )
    if not answer.ok:
        raise MirrorError(f"{url}: {answer.status_code} {answer.reason}")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise MirrorError(f"{url}: expected the list of a folder; it is a file, or GitHub changed")
    if len(listed) >= MOST_LISTED:
        raise MirrorError(f"{url}: GitHub lists no more than {MOST_LISTED} files of a folder")
    return listed


def _blob_sha1(path: Path) -> str:
    """Return git's checksum of a file's content."""
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
