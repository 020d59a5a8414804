"""Checks of COCO records that several readers share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains.datasets.findings import Findings

CocoRecord = dict[str, Any]
"""An image, annotation, category or result of a COCO file, as read from its JSON."""
CocoId = int | str
"""An id of a COCO file from any program: a whole number, or text that is none."""

_WHOLE = re.compile(r"([+-]?[0-9]{1,20})(?:\.0*)?")
_FLAGS = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}


@dataclass(frozen=True)
class RecordPlace:
    """A record of a file; as text it is what a message names."""

    file: Path
    record: str

    def __str__(self) -> str:
        return f"{self.file}: {self.record}"


def record_list(content: Any, key: str, path: str | Path) -> list[CocoRecord]:
    """Return one of the lists of a COCO file.

    Raises:
        ValueError: the list is missing or not a list of records.
    """
    records = content.get(key) if isinstance(content, dict) else None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ValueError(
            f"{path}: expected COCO ground truth, but {key!r} is missing or not a list of records"
        )
    return records


def whole(record: CocoRecord, key: str) -> int:
    """Return a whole number of a record.

    Raises:
        ValueError: the value is missing or not a whole number.
    """
    value = record.get(key)
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError(f"{key!r} is {value!r:.80}; expected a whole number")
    return int(value)


def integer(record: CocoRecord, key: str, where: str) -> int:
    """Return a whole number of a record; ValueError names the record otherwise."""
    try:
        return whole(record, key)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def number(record: CocoRecord, key: str, at: RecordPlace, findings: Findings) -> int:
    """Return a whole number of a record that any program wrote, also if it is given as text.

    Raises:
        ValueError: the value is missing or not a whole number; the message names the record.
    """
    value = record.get(key)
    stated = _WHOLE.fullmatch(value.strip()) if isinstance(value, str) else None
    if stated is None:
        return integer(record, key, str(at))
    findings.add("whole numbers that are given as text were read as numbers", at.record)
    return int(stated[1])


def identity(record: CocoRecord, key: str, at: RecordPlace, findings: Findings) -> CocoId:
    """Return an id of a record that any program wrote: a number as in :func:`number`, or text.

    Raises:
        ValueError: the value is missing, empty, or neither a whole number nor text.
    """
    value = record.get(key)
    if not isinstance(value, str) or not value.strip() or _WHOLE.fullmatch(value.strip()):
        return number(record, key, at, findings)
    findings.add("ids that are text were replaced by numbers", at.record)
    return value


def flag(record: CocoRecord, key: str, where: str) -> bool:
    """Return a flag of a record: 0, 1, false or true, also as text; missing or null is false.

    Raises:
        ValueError: the value is another one; the message names the record.
    """
    value = record.get(key)
    read = _FLAGS.get(value.strip().lower()) if isinstance(value, str) else value
    if value is None or (isinstance(read, int | float) and read in (0, 1)):
        return bool(read)
    raise ValueError(f"{where}: {key!r} is {value!r:.80}; expected 0 or 1")
