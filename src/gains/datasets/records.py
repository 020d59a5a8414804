"""Checks of COCO records that several readers share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CocoRecord = dict[str, Any]
"""An image, annotation, category or result of a COCO file, as read from its JSON."""


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
        raise ValueError(f"{key!r} is {value!r}; expected a whole number")
    return int(value)


def integer(record: CocoRecord, key: str, where: str) -> int:
    """Return a whole number of a record; ValueError names the record otherwise."""
    try:
        return whole(record, key)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
