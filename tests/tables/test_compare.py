from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec
from helpers.table_scenes import PAPER, compared, study


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_stand_in_is_never_comparable() -> None:
    records = compared(detector=PAPER["detector"], printed_mode="as_published")
    assert records and {r["comparable"] for r in records} == {"no"}
    assert all("stand-in for ISBI2014" in r["reason"] for r in records)
    assert "yes" not in {cell.strip() for cell in Path("compare.md").read_text().split("|")}


def test_every_source_of_a_cell_is_shown_and_the_difference_is_ours_minus_theirs() -> None:
    records = compared(**PAPER)
    found = {
        (r["published_paper"], r["published_table"]): r
        for r in records
        if r["row"] == "Mask R-CNN (R50)" and r["metric"] == "mAP" and r["subset"] == "average"
    }
    assert set(found) == {
        ("GAInS", "III"),
        ("GAInS", "II"),
        ("DoNet", "1"),
        ("DoNet", "3"),
        ("DoNet", "4"),
    }
    record = found["GAInS", "III"]
    assert float(record["mean"]) == pytest.approx(51.5)
    assert float(record["published"]) == 59.59
    assert float(record["difference"]) == pytest.approx(-8.09)
    assert record["difference_in_sd"] == record["sd"] == "" and record["n"] == "1"
    assert record["mode"] == ""
    assert (record["backbone"], record["published_backbone"]) == ("R50", "R50")
    assert float(found["DoNet", "1"]["published"]) == 59.09


def beside_gains(records: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the lines with numbers of the GAInS paper, whose score threshold is ours."""
    return [r for r in records if r["published_paper"] == "GAInS"]


def test_numbers_whose_conditions_are_the_same_are_comparable() -> None:
    found = beside_gains(compared(**PAPER))
    assert found and {r["comparable"] for r in found} == {"yes"}
    same = "same data set, configuration, evaluation and definitions"
    assert {(r["row"], r["reason"]) for r in found} == {
        ("Mask R-CNN (R50)", same),
        ("GAInS (R50)", f"{same}; inferred: published configuration"),  # highlight 0.1 or 0.15
    }


@pytest.mark.parametrize(
    ("change", "reason", "rows"),
    [
        ({"detector": {"backbone": {"name": "resnet18"}}}, "backbone R18, published R50", "all"),
        ({"printed_mode": "clean"}, "AJI in clean mode", "AJI"),
        (
            {"dataset": {**PAPER["dataset"], "maps": {"mode": "clean"}}},
            "anomaly maps in clean mode",
            "GAInS (R50)",
        ),
    ],
)
def test_what_is_not_the_same_is_named(change: dict[str, Any], reason: str, rows: Any) -> None:
    for record in beside_gains(compared(**{**PAPER, **change})):
        concerned = rows in ("all", record["metric"], record["row"])
        assert (record["comparable"] == "no") == concerned
        assert (reason in record["reason"]) == concerned


def test_the_markdown_form_numbers_the_reasons_and_groups_the_recipes() -> None:
    rows = [{"method": "donet", "published": "DoNet"}]
    compared(table={"rows": rows, "metrics": ["AJI"], "subsets": ["average"]}, **PAPER)
    text = Path("compare.md").read_text()
    cells = [[c.strip() for c in line.split("|")] for line in text.splitlines() if "|" in line]
    assert {(line[6], line[-2]) for line in cells if line[1].startswith("DoNet")} == {
        ("GAInS III, DoNet, ISBI2014", "no (1)"),
        ("DoNet 1, DoNet, ISBI2014", "no (1, 2)"),
        ("DoNet 3, Base+DRM+CRM, ISBI2014", "no (1)"),
        ("DoNet 4, Hi+Ho+Hm+FU+Lcons, ISBI2014", "no (1)"),
    }
    assert (
        "1. score threshold 0.05, published 0.9\n2. DoNet DRM+CRM, published DoNet DRM+CRM+MRP\n"
        in text
    )
    assert "- SGD 0.015, batch 1, 20000 steps: DoNet (R50)\n" in text
    assert (
        "- SGD 0.001, batch 2, 60000 steps, checkpoint: best mask AP on validation images, every "
        "10000 steps: GAInS III, DoNet; DoNet 1, DoNet; DoNet 3, Base+DRM+CRM; "
        "DoNet 4, Hi+Ho+Hm+FU+Lcons\n" in text
    )


def test_difference_in_units_of_the_spread() -> None:
    records = compared(seeds=(0, 1), **PAPER)
    record = next(r for r in records if r["metric"] == "mAP" and r["published_table"] == "III")
    sd = 2 / 2**0.5
    assert float(record["sd"]) == pytest.approx(sd, abs=1e-4)
    expected = float(record["difference"]) / sd
    assert float(record["difference_in_sd"]) == pytest.approx(expected, abs=1e-3)


def test_a_difference_is_measured_in_our_spread_beside_a_published_one() -> None:
    table = {
        "paper": "DoNet",
        "table": "1",
        "rows": [{"method": "mask_rcnn", "published": "Mask R-CNN"}],
        "metrics": ["mAP"],
    }
    dataset = {"stands_for": None, "represents": "CPS"}
    records = compared(seeds=(0, 1), table=table, dataset=dataset)
    (record,) = [r for r in records if (r["published_table"], r["subset"]) == ("1", "average")]
    assert (float(record["published"]), float(record["published_spread"])) == (48.28, 3.1)
    expected = float(record["difference"]) / (2 / 2**0.5)
    assert float(record["difference_in_sd"]) == pytest.approx(expected, abs=1e-3)


def test_target_class_stands_beside_the_published_cell_class() -> None:
    records = compared(
        table={"table": "I", "rows": [{"method": "gains", "published": "ws=5"}]}, **PAPER
    )
    record = next(
        r
        for r in records
        if (r["subset"], r["metric"], r["published_row"]) == ("target", "AJI", "ws=5")
    )
    assert (record["published_subset"], float(record["published"])) == ("cell", 75.02)


def test_without_counterpart_the_header_stands_alone() -> None:
    assert compared(table={"rows": [{"method": "gains"}]}) == []
    assert Path("compare.csv").read_text().startswith("study,table,row,dataset")
    assert "No cell" in Path("compare.md").read_text()


def test_missing_table_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="gone.csv"):
        write_compare(compare_spec(study([0])), ["gone.csv"], "compare.csv")
    Path("other.csv").write_text("study,table,row,dataset,subset\n")
    with pytest.raises(ValueError, match="no table given holds t, Mask"):
        write_compare(compare_spec(study([0])), ["other.csv"], "compare.csv")
