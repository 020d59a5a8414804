"""The verbs `gains fetch` and `gains data verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from gains.cli.main import app
from helpers.fetch_server import Project, Server, zipped


def call(project: Project, *words: str) -> Any:
    places = ["--sources", str(project.sources), "--raw", str(project.raw)]
    return CliRunner().invoke(app, [*words, *places])


def test_fetch_and_verify(server: Server, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.add("Set.zip", server.give("/Set.zip", zipped({"a.txt": b"a"})))
    assert "nothing was fetched yet" in str(call(project, "data", "verify").exception)
    assert "cells: fetched, 1 files" in call(project, "fetch", "cells").output
    assert "cells: as fetched" in call(project, "data", "verify").output
    (project.place / "Set" / "a.txt").write_bytes(b"b")
    for names in ([], ["cells"]):
        done = call(project, "data", "verify", *names)
        assert done.exit_code == 1
        assert "a.txt: changed" in done.output


def test_names_that_cannot_be_fetched(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.add("a.zip", "https://page/a.zip")
    said = str(call(project, "fetch", "synthetic-cells").exception)
    assert "needs no fetching" in said
    assert "did you mean 'cells'?" in str(call(project, "fetch", "cell").exception)
