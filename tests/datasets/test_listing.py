"""The records of data sets agree with the table of addresses."""

from pathlib import Path

import pytest

from gains.datasets.base import Dataset
from gains.datasets.catalogue import DATASETS
from gains.datasets.convert import check_options, inputs_of
from gains.fetch.sources import read_sources
from gains.models.imagenet import FILES, imagenet_name
from helpers.paths import ROOT

PUBLISHED = [record for record in DATASETS if record.raw]


@pytest.mark.parametrize("record", PUBLISHED, ids=lambda record: record.name)
def test_records_agree_with_the_addresses(record: Dataset) -> None:
    known = read_sources(ROOT / "data/sources.csv")[record.raw]
    assert {way.licence for ways in known.values() for way in ways} == {record.licence}
    assert record.citation and record.homepage
    for split in record.splits:
        assert (ROOT / split).is_file()


def test_every_address_has_a_data_set_or_a_backbone() -> None:
    weights = {imagenet_name(backbone) for backbone in FILES}
    listed = set(read_sources(ROOT / "data/sources.csv"))
    assert listed == {record.raw for record in PUBLISHED} | weights


@pytest.mark.parametrize("record", PUBLISHED, ids=lambda record: record.name)
def test_the_receipt_stands_for_fetched_files(record: Dataset, tmp_path: Path) -> None:
    default = f"data/raw/{record.raw}"
    assert check_options(record.name, {}).model_dump()["root"] == default
    assert inputs_of(record.name, {}) == [Path(default) / "fetched.json"]
    assert inputs_of(record.name, {"root": str(tmp_path)}) == [tmp_path]
