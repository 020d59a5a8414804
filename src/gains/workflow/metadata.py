"""Snakemake's own records on this machine: one small file per output.

The format is that of Snakemake 9.27 with the persistence backend ``file``.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from gains.support.files import read_json, write_json

logger = logging.getLogger(__name__)

Record = dict[str, Any]

METADATA = Path(".snakemake/metadata")
INCOMPLETE = Path(".snakemake/incomplete")
LOST = "<the job that made this failed>"
"""The code in the record of an output that has to be made again; no rule has this code."""
FORMAT = 6
_NAME_LENGTH = 254


class Making(BaseModel):
    """The part of a record that says how an output was made, which holds on any machine."""

    model_config = ConfigDict(strict=True)

    rule: str | None = None
    input: list[str] | None = None
    log: list[str] | None = None
    params: list[str] | None = None
    code: str | None = None
    record_format_version: int | None = None
    conda_env: str | None = None
    container_img_url: str | None = None
    software_stack_hash: str | None = None
    input_checksums: dict[str, str] | None = None


class _MachineRecord(Making):
    job_hash: int | None = None
    endtime: float | None = None


KEPT = tuple(Making.model_fields)


def record_path(key: str, folder: Path = METADATA) -> Path:
    """Return the file of the record of an output."""
    name = _encoded(key)
    parts = [name[i : i + _NAME_LENGTH] for i in range(0, len(name), _NAME_LENGTH)]
    return folder.joinpath(*("@" + part for part in parts[:-1]), parts[-1])


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def recorded() -> Iterator[tuple[str, Path]]:
    """Yield the path of each output that Snakemake has a record of, and the file of its record."""
    for folder, folders, names in os.walk(METADATA):
        folders.sort()
        place = Path(folder)
        first = "".join(part[1:] for part in place.relative_to(METADATA).parts)
        for name in sorted(names):
            code = first + name
            try:
                key = base64.urlsafe_b64decode(code).decode()
            except ValueError:
                continue
            if _encoded(key) == code:  # anything else was not written by Snakemake
                yield key, place / name


def read_all() -> dict[str, Record]:
    """Return Snakemake's records by output.

    A damaged record is replaced by one that makes Snakemake run the job.
    """
    records = {}
    for key, path in recorded():
        try:
            content = read_json(path)
            _MachineRecord.model_validate(content)
            records[key] = content
        except FileNotFoundError:  # another process has removed it meanwhile
            continue
        except ValueError:
            logger.warning("%s: the record of %s was damaged and is replaced", path, key)
            records[key] = put_lost(key, {})
    return records


def put(key: str, record: Record, time: float) -> Record:
    """Write how an output was made, at the given time in s, and return the record."""
    machine = {
        "starttime": time,
        "endtime": time,
        "incomplete": False,
        "external_jobid": None,
        "job_hash": None,
        "shellcmd": None,
    }
    making = {name: record[name] for name in KEPT if record.get(name) is not None}
    content = making | machine
    write_json(record_path(key), content)
    return content


def put_lost(key: str, record: Record) -> Record:
    """Write a record that makes Snakemake run the job of an output, and return it."""
    return put(key, record | {"code": LOST, "record_format_version": FORMAT}, 0.0)


def is_lost(record: Record) -> bool:
    """Return whether the output has to be made again."""
    return record.get("code") == LOST


def is_incomplete(key: str) -> bool:
    """Return whether a job is writing an output, or was killed while it did."""
    return record_path(key, INCOMPLETE).exists()


def made_here(key: str, record: Record) -> bool:
    """Return whether a job on this machine wrote the present file.

    Snakemake records the date of the file as the end of the job; a file that was replaced or
    changed has another date. The records of :func:`put` are those of another machine.
    """
    return record.get("job_hash") is not None and record.get("endtime") == Path(key).stat().st_mtime


def recorded_params(key: str) -> list[str]:
    """Return the parameters in the record of an output, or none without a sound record."""
    return list(_record(key).get("params") or [])


def forget_lists(key: str) -> None:
    """Empty the lists among the recorded parameters of an output.

    Such a list names what the job had to deal with. It is empty afterwards, and Snakemake would
    take that for a change.
    """
    record, params = _record(key), recorded_params(key)
    emptied = ["[]" if param.startswith("[") else param for param in params]
    if emptied != params:
        write_json(record_path(key), {**record, "params": emptied})


def _record(key: str) -> Record:
    try:
        content = read_json(record_path(key))
        Making.model_validate(content)
    except (FileNotFoundError, ValueError):  # ``read_all`` replaces a damaged record
        return {}
    return dict(content)
