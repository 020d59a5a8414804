"""The verbs `gains fetch` and `gains data verify`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from gains.cli.main import app
from helpers.fetch_server import Project, Server, digest, zipped
from helpers.paths import ROOT


def call(project: Project, *words: str) -> Any:
    places = ["--sources", str(project.sources), "--raw", str(project.raw)]
    return CliRunner().invoke(app, [*words, *places])


def test_fetch_and_verify(server: Server, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.add("Set.zip", server.give("/Set.zip", zipped({"a.txt": b"a"})))
    assert "nothing was fetched yet" in str(call(project, "data", "verify").exception)
    assert "cells: fetched, 1 file," in call(project, "fetch", "cells").output
    assert "cells: as fetched" in call(project, "data", "verify").output
    (project.place / "Set" / "a.txt").write_bytes(b"b")
    for names in ([], ["cells"]):
        done = call(project, "data", "verify", *names)
        assert done.exit_code == 1
        assert "a.txt: changed" in done.output


def test_weights_that_a_person_put_there_are_checked(tmp_path: Path) -> None:
    project = Project(tmp_path)
    shutil.copy2(ROOT / "data/sources.csv", project.sources)
    place = project.raw / "imagenet-resnet18"
    place.mkdir(parents=True)
    file = place / "resnet18-f37072fd.pth"
    file.write_bytes(b"wrong")
    said = str(call(project, "fetch", "imagenet-resnet18").exception)
    assert said.startswith(
        f"{file}: sha256 is {digest(b'wrong')}, expected "
        "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec. "
    )
    assert [path.name for path in place.iterdir()] == [file.name]
    text = project.sources.read_text()
    sha256 = "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
    project.sources.write_text(text.replace(sha256, digest(b"wrong")))
    assert "fetched, 1 file, 0 kB" in call(project, "fetch", "imagenet-resnet18").output
    assert (
        json.loads((place / "fetched.json").read_text())["files"][file.name]["origin"] == "by hand"
    )


def test_names_that_cannot_be_fetched(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.add("a.zip", "https://page/a.zip")
    said = str(call(project, "fetch", "synthetic-cells").exception)
    assert "needs no fetching" in said
    assert "did you mean 'cells'?" in str(call(project, "fetch", "cell").exception)
