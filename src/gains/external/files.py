"""The files that hold the predictions of another program."""

from __future__ import annotations

from pathlib import Path

from gains.datasets.labels import LABELS
from gains.datasets.readers.raw_files import all_files
from gains.prediction.sidecar import sidecar_path
from gains.support.files import require_file

ABSENT = "no such file or folder of predictions"


def external_files(path: Path) -> dict[str, Path]:
    """Return all files that the predictions may be read from.

    Args:
        path: file or folder.

    Returns:
        The files by names that do not depend on where they lie.

    Raises:
        FileNotFoundError: there is no such file or folder.
    """
    if not path.is_dir():
        require_file(path, ABSENT)
        beside = sidecar_path(path)
        return {path.name: path} | ({beside.name: beside} if beside.is_file() else {})
    named = {name: file for kind in LABELS for name, file in kind.beside(path).items()}
    return {
        **{f"beside/{name}": file for name, file in named.items()},
        **{f"files/{name}": file for name, file in all_files(path).items()},
    }
