"""Conversion of some categories alone: equal images, equal ids of categories, counts of the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.datasets.base import DatasetCounts, SceneSet
from gains.datasets.catalogue import DATASETS
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.findings import Findings
from gains.datasets.kept_categories import convert_categories, kept_categories
from gains.support.files import read_json

OPTIONS: dict[str, Any] = {"count": 3, "size": 64, "seed": 2, "cells": [2, 3]}


def test_one_category_is_that_part_of_the_whole_with_the_same_images(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole" / "x.json", tmp_path / "part" / "x.json"
    convert("x", "synthetic-cells", OPTIONS, whole)
    convert_categories("x", "synthetic-cells", OPTIONS, ["nucleus"], part)
    assert part.with_suffix(".zip").read_bytes() == whole.with_suffix(".zip").read_bytes()
    assert sorted(p.name for p in part.parent.iterdir()) == ["x.json", "x.zip"]
    everything, kept = read_coco(whole), read_coco(part)
    assert kept.categories == {2: "nucleus"}  # with the id that it has beside the cytoplasm
    assert kept.images == everything.images
    nuclei = 0
    for number in everything.images:
        expected = everything.instances(number)
        expected = expected.select(expected.categories == 2)
        found = kept.instances(number)
        assert found.masks == expected.masks
        assert found.categories.tolist() == [2] * len(expected)
        nuclei += len(found)
    ids = [a["id"] for annotations in kept.annotations.values() for a in annotations]
    assert ids == list(range(1, nuclei + 1))


def test_what_was_left_out_is_recorded(tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    convert_categories("x", "synthetic-cells", OPTIONS, ["cytoplasm"], out)
    content = read_json(out)
    # every cell has one nucleus, so as many objects were left out as were kept
    left_out = f"objects of other categories were left out: {len(content['annotations'])}"
    assert content["info"]["repairs"] == [left_out]
    assert content["info"]["categories"] == ["cytoplasm"]


def test_counts_are_those_of_the_kept_categories(tmp_path: Path) -> None:
    record = DATASETS.get("synthetic-cells")

    def make(settings: Any, findings: Findings) -> SceneSet:
        return replace(record.make(settings, findings), published=DatasetCounts(3))

    with DATASETS.with_record(replace(record, make=make)):
        convert_categories("x", record.name, OPTIONS, ["cytoplasm"], tmp_path / "x.json")
    content = read_json(tmp_path / "x.json")
    assert content["info"]["counts"] == {
        "images": {"expected": 3, "found": 3},
        "objects": {"cytoplasm": {"expected": None, "found": len(content["annotations"])}},
    }


def test_all_categories_in_any_order_are_the_whole(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.json", tmp_path / "part.json"
    convert("x", "synthetic-cells", OPTIONS, whole)
    convert_categories("x", "synthetic-cells", OPTIONS, ["nucleus", "cytoplasm"], part)
    a, b = read_json(whole), read_json(part)
    assert a["annotations"] == b["annotations"]
    assert a["categories"] == b["categories"]


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (
            ["cytoplasma"],
            "no category 'cytoplasma'; did you mean 'cytoplasm'.*known: cytoplasm, nu",
        ),
        (["nucleus", "nucleus"], "'nucleus' is listed twice"),
    ],
)
def test_unknown_and_repeated_categories_are_refused(
    kept: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        convert_categories("x", "synthetic-cells", OPTIONS, kept, tmp_path / "x.json")
    assert not list(tmp_path.iterdir())


def test_a_category_without_objects_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    record = DATASETS.get("synthetic-cells")

    def make(settings: Any, findings: Findings) -> SceneSet:
        content = record.make(settings, findings)
        return replace(content, categories={**content.categories, 3: "debris"})

    with (
        DATASETS.with_record(replace(record, make=make)),
        pytest.raises(ValueError, match="there is no object of debris"),
    ):
        convert_categories("x", record.name, OPTIONS, ["debris"], tmp_path / "x.json")
    assert not list(tmp_path.iterdir())


def test_kept_categories_keep_their_ids_and_order() -> None:
    known = {3: "a", 1: "b", 7: "c"}
    assert kept_categories("x", known, ["c", "a"]) == {3: "a", 7: "c"}
