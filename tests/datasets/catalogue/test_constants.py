"""Defaults and published numbers of the data sets, as docs/datasets.md and the papers state them."""

from __future__ import annotations

from typing import Any

import pytest

from gains.datasets.base import DatasetCounts
from gains.datasets.catalogue import (
    DATASETS,
    bbbc010,
    ccdb6843,
    cps,
    dsb2018,
    kaggle2018,
    kaggle2018_outlines,
    pannuke,
    ucoc,
)
from gains.datasets.catalogue.chromseg_ssl import files, labels, scenes
from gains.datasets.catalogue.isbi2014 import edf, matlab
from gains.datasets.findings import Findings

SYNTHETIC = {"count": 60, "size": 128, "seed": 0}
DEFAULTS: dict[str, dict[str, Any]] = {
    "bbbc010": {"channel": "w2", "crop": "none"},
    "ccdb6843": {"channel": "w1", "mask_channel": "blue", "min_area": 100},
    "chromseg-ssl": {"labels": "1-24", "groups": "separate"},
    "cps": {},
    "dsb2018": {"edf_images": "keep"},
    "dsb2018-fixed": {"edf_images": "keep"},
    "isbi2014": {"parts": ("train", "val", "test")},
    "isbi2014-coco": {"parts": ("train", "val", "test")},
    "isbi2014-edf": {},
    "kaggle2018": {},
    "kaggle2018-outlines": {"min_area": 30, "max_share": 0.5},
    "pannuke": {"folds": (1, 2, 3)},
    "synthetic-cells": SYNTHETIC
    | {"cells": (2, 6), "overlap": (0.1, 0.5), "alone": 0.15, "transparency": (0.66, 0.84)},
    "synthetic-chromosomes": SYNTHETIC | {"overlap": (0.05, 0.5)},
    "synthetic-neurons": SYNTHETIC
    | {"neurons": (6, 12), "touching": 0.75, "overlap": (0.0, 0.12), "lying": 0.15},
    "synthetic-nuclei": SYNTHETIC | {"nuclei": (10, 24), "touching": 0.65, "overlap": (0.0, 0.08)},
    "synthetic-worms": SYNTHETIC
    | {"worms": (2, 5), "meeting": 0.75, "overlap": (0.0, 0.25), "rim": 0.3},
    "ucoc": {},
}


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_default_options(name: str) -> None:
    record = DATASETS.get(name)
    published = {"root": f"data/raw/{record.raw}", "counts": "check"} if record.raw else {}
    assert record.settings().model_dump() == DEFAULTS[name] | published


def test_every_data_set_without_needed_options_is_listed() -> None:
    assert sorted(DATASETS.names()) == sorted([*DEFAULTS, "folder"])


@pytest.mark.parametrize(
    ("module", "replaced", "options", "expected"),
    [
        (bbbc010, "_files", {}, DatasetCounts(100, {"worm": 1407})),
        (bbbc010, "_files", {"crop": "layering"}, DatasetCounts(100)),
        (ccdb6843, "_files", {}, DatasetCounts(100)),
        (cps, "some_files", {}, DatasetCounts(137, {"cytoplasm": 4439, "nucleus": 4789})),
        (dsb2018, "_stage", {}, DatasetCounts(670)),
        (dsb2018, "_stage", {"edf_images": "drop"}, DatasetCounts(654)),
        (edf, "some_files", {}, DatasetCounts(16)),
        (kaggle2018_outlines, "_pairs", {}, DatasetCounts(52)),
        (matlab, "_run", {}, DatasetCounts(945)),
        (matlab, "_run", {"parts": ("val", "test")}, DatasetCounts(900)),
        (matlab, "_run", {"parts": ("train", "val")}, DatasetCounts(135)),
        (
            matlab,
            "_run",
            {"parts": ("train",)},
            DatasetCounts(45, {"cytoplasm": 270, "nucleus": 270}),
        ),
        (pannuke, "_open_fold", {}, DatasetCounts(2656 + 2523 + 2722)),
        (pannuke, "_open_fold", {"folds": (3, 1)}, DatasetCounts(2656 + 2722)),
        (scenes, "find_items", {"labels": "all"}, DatasetCounts(548 + 67 + 3570)),
    ],
)
def test_published_numbers(
    module: Any,
    replaced: str,
    options: dict[str, Any],
    expected: DatasetCounts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The function that reads the folder is replaced by one that finds nothing."""
    monkeypatch.setattr(module, replaced, lambda *_, **__: [])
    for reader in ("find_places", "_merged"):
        if hasattr(module, reader):
            monkeypatch.setattr(module, reader, lambda *_: [])
    names = {matlab: "isbi2014", edf: "isbi2014-edf", scenes: "chromseg-ssl"}
    name = names.get(module) or module.__name__.rsplit(".", 1)[1].replace("_", "-")
    record = DATASETS.get(name)
    assert record.make(record.settings(**options), Findings()).published == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (kaggle2018, DatasetCounts(52, {"nucleus": 885})),
        (ucoc, DatasetCounts(125, {"chromosome": 250})),
    ],
)
def test_published_numbers_of_coco_files(
    module: Any, expected: DatasetCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = "one_file" if module is kaggle2018 else "_annotations"
    monkeypatch.setattr(module, finder, lambda *_: None)
    monkeypatch.setattr(module, "make_published", lambda *given: given)
    record = DATASETS.get(module.__name__.rsplit(".", 1)[1])
    given: Any = record.make(record.settings(), Findings())
    assert given[2:4] == (next(iter(expected.objects)), expected)


def test_published_numbers_of_parts() -> None:
    assert scenes.OBJECTS == {"train": 23_356, "test": 2_869}
    assert scenes.IMAGES == {"train": 548, "test": 67, "unlabelled": 3570}
    assert files.PARTS == {"train": "train", "test": "test", "val": "test"}
    assert labels.CLASSES == 24
    fixed = DATASETS.get("dsb2018-fixed")
    assert fixed.raw == "dsb2018-fixed"


def test_published_numbers_of_the_corrected_bowl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dsb2018, "_make", lambda _, published, __: published)
    record = DATASETS.get("dsb2018-fixed")
    found: Any = record.make(record.settings(), Findings())
    assert found == DatasetCounts(None, {"nucleus": 28_986})
