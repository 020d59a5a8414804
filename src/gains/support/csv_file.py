"""Reading of CSV files with a header."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

from gains.support.files import require_file


class CsvFile(NamedTuple):
    """The content of a CSV file.

    Attributes:
        columns: the names in the header; empty for an empty file.
        rows: for each row, the number of its last line in the file, and its cells by column.
    """

    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, Any]]]


def read_csv(path: str | Path, missing: str = "no such file") -> CsvFile:
    """Read a CSV file in UTF-8.

    Args:
        path: the file.
        missing: what an error says about a file that does not exist.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the path is a folder, or the file is not CSV in UTF-8.
    """
    with require_file(path, missing).open(newline="", encoding="utf-8") as file:
        try:
            reader = csv.DictReader(file)
            columns = tuple(reader.fieldnames or ())
            return CsvFile(columns, [(reader.line_num, row) for row in reader])
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(
                f"{path}: expected a CSV file in UTF-8, but reading failed: {error}; save it as "
                "CSV again"
            ) from error
