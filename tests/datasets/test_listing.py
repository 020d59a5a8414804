"""What people read about data sets: the list, the page, the table of addresses."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.base import Dataset
from gains.datasets.catalogue import DATASETS
from gains.datasets.convert import check_options, inputs_of
from gains.datasets.listing import as_markdown
from gains.fetch.sources import read_sources
from helpers.paths import ROOT

PUBLISHED = [record for record in DATASETS if record.raw]


def test_the_list_says_licence_citation_page_and_state() -> None:
    done = CliRunner().invoke(app, ["data", "list"], catch_exceptions=False)
    for record in DATASETS:
        assert f"{record.name}  {record.title}" in done.output
        assert f"  licence  {record.licence}" in done.output
    paragraph = done.output.split("isbi2014  ")[1].split("isbi2014-coco  ")[0]
    assert "  cite     Lu, Carneiro, Bradley" in paragraph
    assert "  page     https://cs.adelaide.edu.au/" in paragraph
    assert "  split    data/splits/isbi2014.json, data/splits/occ2014.json" in paragraph
    assert "  state    " in paragraph


def test_the_page_has_the_same_table() -> None:
    done = CliRunner().invoke(app, ["data", "list", "--markdown"], catch_exceptions=False)
    assert done.output.strip() == as_markdown()
    page = (ROOT / "docs/datasets.md").read_text()
    assert as_markdown() in page, "run `gains data list --markdown` and put it into the page"


@pytest.mark.parametrize("record", PUBLISHED, ids=lambda record: record.name)
def test_records_agree_with_the_addresses(record: Dataset) -> None:
    known = read_sources(ROOT / "data/sources.csv")[record.raw]
    assert {way.licence for ways in known.values() for way in ways} == {record.licence}
    assert record.citation and record.homepage
    for split in record.splits:
        assert (ROOT / split).is_file()


def test_every_address_has_a_data_set() -> None:
    assert set(read_sources(ROOT / "data/sources.csv")) == {record.raw for record in PUBLISHED}


@pytest.mark.parametrize("record", PUBLISHED, ids=lambda record: record.name)
def test_the_receipt_stands_for_fetched_files(record: Dataset, tmp_path: Path) -> None:
    default = f"data/raw/{record.raw}"
    assert check_options(record.name, {}).model_dump()["root"] == default
    assert inputs_of(record.name, {}) == [Path(default) / "fetched.json"]
    assert inputs_of(record.name, {"root": str(tmp_path)}) == [tmp_path]
