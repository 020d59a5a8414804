"""The verb ``gains data list``: for a pipe, for a terminal and for the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gains.cli.listing import as_markdown
from gains.cli.main import app
from gains.datasets.catalogue import DATASETS
from helpers.paths import ROOT
from helpers.terminal import printed_to_a_terminal


def test_a_pipe_gets_a_line_for_each_data_set() -> None:
    done = CliRunner().invoke(app, ["data", "list"], catch_exceptions=False)
    rows = {cells[0]: cells for cells in (line.split("\t") for line in done.output.splitlines())}
    assert list(rows) == DATASETS.names()
    for record in DATASETS:
        assert rows[record.name][:3] == [record.name, record.title, record.licence]
        assert len(rows[record.name]) == 7
    _, _, _, citation, page, splits, state = rows["isbi2014"]
    assert citation.startswith("Lu, Carneiro, Bradley")
    assert page.startswith("https://cs.adelaide.edu.au/")
    assert splits == "data/splits/isbi2014.json, data/splits/occ2014.json"
    assert state


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = printed_to_a_terminal(monkeypatch, "data", "list", width=200)
    assert "│" in shown and "\t" not in shown
    assert "cite: Lu, Carneiro, Bradley" in shown
    assert "split: data/splits/isbi2014.json, data/splits/occ2014.json" in shown
    for record in DATASETS:
        assert f"│ {record.name} " in shown
        assert record.title in shown
        assert f"licence: {record.licence}" in shown


def test_weights_are_listed_with_their_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "imagenet-resnet34"
    place.mkdir()
    (place / "resnet34-b627a593.pth").write_bytes(b"1")
    words = ["--sources", str(ROOT / "data/sources.csv"), "--raw", str(tmp_path)]
    done = CliRunner().invoke(app, ["weights", "list", *words], catch_exceptions=False)
    rows = [line.split("\t") for line in done.output.splitlines()]
    assert [(name, file) for name, file, *_ in rows] == [
        ("imagenet-resnet18", "resnet18-f37072fd.pth"),
        ("imagenet-resnet34", "resnet34-b627a593.pth"),
        ("imagenet-resnet50", "resnet50-0676ba61.pth"),
        ("imagenet-resnet101", "resnet101-63fe2227.pth"),
    ]
    assert all(licence.startswith("BSD-3-Clause") for _, _, licence, _ in rows)
    by_hand = f"in {place}/, but not checked yet: run `gains fetch imagenet-resnet34`"
    assert [state for *_, state in rows] == ["not fetched", by_hand, "not fetched", "not fetched"]
    shown = printed_to_a_terminal(monkeypatch, "weights", "list", *words, width=200)
    assert "│ imagenet-resnet101 " in shown


def test_the_page_has_the_same_table() -> None:
    done = CliRunner().invoke(app, ["data", "list", "--markdown"], catch_exceptions=False)
    assert done.output.strip() == as_markdown()
    page = (ROOT / "docs/datasets.md").read_text()
    assert as_markdown() in page, "run `gains data list --markdown` and put it into the page"
