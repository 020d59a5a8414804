"""Paths that name no file, and files that hold something else: one line that names them, no hang.

The table lists every verb with files that it accepts. A new verb or option that reads or writes a
file has to be added, see ``test_the_table_has_every_path``.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image

from gains.cli.main import app, main
from helpers.paths import ROOT
from helpers.tiny import make_tiny, settings_of

SCORES: dict[str, dict[str, float]] = {"coco": {}, "clean": {}, "as_published": {}}


@dataclass(frozen=True)
class Call:
    """A verb with its options; a value in braces is a file, a folder or (``>``) an output."""

    verb: tuple[str, ...]
    options: dict[str, str]
    arguments: tuple[str, ...] = field(default=())

    def line(self, files: Callable[[str], str]) -> list[str]:
        parts = [*self.verb]
        for option, value in self.options.items():
            parts += [option, files(value[1:-1]) if _is_place(value) else value]
        return [*parts, *(files(value[1:-1]) for value in self.arguments)]

    @property
    def places(self) -> list[str]:
        values = [*self.options.values(), *self.arguments]
        return [value[1:-1] for value in values if _is_place(value)]


def _is_place(value: str) -> bool:
    return value.startswith("{") and not value.startswith('{"')


CONFIG = {"--config": "{config.yaml}"}
CALLS = [
    Call(("split",), {"--coco": "{tiny.json}", "--out": "{>s.json}"}),
    Call(("audit",), {"--coco": "{tiny.json}", "--split": "{split.json}", "--out": "{>a.json}"}),
    Call(("audit-table",), {"--out": "{>a.csv}"}, ("{audit.json}",)),
    Call(
        ("import",),
        {"--labels": "{masks/}", "--category": "x", "--out": "{>m.json}"},
        ("{masks/}",),
    ),
    Call(
        ("init", "--hours", "0.01"),
        {"--labels": "{masks/}", "--out": "{>mine.yaml}"},
        ("{masks/}",),
    ),
    Call(("convert", "synthetic-cells"), {"--options": '{"count": 4}', "--out": "{>c.json}"}),
    Call(("fetch", "cps"), {"--sources": "{sources.csv}", "--raw": "{raw/}"}),
    Call(
        ("maps", "--program", "isbi", "--target-category", "1"),
        {"--coco": "{tiny.json}", "--split": "{split.json}", "--out": "{>m.npz}"},
    ),
    Call(("plan",), CONFIG),
    Call(("run",), {}, ("{config.yaml}",)),
    Call(("check",), {}, ("{config.yaml}",)),
    Call(("papers",), CONFIG),
    Call(("table", "table3"), {**CONFIG, "--out": "{>t.csv}"}),
    Call(("table",), {"--spec": "{spec.json}", "--out": "{>t.csv}"}),
    Call(("validation-table", "table3"), {**CONFIG, "--out": "{>t.csv}"}),
    Call(("validation-table",), {"--spec": "{spec.json}", "--out": "{>t.csv}"}),
    Call(("certainty", "table3"), {**CONFIG, "--out": "{>t.csv}"}),
    Call(("certainty",), {"--scores": "{scores.json}", "--out": "{>t.csv}"}),
    Call(("compare",), {**CONFIG, "--tables": "{table.csv}", "--out": "{>c.csv}"}),
    Call(("compare",), {"--tables": "{table.csv}", "--spec": "{spec.json}", "--out": "{>c.csv}"}),
    Call(("summary",), {"--scores": "{scores.json}", "--out": "{>s.json}"}),
    Call(("summary",), {"--spec": "{spec.json}", "--out": "{>s.json}"}),
    Call(("thresholds",), {**CONFIG, "--out": "{>t.csv}"}),
    Call(("rescore",), {**CONFIG, "--out": "{>folder/}"}),
    Call(("report",), {**CONFIG, "--out": "{>r.html}"}),
    Call(("report",), {"--spec": "{spec.json}", "--out": "{>r.html}"}),
    Call(("cite",), CONFIG),
    Call(
        ("train",),
        {
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--maps": "{maps.npz}",
            "--settings": json.dumps(settings_of("gains", iterations=1).to_json()),
            "--scratch": "{>scratch/}",
            "--out": "{>m.pt}",
        },
    ),
    Call(
        ("cost",),
        {
            "--model": "{model.pt}",
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--out": "{>c.json}",
        },
    ),
    Call(("predict",), {"--model": "{model.pt}", "--images": "{images/}", "--out": "{>p.json}"}),
    Call(
        ("predict",),
        {
            "--model": "{model.pt}",
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--out": "{>p.json}",
        },
    ),
    Call(("predict", "--dataset", "x", "--method", "y"), {**CONFIG, "--out": "{>p.json}"}),
    Call(("score", "--dataset", "x", "--method", "y"), {**CONFIG, "--out": "{>s.json}"}),
    Call(
        ("score",),
        {
            "--ground-truth": "{tiny.json}",
            "--predictions": "{found.json}",
            "--split": "{split.json}",
            "--out": "{>s.json}",
        },
    ),
    Call(
        ("import-predictions",),
        {"--ground-truth": "{tiny.json}", "--split": "{split.json}", "--out": "{>p.json}"},
        ("{masks/}",),
    ),
    Call(
        ("export", "--to", "coco"),
        {"--predictions": "{found.json}", "--coco": "{tiny.json}", "--out": "{exported/}"},
    ),
    Call(("copy", "--study", "demo"), {}, ("{table.csv}", "{>t.csv}")),
    Call(("keep",), {**CONFIG, "--from": "{folder/}", "--out": "{>kept/}"}),
    Call(("embed",), {}, ("{page.md}",)),
    Call(("data", "verify", "cps"), {"--sources": "{sources.csv}", "--raw": "{raw/}"}),
    Call(("data", "sheet"), {"--coco": "{tiny.json}", "--out": "{>s.png}"}),
    Call(("figure", "ranks"), {"--certainty": "{table.csv}", "--out": "{>f.png}"}),
    Call(
        ("figure", "figure3"),
        {"--coco": "{tiny.json}", "--split": "{split.json}", "--out": "{>f.png}"},
    ),
    Call(
        ("figure", "figure1"),
        {"--coco": "{tiny.json}", "--split": "{split.json}", "--out": "{>f.png}"},
    ),
    Call(
        ("figure", "figure4"),
        {
            "--coco": "{tiny.json}",
            "--predictions": "{found.json}",
            "--scores": "{scores.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "differences", "--label", "a", "--label", "b"),
        {
            "--coco": "{tiny.json}",
            "--first": "{found.json}",
            "--first-scores": "{scores.json}",
            "--second": "{found.json}",
            "--second-scores": "{scores.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "donet_figure1"),
        {"--coco": "{tiny.json}", "--split": "{split.json}", "--out": "{>f.png}"},
    ),
    Call(
        ("figure", "donet_figure3"),
        {
            "--model": "{model.pt}",
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "donet_figure6"),
        {
            "--model": "{model.pt}",
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "layering_figure3"),
        {
            "--model": "{model.pt}",
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "layering_figure4"),
        {
            "--coco": "{tiny.json}",
            "--predictions": "{found.json}",
            "--scores": "{scores.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "layering_figure5"),
        {
            "--model": "{model.pt}",
            "--coco": "{tiny.json}",
            "--split": "{split.json}",
            "--out": "{>f.png}",
        },
    ),
    Call(
        ("figure", "predictions", "--image", "cells-0001.png"),
        {"--coco": "{tiny.json}", "--predictions": "{found.json}", "--out": "{>f.png}"},
    ),
    Call(("config", "show"), CONFIG),
    Call(("config", "reference"), {"--out": "{>r.md}"}),
    Call(("weights", "list"), {"--sources": "{sources.csv}", "--raw": "{raw/}"}),
    Call(("weights", "convert"), {"--checkpoint": "{weights.pth}", "--out": "{>w.pt}"}),
    Call(("weights", "convert"), {"--checkpoint": "{weights.pkl}", "--out": "{>w.pt}"}),
    Call(("provenance", "verify"), {}, ("{spec.json}",)),
]
NAMES = [" ".join(part for part in call.verb if not part.startswith("-")) for call in CALLS]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an input of every kind."""
    folder = tmp_path_factory.mktemp("inputs")
    make_tiny(folder)
    with zipfile.ZipFile(folder / "tiny.zip") as archive:
        archive.extractall(folder / "images")
    for name, value in {"images/a": 0, "masks/m": 255}.items():
        (folder / "masks" / "a" / name).parent.mkdir(parents=True)
        Image.new("L", (8, 8), value).save(folder / "masks" / "a" / f"{name}.png")
    for name in ("spec.json", "audit.json", "scores.json"):
        (folder / name).write_text(json.dumps(SCORES))
    (folder / "found.json").write_text("[]")
    shown = f"<!-- results: {folder}/page.md -->\n<!-- end of results -->\n"
    (folder / "page.md").write_text(shown)
    (folder / "table.csv").write_text("study,method\ndemo,x\n")
    (folder / "config.yaml").write_bytes((ROOT / "studies" / "first.yaml").read_bytes())
    (folder / "sources.csv").write_bytes((ROOT / "data" / "sources.csv").read_bytes())
    (folder / "raw").mkdir()
    torch.save({"a": torch.zeros(1)}, folder / "weights.pth")
    (folder / "weights.pkl").write_bytes(pickle.dumps({"a": np.zeros(1)}))
    torch.save({"format": 1, "state": {}}, folder / "model.pt")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket"))
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "file").write_text("x")
    return folder


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[[list[str]], tuple[int, str]]]:
    """Yield a function that runs a command and returns its status and its lines of errors."""

    def call(arguments: list[str]) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gains", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0), capsys.readouterr().err

    def hang(*_: object) -> None:
        raise AssertionError("the command waits for something")

    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(120)
    yield call
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def placed(files: Path, out: Path, changed: str = "", value: str = "") -> Callable[[str], str]:
    """Return a function from the name in a call to a path; one name gets another value."""

    def path(name: str) -> str:
        if name == changed:
            return value
        return str(out / name[1:]) if name.startswith(">") else str(files / name)

    return path


def refused(result: tuple[int, str], *said: str) -> None:
    """Check that a command failed with one line that names what is wrong."""
    status, text = result
    lines = [line for line in text.splitlines() if line.startswith("gains: error: ")]
    assert status == 1, text
    assert lines == text.splitlines()[-1:], text
    assert "unexpected" not in text
    assert "Errno" not in text
    assert any(part in lines[0] for part in said), text


BAD = ("pipe", "loop", "file/x", "x" * 300)


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_a_path_that_is_no_file_is_refused(
    call: Call, files: Path, tmp_path: Path, run: Callable[[list[str]], tuple[int, str]]
) -> None:
    other = (str(files), "expected a name ending", "no data set 'x'", "no table")  # refused first
    for place in call.places:
        for bad in () if place.endswith("/") else BAD:
            value = str(files / bad)
            refused(run(call.line(placed(files, tmp_path, place, value))), value, *other)
        message = "the path is empty, perhaps because a variable"
        refused(run(call.line(placed(files, tmp_path, place, ""))), message)
        refused(run(call.line(placed(files, tmp_path, place, "a\0b"))), "holds a zero byte")
        if not place.endswith("/"):
            refused(run(call.line(placed(files, tmp_path, place, "/"))), "/: ", *other)
    assert [path for path in (files / "pipe", files / "socket") if path.is_file()] == []


CONTENTS = {
    "empty": b"",
    "binary": bytes(range(256)),
    "deep": b"[" * 100_000,
    "deep mapping": b'{"a":' * 100_000,
    "number": b"9" * 6000,
    "cut gzip": b"\x1f\x8b\x08\x00" + b"\xff" * 30,
    "aliases": b"a: &a [*a]",
}


@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_a_file_that_holds_something_else_is_refused(
    call: Call, files: Path, tmp_path: Path, run: Callable[[list[str]], tuple[int, str]]
) -> None:
    other = (str(files), "no table", "expected .../", "no data set 'x'")  # refused first
    for place in call.places:
        if place.startswith(">") or place.endswith("/") or (call.verb[0], place) in FREE:
            continue
        bad = tmp_path / place
        if place == "tiny.json":
            bad.with_suffix(".zip").write_bytes((files / "tiny.zip").read_bytes())
        for content in CONTENTS.values():
            bad.write_bytes(content)
            refused(run(call.line(placed(files, tmp_path, place, str(bad)))), str(bad), *other)


FREE = (("copy", "table.csv"),)
"""Inputs whose content a verb does not read."""


def test_an_archive_of_pickled_objects_is_no_store_of_maps(
    files: Path, tmp_path: Path, run: Callable[[list[str]], tuple[int, str]]
) -> None:
    names = ("settings", "ids", "sizes", "constants", "corners")
    bad = tmp_path / "maps.npz"
    np.savez(bad, **{name: np.array([{}], dtype=object) for name in names})  # type: ignore[arg-type]
    call = next(call for call in CALLS if call.verb == ("train",))
    result = run(call.line(placed(files, tmp_path, "maps.npz", str(bad))))
    refused(result, f"{bad}: damaged store of anomaly maps")
    assert "allow_pickle" not in result[1]


WRITERS = ["split", "import", "convert synthetic-cells", "maps isbi 1", "data sheet"]
WRITERS += ["figure figure3", "config reference", "copy demo", "train"]


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_named(
    name: str, files: Path, tmp_path: Path, run: Callable[[list[str]], tuple[int, str]]
) -> None:
    """A limit of the size of files stands in for a full disk."""
    call = CALLS[NAMES.index(name)]
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, -1))
    try:
        result = run(call.line(placed(files, tmp_path)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        signal.signal(signal.SIGXFSZ, before)
    refused(result, "the file is larger than this system allows")
    assert str(tmp_path) in result[1]
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in left if path.suffix not in (".lock", ".queue")] == []


def test_a_full_disk_or_a_closed_pipe_behind_the_output() -> None:
    command = [sys.executable, "-m", "gains", "methods"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "gains: error: the disk is full; make room and run it again\n",
    )
    closed = f"{sys.executable} -m gains methods | head -c 1"
    done = subprocess.run(["bash", "-c", closed], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_table_has_every_path() -> None:
    """Options with a default path, of figures and of further files of the same kind are left out."""
    listed = {(call.verb[0], *call.verb[1:2]) for call in CALLS} | {c.verb[:1] for c in CALLS}
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        for inner in getattr(command, "commands", {}) or [""]:
            reads = name not in ("methods", "data", "record") and inner != "list"
            assert not reads or (name, inner) in listed or (name,) in listed, (name, inner)
