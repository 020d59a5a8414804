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
        ({"file": ""}, r"line 2\.file"),
        ({"file": "."}, "leaves the folder of the data set"),
        ({"file": "a//b.zip"}, "has an empty part"),
        ({"file": "./a.zip"}, "has an empty part, or leaves"),
        ({"file": "a/../../b.zip"}, "leaves the folder of the data set"),
        ({"file": "C:a.zip"}, "leaves the folder .* drive"),
        ({"file": "a.zip:stream"}, "leaves the folder .* drive"),
        ({"file": "~/a.zip"}, "is hidden or temporary"),
        ({"file": "~root"}, "is hidden or temporary"),
        ({"file": ".tmp-a"}, "is hidden or temporary"),
        ({"file": ".a.zip.part.json"}, "is hidden or temporary"),
        ({"file": "sub/.hidden/a.zip"}, "is hidden or temporary"),
        ({"file": "__MACOSX/a.zip"}, "is hidden or temporary"),
        ({"file": "a.zip.part"}, "ends like a partial download"),
        ({"file": "a\tb.zip"}, "has a control character"),
        ({"file": "x" * 201}, "more than 200 bytes"),
        ({"file": "u\u0308.zip"}, "decomposed Unicode form"),
        ({"file": "fetched.json"}, "the receipt and fetched.json have one place"),
        ({"file": "Fetched.JSON"}, "have one place"),
        ({"file": "fetched.json.zip"}, "the receipt and what fetched.json.zip holds have one"),
        ({"file": "fetched.json/a.zip"}, "fetched.json/a.zip lies in the place of the receipt"),
        ({"dataset": ".."}, r"line 2\.dataset: .*found '\.\.'"),
        ({"dataset": "."}, r"line 2\.dataset"),
        ({"dataset": "../x"}, r"line 2\.dataset"),
        ({"dataset": "/x"}, r"line 2\.dataset"),
        ({"dataset": "a/b"}, r"line 2\.dataset"),
        ({"dataset": "a\\b"}, r"line 2\.dataset"),
        ({"dataset": "~"}, r"line 2\.dataset"),
        ({"dataset": "C:"}, r"line 2\.dataset"),
        ({"dataset": ".hidden"}, r"line 2\.dataset"),
        ({"dataset": "x" * 201}, "more than 200 bytes"),
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


def two(folder: Path, first: dict[str, str], second: dict[str, str]) -> Path:
    return write(folder / "s.csv", ROW | first, ROW | second)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a.zip", "A.zip", "A.zip and a.zip have one place"),
        ("\u00e9.mat", "\u00c9.mat", "have one place"),
        ("a.mat", "a.mat/b.mat", "a.mat/b.mat lies in the place of a.mat"),
        ("a.zip", "a.tar.gz", "what a.tar.gz holds and what a.zip holds have one place"),
        ("a.zip", "a/b.mat", "a/b.mat lies in the place of what a.zip holds"),
        ("a.zip", "A", "what a.zip holds and A have one place"),
    ],
)
def test_files_that_would_overwrite_each_other_are_refused(
    first: str, second: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"cells: .*{message}.*; rename one of them"):
        read_sources(two(tmp_path, {"file": first}, {"file": second}))


def test_data_sets_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the data sets cells and Cells differ only in case"):
        read_sources(two(tmp_path, {}, {"dataset": "Cells"}))
