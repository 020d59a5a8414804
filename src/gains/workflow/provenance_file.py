"""The file ``provenance.json``, which holds the records of outputs and travels with them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gains.support.files import read_json, write_json
from gains.workflow.metadata import Making, Record


class _Output(Making):
    sha256: str | None
    size: int | None


class _Provenance(BaseModel):
    model_config = ConfigDict(strict=True)

    format: Literal[1] = 1
    files: dict[str, _Output]


def read_provenance(path: str) -> dict[str, Record]:
    """Return the records in a provenance file by output; none if there is no such file.

    Raises:
        ValueError: it is a folder, or not a provenance file.
    """
    return require_provenance(path) if Path(path).exists() else {}


def require_provenance(path: str) -> dict[str, Record]:
    """Return the records in a provenance file, see :func:`read_provenance`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is a folder, or not a provenance file.
    """
    remedy = (
        "fetch the file again with DVC, or remove it if there is no other copy: Snakemake then "
        "knows only what it made in this clone, and judges other files by their dates"
    )
    try:
        content = read_json(path)
        _Provenance.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the content"
        problem = first["msg"].partition(" or instance of")[0]
        raise ValueError(
            f"{path}: is not a provenance file: {place} is {str(first['input'])[:60]!r}: {problem} "
            f"(problems in all: {error.error_count()}); {remedy}"
        ) from None  # pydantic's report has several lines for each problem
    except ValueError as error:
        raise ValueError(f"{error}; {remedy}") from error
    files: dict[str, Record] = content["files"]
    return files


def write_provenance(path: str, files: dict[str, Record]) -> None:
    """Write a provenance file."""
    write_json(path, {"format": 1, "files": files})
