"""The checks of the file of addresses."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gains.fetch.sources import COLUMNS, fetched_name, read_sources

ROW = {
    "dataset": "cells",
    "file": "a.zip",
    "url": "https://example.org/a.zip",
    "kind": "http",
    "mirror": "1",
    "sha256": "0" * 64,
    "bytes": "",
    "licence": "CC0",
    "citation": "Somebody 2020",
    "note": "",
}


def write(path: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_becomes_one_source(tmp_path: Path) -> None:
    other = ROW | {"mirror": "2", "sha256": "", "bytes": "12"}
    first, second = read_sources(write(tmp_path / "s.csv", other, ROW))["cells"]["a.zip"]
    assert (first.mirror, first.sha256, first.bytes) == (1, "0" * 64, None)
    assert (second.mirror, second.sha256, second.bytes) == (2, None, 12)
    assert not first.is_folder


def test_a_file_is_fetched_under_the_name_of_its_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", ROW, ROW | {"file": "sub/b.pth"})
    assert fetched_name(Path("data/raw/cells/a.zip"), path) == "cells"
    assert fetched_name(Path("data/raw/cells/sub/b.pth"), path) == "cells"
    for other in ("data/raw/cells/b.pth", "data/raw/other/a.zip", "cells/a.zip", "data/raw"):
        assert fetched_name(Path(other), path) is None
    assert fetched_name(tmp_path / "data/raw/cells/a.zip", path) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": " "}, r"line 2\.dataset"),
        ({"citation": ""}, r"line 2\.citation"),
        ({"kind": "ftp"}, r"line 2\.kind: .*'http'.*'manual'.*found 'ftp'"),
        ({"url": "example.org"}, "expected an http address, found 'example.org'"),
        ({"kind": "gdrive", "url": ""}, "kind gdrive needs a url"),
        ({"kind": "manual", "url": ""}, "needs a note that says what to do"),
        ({"sha256": "0A"}, r"line 2\.sha256: .*found '0A'"),
        ({"mirror": "0"}, r"line 2\.mirror: .*found '0'"),
        ({"mirror": "x"}, r"line 2\.mirror: .*found 'x'"),
        ({"mirror": "1.0"}, r"line 2\.mirror: expected a whole number.*found '1\.0'"),
        ({"mirror": " 1"}, r"line 2\.mirror: expected a whole number.*found ' 1'"),
        ({"bytes": "-1"}, r"line 2\.bytes: .*found '-1'"),
        ({"bytes": "12.0"}, r"line 2\.bytes: expected a whole number.*found '12\.0'"),
        ({"bytes": "1_2"}, r"line 2\.bytes: expected a whole number.*found '1_2'"),
        ({"file": "../a.zip"}, "leaves the folder of the data set"),
        ({"file": "/a.zip"}, "leaves the folder of the data set"),
        ({"file": "a\\b.zip"}, "leaves the folder of the data set"),
        ({"file": "a/"}, "kind http gives a file; found 'a/'"),
        ({"kind": "github", "sha256": ""}, "kind github gives a folder, whose name ends in /"),
        ({"kind": "kaggle", "sha256": ""}, "kind kaggle gives a folder, whose name ends in /"),
        ({"kind": "gdrive", "file": "a/"}, "a folder has no sha256"),
    ],
)
def test_rows_that_are_refused(change: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_sources(write(tmp_path / "s.csv", ROW | change))


def test_rows_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    with pytest.raises(ValueError, match="mirror 1 is listed twice"):
        read_sources(write(path, ROW, ROW))
    with pytest.raises(ValueError, match="different sha256"):
        read_sources(write(path, ROW, ROW | {"mirror": "2", "sha256": "1" * 64}))
    with pytest.raises(ValueError, match="expected the columns dataset, file"):
        read_sources(write(path, columns=("dataset", "file")))
    with pytest.raises(ValueError, match="holds no address"):
        read_sources(write(path))
    path.write_text(",".join(COLUMNS) + "\ncells,a.zip\n")
    with pytest.raises(ValueError, match="line 2: expected 10 cells"):
        read_sources(path)
