"""The studies with the tables of the layering paper: rows, published counterparts, recipes."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor

import pytest

from gains.config.recipe import StartSettings
from gains.published.records import numbers, row_names
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.study.starts import start_of
from gains.study.study import Study
from gains.support.files import read_json
from gains.tables.obstacles import obstacles
from gains.tables.of_study import table_spec
from gains.tables.pairs import Pair, pairs_of
from gains.tables.specs import TableSpec
from helpers.paths import ROOT

TABLES = ("1", "2")
STUDIES = ("layering", "demo-layering")
IMAGES = {"bbbc010": 76, "isbi2014": 495, "ccdb6843": 76}
"""Training images of the official lists, of which a tenth picks the weights.

BBBC010: 100 wells without the 24 of row D. OCC2014: 45 of the training set and half of the 900 of
the test set. CCDB:6843: 100 images, 24 of them for testing.
"""
TRAININGS = {"bbbc010": 10, "isbi2014": 10, "ccdb6843": 10}
OF_THE_DEMO = {"synthetic-cells": 10, "synthetic-worms": 6, "synthetic-neurons": 6}
"""Trainings by data set; the phases of layering are two."""


def opened(name: str) -> Study:
    return open_study(ROOT / "config.yaml", name)


def own_pairs(spec: TableSpec) -> list[Pair]:
    """Return the pairs of cells of a table with numbers of the same published table."""
    place = (spec.paper, spec.table)
    return [
        pair
        for pair in pairs_of(spec)
        if (pair.published.paper, pair.published.table) == place
        and pair.published.row == pair.row.published
    ]


@pytest.mark.parametrize("number", TABLES)
def test_the_tables_have_the_rows_and_columns_of_the_paper(number: str) -> None:
    spec = table_spec(opened("layering"), f"layering_table{number}")
    assert (spec.paper, spec.table) == ("Layering", number)
    assert [row.published for row in spec.rows] == row_names("Layering", number)
    printed = [n for n in numbers() if (n.paper, n.table) == ("Layering", number)]
    assert spec.metrics == tuple(dict.fromkeys(n.metric for n in printed))
    assert {d.represents for d in spec.datasets} == {n.dataset for n in printed}
    # also of OCC2014, of which the paper prints cytoplasms and the study keeps nothing else
    assert len(own_pairs(spec)) == len(printed)


@pytest.mark.parametrize("number", TABLES)
def test_the_demo_has_the_rows_and_columns_of_the_study(number: str) -> None:
    spec, paper = (
        table_spec(opened(name), f"layering_table{number}")
        for name in ("demo-layering", "layering")
    )
    assert [row.published for row in spec.rows] == [row.published for row in paper.rows]
    assert (spec.metrics, spec.subsets) == (paper.metrics, paper.subsets)
    beside = {(pair.row.label, pair.dataset.stands_for) for pair in own_pairs(spec)}
    assert beside == {(row.label, d.stands_for) for row in spec.rows for d in spec.datasets}
    stands_for = {d.stands_for for d in spec.datasets}
    assert stands_for == ({"BBBC010", "OCC2014", "CCDB6843"} if number == "1" else {"OCC2014"})


@pytest.mark.parametrize("name", STUDIES)
def test_a_row_without_completion_is_the_first_phase_of_the_row_with_it(name: str) -> None:
    study = opened(name)
    rows = table_spec(study, "layering_table2").rows
    half = len(rows) // 2
    for first, second in zip(rows[:half], rows[half:], strict=True):
        assert str(first.published).replace("w/o", "w/") == second.published
        for dataset in second.cells:
            run = Run(dataset, "layering", str(second.variant), 0)
            start = start_of(study, run)
            assert start == Run(dataset, "layering", str(first.variant), 0)
            models = [study.run_settings(r).model.model_dump() for r in (start, run)]
            assert [m.pop("completion") for m in models] == [False, True]
            assert models[0] == models[1]
            # UNet-S of the paper's row is the size S
            assert models[0]["size"] == str(second.published)[5]


def test_trainings_are_shared_by_the_tables() -> None:
    for name, expected in (("layering", TRAININGS), ("demo-layering", OF_THE_DEMO)):
        assert dict(Counter(run.dataset for run in opened(name).trainings())) == expected


def test_the_recipe_is_that_of_the_paper() -> None:
    study = opened("layering")
    for run in study.trainings():
        recipe, dataset = study.run_settings(run).recipe, run.dataset
        # a tenth, rounded half up, is held out: 8 of 76, 50 of 495
        images = IMAGES[dataset] - floor(Fraction(IMAGES[dataset], 10) + Fraction(1, 2))
        epochs = {"mask_rcnn": 200}.get(run.method, 1000)
        if isinstance(recipe.start_from, StartSettings):
            epochs = 500
        assert recipe.iterations == pytest.approx(Fraction(epochs * images, 3), abs=1)
        assert (recipe.batch_size, recipe.gamma, recipe.milestones) == (3, 0.9, ())
        assert (recipe.select, recipe.validation_metric) == ("best", "AJI_pooled_layering")
        assert recipe.iterations / recipe.validate_every == pytest.approx(100, rel=0.01)
        assert recipe.test_size == (320 if dataset == "isbi2014" else 448)
        assert [t.name for t in recipe.augmentations] == ["rotation", "gamma", "flow"]
        assert recipe.weight_decay == (1e-4 if run.method == "mask_rcnn" else 0)
        if run.method == "stardist":  # with no weight decay, AdamW is Adam
            assert (recipe.optimiser, recipe.lr) == ("adamw", 3e-4)
        elif run.method != "mask_rcnn":
            assert (recipe.optimiser, recipe.lr, recipe.decay_every) == ("rmsprop", 1e-4, 10000)
            assert recipe.warmup_iterations == 0


def test_mask_rcnn_is_that_of_the_paper_and_says_where_it_starts() -> None:
    study = opened("layering")
    (row,) = (r for r in table_spec(study, "layering_table1").rows if r.published == "Mask-RCNN")
    assert row.label == "Mask R-CNN (R101 from ImageNet)"
    for dataset, cell in row.cells.items():
        assert (cell.backbone, cell.nms, cell.training.weights) == ("R101", 0.7, "imagenet")
        coco = study.run_settings(Run(dataset, "mask_rcnn", "coco", 0))
        assert str(coco.start_file) == "data/raw/coco/mask_rcnn_R_101_FPN_3x.pt"
        usual = study.run_settings(Run(dataset, "mask_rcnn", "default", 0))
        # the checkpoint of detectron2 has its stride and its order of colours
        backbones = [s.model.model_dump()["backbone"] for s in (coco, usual)]
        changed = {k: v for k, v in backbones[0].items() if v != backbones[1][k]}
        assert changed == {"stride_in_1x1": True, "channel_order": "bgr"}
        assert coco.recipe.model_copy(update={"start_from": None}) == usual.recipe


def test_only_cytoplasms_of_the_split_of_occ2014_count() -> None:
    block = opened("layering").settings.datasets["isbi2014"]
    assert (block.represents, block.categories) == ("OCC2014", ("cytoplasm",))
    lists = read_json(ROOT / str(block.split.file))["folds"][0]
    assert [len(lists[part]) for part in ("train", "val", "test")] == [495, 0, 450]


def test_what_hinders_a_comparison_is_what_the_paper_does_not_tell() -> None:
    unknown = ("size of test images", "detections per image")
    for number in TABLES:
        for pair in own_pairs(table_spec(opened("layering"), f"layering_table{number}")):
            if pair.row.published not in ("Mask-RCNN", "StarDist"):
                found = [words for words in obstacles(pair) if not words.startswith(unknown)]
                assert found == [], (pair.row.label, pair.metric)


def test_the_demo_is_narrow_and_runs_on_a_cpu() -> None:
    study = opened("demo-layering")
    for run in study.trainings():
        settings = study.run_settings(run)
        assert (settings.recipe.device, settings.recipe.threads) == ("cpu", 1)
        assert settings.model.model_dump().get("width", 0) <= 16
    assert all(not d.split.file for d in study.settings.datasets.values())
