"""Digests of a person's own files, and the memory that saves reading them again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gains.datasets.convert import own_files
from gains.datasets.readers.coco_folder import image_names
from gains.support.files import sha256, write_json
from gains.workflow import hash_memory
from gains.workflow import own_files as module
from gains.workflow.own_files import MISSING, OwnFiles
from helpers.folder_workshop import GOOD

LONG_AGO = 10**18


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, in a working folder of its own; files are settled."""
    names: list[str] = []

    def noted(path: str | Path) -> str:
        names.append(Path(path).name)
        return sha256(path)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hash_memory, "sha256", noted)
    monkeypatch.setattr(module, "SETTLED", 0.0)
    return names


def digest(files: Mapping[str, Path]) -> str:
    return OwnFiles().digest(lambda: files, "out")


def in_place(file: Path, text: str) -> None:
    """Write other content without another date of content."""
    file.write_text(text)
    os.utime(file, ns=(LONG_AGO, LONG_AGO))


def replaced(file: Path, text: str) -> None:
    file.unlink()
    in_place(file, text)


def linked(file: Path, text: str) -> None:
    in_place(file.with_name("other"), text)
    file.unlink()
    file.symlink_to("other")


@pytest.mark.parametrize("change", [in_place, replaced, linked])
def test_an_unchanged_file_is_read_once(
    read: list[str], tmp_path: Path, change: Callable[[Path, str], None]
) -> None:
    file = tmp_path / "a.png"
    in_place(file, "1")
    first = digest({"a": file})
    assert digest({"a": file}) == first
    assert read == ["a.png"]
    change(file, "2")
    assert digest({"a": file}) != first
    change(file, "1")
    assert digest({"a": file}) == first
    assert read == ["a.png"] * 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a.png": 3}', '{"a.png": ["x"]}'])
def test_a_damaged_memory_is_made_again(read: list[str], tmp_path: Path, text: str) -> None:
    (tmp_path / "a.png").write_text("1")
    first = digest({"a": Path("a.png")})
    for memory in (hash_memory.MEMORY, module.LISTS):
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(text)
    assert digest({"a": Path("a.png")}) == first
    assert OwnFiles().names(Path("a.png"), lambda _: ["b"]) == ["b"]
    assert digest({"a": Path("a.png")}) == first
    assert read == ["a.png"] * 2


def test_a_file_that_may_still_change_is_not_remembered(
    read: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED", 1000.0)
    (tmp_path / "a.png").write_text("1")
    for _ in range(2):
        digest({"a": Path("a.png")})
    assert read == ["a.png"] * 2


def test_names_count_and_places_do_not(read: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("1")
    shutil.copy("a.png", "b.png")
    assert digest({"a": Path("a.png")}) == digest({"a": Path("b.png")})
    assert digest({"a": Path("a.png")}) != digest({"b": Path("a.png")})
    assert digest({"a": Path("none.png")}) != digest({"a": Path("a.png")})
    assert OwnFiles().sha256(tmp_path) == MISSING


def folder_files(place: Path, names: OwnFiles) -> list[str]:
    options = {"images": str(place / "images"), "labels": str(place / "ann.json")}
    found = own_files("folder", options, lambda path: names.names(path, image_names))
    return [str(path.relative_to(place)) for path in found.values()]


def test_the_files_of_a_folder_are_those_that_it_lists(read: list[str], tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(FileNotFoundError, match=r"ann\.json: no such file"):
        folder_files(tmp_path, OwnFiles())
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "ann.json").symlink_to("real.json")
    assert folder_files(tmp_path, OwnFiles()) == ["ann.json"]
    write_json(tmp_path / "real.json", GOOD)
    for name in ("a.png", "c.png"):
        (tmp_path / "images" / name).write_text("1")
    listed = ["ann.json", "images/a.png", "images/b.png"]
    assert folder_files(tmp_path, OwnFiles()) == listed
    module.LISTS.write_text(module.LISTS.read_text().replace("b.png", "d.png"))
    assert folder_files(tmp_path, OwnFiles())[-1] == "images/d.png"  # remembered


def test_published_files_elsewhere_are_followed_into_linked_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "images").mkdir(parents=True)
    (tmp_path / "linked").mkdir()
    for file in (root / "images/a.png", tmp_path / "linked/b.png", root / ".DS_Store"):
        file.write_text("1")
    (root / "masks").symlink_to(tmp_path / "linked")
    (tmp_path / "linked/round").symlink_to(root)
    (root / "broken.png").symlink_to("nowhere")
    found = own_files("bbbc010", {"root": str(root)}, image_names)
    assert sorted(found) == ["images/a.png", "masks/b.png"]
    assert own_files("bbbc010", {}, image_names) == {}
    with pytest.raises(FileNotFoundError, match="no such folder of data"):
        own_files("bbbc010", {"root": str(tmp_path / "none")}, image_names)


def test_long_reading_is_announced_once(
    read: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "NOTICE", -1.0)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    digest({name: Path(name) for name in ("a", "b", "c")})
    assert [r.message for r in caplog.records] == [
        "reading 3 files to see whether they changed, first a; the next call remembers them"
    ]


def test_every_label_file_counts_and_so_do_the_names_of_classes(
    read: list[str], tmp_path: Path
) -> None:
    """A label file that changes, appears or goes is noticed; the place of the folders is not."""
    for name in ("images/a.png", "images/b.png", "ann.json/a.txt"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text("1")

    def state(place: Path) -> str:
        options = {"images": str(place / "images"), "labels": str(place / "ann.json")}
        names = OwnFiles()
        return digest(own_files("folder", options, lambda path: names.names(path, image_names)))

    states = [state(tmp_path / "mine")]
    for name in ("ann.json/a.txt", "ann.json/b.txt", "data.yaml", "images/c.png"):
        (tmp_path / "mine" / name).write_text("2")
        states.append(state(tmp_path / "mine"))
    (tmp_path / "mine/ann.json/a.txt").unlink()
    states.append(state(tmp_path / "mine"))
    assert len(set(states)) == 6
    (tmp_path / "mine").rename(tmp_path / "moved")
    assert state(tmp_path / "moved") == states[-1]
