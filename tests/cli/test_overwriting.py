"""No verb overwrites a file that it reads."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gains.cli.main import app, main
from gains.cli.overwriting import refuse_overwriting
from gains.datasets.catalogue import DATASETS
from gains.datasets.coco import read_coco

MESSAGE = "this file would be overwritten, but the command also reads it"


def verbs(group: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every verb with its names on the command line."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from verbs(command, (*names, name))
        else:
            yield (*names, name), command


def is_path(parameter: Any) -> bool:
    return "Path" in str(parameter.type_descriptor.annotation)


def some_value(parameter: Any) -> str:
    """Return a value that a parameter accepts."""
    kind = parameter.type_descriptor.annotation
    return str(next(iter(kind)).value) if issubclass(kind, enum.Enum) else "1"


def reads_and_writes(command: Any) -> bool:
    kinds = {p.name for p in command.params if is_path(p)}
    return "out" in kinds and len(kinds) > 1


CASES = [(n, c) for n, c in verbs(typer.main.get_command(app)) if reads_and_writes(c)]


def arguments(command: Any, file: Path) -> list[str]:
    """Return arguments that name one file wherever the verb expects a path."""
    found: list[str] = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            found.append(str(file))
        elif is_path(parameter) or parameter.required:
            found += [parameter.opts[0], str(file) if is_path(parameter) else some_value(parameter)]
    return found


def test_most_verbs_read_and_write_files() -> None:
    assert len(CASES) >= 15


@pytest.mark.parametrize(
    ("names", "command"), [pytest.param(n, c, id=" ".join(n)) for n, c in CASES]
)
def test_a_verb_does_not_overwrite_its_input(
    names: tuple[str, ...], command: Any, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text("precious")
    with pytest.raises(ValueError, match=MESSAGE):
        CliRunner().invoke(app, [*names, *arguments(command, file)], catch_exceptions=False)
    assert file.read_text() == "precious"


@pytest.mark.parametrize("linked", [False, True])
def test_convert_does_not_overwrite_the_files_of_its_options(tmp_path: Path, linked: bool) -> None:
    images, annotations = tmp_path / "images", tmp_path / "mine.json"
    images.mkdir()
    annotations.write_text("precious")
    out = annotations
    if linked:
        out = tmp_path / "link.json"
        out.symlink_to(annotations)
    options = json.dumps({"images": str(images), "labels": str(annotations)})
    call = ["convert", "folder", "--options", options, "--out", str(out)]
    with pytest.raises(ValueError, match=MESSAGE):
        CliRunner().invoke(app, call, catch_exceptions=False)
    archive = images / "a.zip"  # convert also writes an archive
    archive.write_text("precious")
    call = ["convert", "folder", "--options", options, "--out", str(images / "a.json")]
    with pytest.raises(ValueError, match=rf"a\.zip: {MESSAGE}"):
        CliRunner().invoke(app, call, catch_exceptions=False)
    assert (annotations.read_text(), archive.read_text()) == ("precious", "precious")


def test_split_does_not_overwrite_given_lists(tmp_path: Path) -> None:
    lists = tmp_path / "lists.json"
    lists.write_text("precious")
    settings = json.dumps({"file": str(lists)})
    call = ["split", "--coco", "c.json", "--settings", settings, "--out", str(lists)]
    with pytest.raises(ValueError, match=MESSAGE):
        CliRunner().invoke(app, call, catch_exceptions=False)
    assert lists.read_text() == "precious"


def test_files_beside_the_output_count(tmp_path: Path) -> None:
    sidecar = tmp_path / "p.images.json"
    with pytest.raises(ValueError, match=rf"p\.images\.json: {MESSAGE}"):
        refuse_overwriting("predict", tmp_path / "p.json.gz", [sidecar])
    refuse_overwriting("predict", tmp_path / "p.json.gz", [tmp_path / "p.json", tmp_path])


@pytest.mark.parametrize(
    ("call", "lost"),
    [
        ("split --coco c.json --out c.zip", "c.zip"),
        ("audit --coco c.json --split s.json --max-detections 9 --out c.zip", "c.zip"),
        ("score --ground-truth c.json --predictions p.json.gz --split s.json --part test "
         "--out p.images.json", "p.images.json"),
        ("train --settings {} --coco run.json --split s.json --out m.pt", "run.json"),
        ("train --settings run.json --coco c.json --split s.json --out m.pt", "run.json"),
    ],
)  # fmt: skip
def test_files_that_belong_to_an_input_count(
    call: str, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive of the images, the list of predicted images, and the record of a training."""
    monkeypatch.chdir(tmp_path)
    Path(lost).write_text("precious")
    with pytest.raises(ValueError, match=f"{lost}: {MESSAGE}"):
        CliRunner().invoke(app, call.split(), catch_exceptions=False)
    assert Path(lost).read_text() == "precious"


def test_an_older_call_of_a_verb_leaves_the_data_of_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A conversion that a killed run left behind ends with an error, and both its files stay out."""
    out = tmp_path / "cells.json"
    make = DATASETS.get("synthetic-cells").make

    def call(count: int) -> list[str]:
        options = json.dumps({"count": count, "size": 64})
        return ["convert", "synthetic-cells", "--options", options, "--out", str(out)]

    def slow(*arguments: Any) -> Any:
        command = [sys.executable, "-m", "gains", *call(2)]
        subprocess.run(command, check=True, capture_output=True)
        return make(*arguments)

    slow_record = dataclasses.replace(DATASETS.get("synthetic-cells"), make=slow)
    monkeypatch.setattr(DATASETS, "get", lambda _: slow_record)
    monkeypatch.setattr(sys, "argv", ["gains", *call(4)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(rf"gains: error: {tmp_path}/cells.\w+: another call that .* to it", said)
    assert len(read_coco(out).images) == 2
    assert len(zipfile.ZipFile(out.with_suffix(".zip")).namelist()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.json", "cells.zip"]


@pytest.mark.parametrize(
    ("verb", "option", "out"),
    [
        (["predict", "--model", "m.pt"], "--images", "day 1/a.TIF"),
        (["import", "elsewhere"], "--labels", "day 1/a.TIF"),
        (["figure", "figure3", "--coco", "c.json"], "--images", "day 1/b.png"),
        (["figure", "figure3", "--coco", "c.json"], "--images", "day 1/b.pdf"),
    ],
)
def test_no_verb_overwrites_an_image_of_its_folder(
    verb: list[str], option: str, out: str, tmp_path: Path
) -> None:
    (tmp_path / "day 1").mkdir()
    for name in ("a.TIF", "b.png"):
        (tmp_path / "day 1" / name).write_text("precious")
    given = [*verb, option, str(tmp_path), "--out", str(tmp_path / out)]
    with pytest.raises(ValueError, match=MESSAGE):
        CliRunner().invoke(app, given, catch_exceptions=False)
    assert (tmp_path / "day 1/a.TIF").read_text() == "precious"


def test_an_earlier_result_in_the_folder_of_images_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text("old")
    refuse_overwriting("import", tmp_path / "annotations.json", [tmp_path])
