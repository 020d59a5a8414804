"""The studies with the tables of DoNet: rows, published counterparts, recipe and trainings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gains.published.records import numbers, row_names
from gains.study.opening import open_study
from gains.study.study import Study
from gains.tables.obstacles import obstacles
from gains.tables.of_study import table_spec
from gains.tables.pairs import Pair, pairs_of
from gains.tables.specs import TableSpec
from helpers.paths import ROOT

TABLES = ("1", "2", "3", "4")
WITHOUT_CPS = {"isbi2014": 11}
TRAININGS = {"isbi2014": 11, "cps": 30}
OF_THE_DEMO = {"synthetic-cells": 11, "dense-cells": 24}


def opened(name: str) -> Study:
    return open_study(ROOT / "config.yaml", name)


def trainings(study: Study) -> dict[str, int]:
    return dict(Counter(run.dataset for run in study.trainings()))


@pytest.fixture
def absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study `donet` without CPS."""
    (tmp_path / "data").mkdir()
    for name in ("data/splits", "data/sources.csv"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return opened("donet")


@pytest.fixture
def present(absent: Study, tmp_path: Path) -> Study:
    """The study `donet` with a folder of CPS."""
    assert absent.name == "donet"
    (tmp_path / "data/raw/cps/coco").mkdir(parents=True)
    return opened("donet")


def own_pairs(spec: TableSpec) -> list[Pair]:
    """Return the pairs of cells of a table with numbers of the same published table."""
    pairs = [(pair, pair.published) for pair in pairs_of(spec)]
    place = (spec.paper, spec.table)
    return [p for p, n in pairs if (n.paper, n.table) == place and n.row == p.row.published]


@pytest.mark.parametrize("number", TABLES)
def test_the_tables_have_the_rows_and_columns_of_the_paper(present: Study, number: str) -> None:
    spec = table_spec(present, f"donet_table{number}")
    assert (spec.paper, spec.table) == ("DoNet", number)
    assert [row.published for row in spec.rows] == row_names("DoNet", number)
    printed = [n for n in numbers() if (n.paper, n.table) == ("DoNet", number)]
    assert spec.metrics == tuple(dict.fromkeys(n.metric for n in printed))
    quoted = sum(len(row.quoted) for row in spec.rows)
    assert len(own_pairs(spec)) + quoted == len(printed)


def test_seven_rows_of_table_2_are_quoted(absent: Study) -> None:
    spec = table_spec(absent, "donet_table2")
    assert [len(row.quoted) for row in spec.rows] == [3] * 7 + [0]
    (chen,) = (row for row in spec.rows if row.label == "Chen et al.")
    found = {number.metric: number.value for number in chen.quoted}
    assert found == {"Dice": 92.0, "TPp": 90.0, "FNo": 2.0}


def test_every_row_has_the_recipe_of_the_program(present: Study) -> None:
    for number in TABLES:
        for row in table_spec(present, f"donet_table{number}").rows:
            for cell in row.cells.values():
                assert cell.training.words.startswith("SGD 0.001, batch 2, 60000 steps")
                assert (cell.score_threshold, cell.backbone) == (0.9, "R50")
    for run in present.trainings():
        settings = present.run_settings(run)
        recipe = settings.recipe
        assert (recipe.milestones, recipe.warmup_iterations) == ((40000, 50000), 1000)
        assert (recipe.select, recipe.validate_every, recipe.clip_norm) == ("best", 10000, None)
        assert settings.validation is not None and settings.validation.score_threshold == 0.5
        assert settings.model.model_dump()["rois_per_image"] == 256


def test_rows_whose_conditions_are_known_can_be_compared(present: Study) -> None:
    unknown = {"Cascade R-CNN", "Mask Scoring R-CNN", "HTC", "Xiao et al.", "DoNet w/ Aug."}
    for number in TABLES:
        for pair in own_pairs(table_spec(present, f"donet_table{number}")):
            # what FNo of DoNet's own row in Table 2 is, the paper does not tell
            known = pair.row.published not in unknown and pair.published.definition is not None
            assert (obstacles(pair) == []) == known, (pair.row.label, pair.metric)


@pytest.mark.parametrize("published", ["Cascade R-CNN", "HTC", "Xiao et al."])
def test_rows_of_unknown_conditions_say_which(present: Study, published: str) -> None:
    (row,) = (r for r in table_spec(present, "donet_table1").rows if r.published == published)
    name = row.cells["isbi2014"].configuration
    for pair in own_pairs(table_spec(present, "donet_table1")):
        if pair.row.label == row.label:
            found = obstacles(pair)
            assert f"{name} with rois_per_image=256, published {name}" in found
            assert "score threshold 0.9, published unknown" in found


def test_clusters_are_a_change_of_the_method(present: Study) -> None:
    found = {
        reason
        for pair in pairs_of(table_spec(present, "donet_table1"))
        if pair.row.published == "DoNet w/ Aug."
        for reason in obstacles(pair)
    }
    ours = "DoNet DRM+CRM+MRP with synthetic clusters, published DoNet DRM+CRM+MRP"
    assert found == {ours, f"{ours} with its unpublished augmentor"}


@pytest.mark.parametrize("number", TABLES)
def test_the_demo_has_the_measured_rows_and_the_columns(number: str) -> None:
    spec, paper = (
        table_spec(opened(name), f"donet_table{number}") for name in ("demo-donet", "donet")
    )
    measured = [row.published for row in paper.rows if not row.quotes]
    assert [row.published for row in spec.rows] == measured
    assert (spec.metrics, spec.subsets) == (paper.metrics, paper.subsets)
    beside = {(pair.row.label, pair.dataset.stands_for) for pair in own_pairs(spec)}
    cells = {(r.label, d.stands_for) for r in spec.rows for d in spec.datasets if d.name in r.cells}
    assert beside == cells


def test_equal_rows_of_several_tables_are_trained_once(absent: Study) -> None:
    assert trainings(absent) == WITHOUT_CPS
    assert trainings(opened("demo-donet")) == OF_THE_DEMO


def test_with_cps_each_row_is_trained_on_three_folds(present: Study) -> None:
    assert trainings(present) == TRAININGS
    assert {run.fold for run in present.trainings() if run.dataset == "cps"} == {0, 1, 2}


def test_a_table_is_told_that_cps_is_absent(absent: Study) -> None:
    (cps,) = (d for d in table_spec(absent, "donet_table1").datasets if d.name == "cps")
    assert cps.absent == "data/raw/cps/coco"


@pytest.mark.parametrize(
    ("figure", "variant", "modules"),
    [("donet_figure3", "default", "crm"), ("donet_figure6", "drm", "drm")],
)
def test_a_figure_of_a_model_without_its_part_is_refused_at_once(
    figure: str, variant: str, modules: str
) -> None:
    settings = opened("demo-donet").settings
    block = settings.figure(figure).model_copy(update={"variant": variant})
    words = f"studies.x.{figure}.variant: donet/{variant} has `modules: {modules}`"
    with pytest.raises(ValueError, match=words):
        Study("x", settings.model_copy(update={figure: block}))
