"""Downloads from Google Drive and Kaggle with the libraries gdown and kagglehub."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gains.fetch.errors import MirrorError, reason
from gains.fetch.http import DownloadLimits
from gains.fetch.sources import Source

KAGGLE_ADVICE = (
    "Kaggle requires an account: make a token at https://www.kaggle.com/settings "
    "(Create New Token), put the kaggle.json into ~/.kaggle/ or set KAGGLE_USERNAME and "
    "KAGGLE_KEY, and try again"
)


@contextmanager
def _errors_named(what: str) -> Iterator[None]:
    """Turn any error of such a library into a :class:`MirrorError` that names its reason.

    The errors share no class: they come from requests, from the parser of a page that has changed,
    or from the library itself. A full disk is the only error that is passed on.
    """
    try:
        yield
    except MirrorError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise MirrorError(f"{what}: {reason(error)}") from error


def from_drive(source: Source, folder: Path, limits: DownloadLimits) -> None:
    """Download a public file or folder of Google Drive into ``folder``.

    Raises:
        MirrorError: the download failed, e.g. because Google's quota for the file is used up.
    """
    import gdown

    timeout = (limits.connect, limits.read)
    with _errors_named("Google Drive"):
        if source.is_folder:
            gdown.download_folder(
                id=source.url, output=str(folder), quiet=True, use_cookies=False, timeout=timeout
            )
        else:
            gdown.download(
                id=source.url,
                output=str(folder / Path(source.file).name),
                quiet=True,
                use_cookies=False,
                timeout=timeout,
            )


def from_kaggle(source: Source, folder: Path) -> None:
    """Download a data set of Kaggle into ``folder``.

    Raises:
        MirrorError: the download failed, e.g. because there are no credentials.
    """
    import kagglehub
    import requests
    from kagglehub.exceptions import CredentialError, UnauthenticatedError

    with _errors_named("Kaggle"):
        try:
            found = Path(kagglehub.dataset_download(source.url, output_dir=str(folder)))
        except (CredentialError, UnauthenticatedError) as error:
            raise MirrorError(f"{KAGGLE_ADVICE} ({error})") from error
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code in (401, 403):
                raise MirrorError(f"{KAGGLE_ADVICE} ({error.response.status_code})") from error
            raise
    if found.resolve() != folder.resolve():  # on Kaggle's own machines it is mounted elsewhere
        shutil.copytree(found, folder, dirs_exist_ok=True)
    shutil.rmtree(folder / ".complete", ignore_errors=True)  # this is a marker file of the library
