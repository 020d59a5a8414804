"""CSV files that cannot be read are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.support.csv_file import read_csv


def test_rows_have_the_number_of_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"2\n3"\n4,5\n')
    columns, rows = read_csv(path)
    assert columns == ("a", "b")
    assert rows == [(3, {"a": "1", "b": "2\n3"}), (4, {"a": "4", "b": "5"})]
    path.write_text("")
    assert read_csv(path) == ((), [])


@pytest.mark.parametrize("content", [b"a,\xff\n", b"a\n" + b"x" * 200_000])
def test_what_is_no_csv_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.csv: expected a CSV file in UTF-8, but reading"):
        read_csv(path)
    with pytest.raises(FileNotFoundError, match=r"b\.csv: make it"):
        read_csv(tmp_path / "b.csv", "make it")
