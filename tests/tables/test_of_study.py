"""The specification of a table: its rows, labels and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.study.opening import open_study
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec, table_spec
from gains.tables.specs import TableSpec
from gains.tables.write import write_table
from helpers.paths import ROOT
from helpers.table_scenes import lines_of, spec_of, study, write_scores


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_rows_stand_in_the_published_order_and_name_the_real_backbone() -> None:
    labels = [row.label for row in spec_of(study([0])).rows]
    assert labels == ["Mask R-CNN (R18)", "GAInS (R18)"]


def test_rows_without_a_published_row_come_last_in_their_own_order() -> None:
    names = [("htc", None), ("gains", "GAInS"), ("pisa", None), ("mask_rcnn", "Mask R-CNN (R50)")]
    rows = [{"method": m} | ({"published": p} if p else {}) for m, p in names]
    found = [row.method for row in spec_of(study([0], table={"rows": rows})).rows]
    assert found == ["mask_rcnn", "gains", "htc", "pisa"]


def test_labels_of_the_demo() -> None:
    found = open_study(ROOT / "config.yaml", "demo")
    rows = table_spec(found, "table3").rows
    assert [row.label for row in rows] == [
        "Mask R-CNN (R18)",
        "Mask R-CNN (R34)",
        "Mask Scoring R-CNN (R18)",
        "PISA (R18)",
        "Cascade R-CNN (R18)",
        "CondInst (R18)",
        "HTC (R18)",
        "PointRend (R18)",
        "Occlusion R-CNN (R18)",
        "DoNet (R18)",
        "FastInst (R18)",
        "GAInS (R18)",
        "GAInS (R34)",
    ]
    assert table_spec(found, "table1").rows[0].label == "w = 3"
    table2 = table_spec(found, "table2")
    assert TableSpec.model_validate_json(table2.model_dump_json()) == table2


def test_backbone_that_differs_between_data_sets_is_named_for_each() -> None:
    other = {"detector": {"backbone": {"name": "resnet50"}}}
    table = spec_of(
        study(
            [0],
            datasets={
                "a": {"source": "synthetic-nuclei"},
                "b": {**other, "source": "synthetic-cells"},
            },
        )
    )
    assert table.rows[0].label == "Mask R-CNN (R18/R50)"
    write_scores(table, {"": 0.5})
    write_table(table, "t.csv")
    assert {(r["dataset"], r["backbone"]) for r in lines_of("t.csv")} == {
        ("a", "R18"),
        ("b", "R50"),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": [{"method": "gains", "published": "GAInSS"}]}, "did you mean 'GAInS'"),
        ({"table": "IX"}, "no published table GAInS IX"),
        ({"table": None}, "no published table is given"),
        ({"metrics": ["AJII"]}, "did you mean 'AJI'"),
        ({"metrics": ["FDR"]}, "no metric 'FDR' in clean mode"),
        ({"rows": [{"method": "gains"}, {"method": "gains"}]}, "2 rows read 'GAInS"),
    ],
)
def test_wrong_table_settings_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec_of(study([0], table=change))


TWO_SETS: dict[str, Any] = {
    name: {"source": "synthetic-cells", "represents": published}
    for name, published in (("a", "ISBI2014"), ("b", "UCOC"))
}
ROWS = [
    {"method": "gains", "published": "GAInS"},
    {"method": "mask_rcnn", "published": "Mask R-CNN (R50)", "datasets": ["b"]},
    {"method": "fastinst", "variant": "published-threshold", "published": "FastInst"},
]


def test_a_row_with_fewer_data_sets_is_trained_on_them_alone() -> None:
    found = study([0], datasets=TWO_SETS, table={"rows": ROWS})
    assert [r.dataset for r in found.runs() if r.method == "mask_rcnn"] == ["b"]
    assert [r.dataset for r in found.runs() if r.method == "gains"] == ["a", "b"]
    table = spec_of(found)
    write_scores(table, {"": 0.5})
    write_table(table, "t.csv")
    assert [r["dataset"] for r in lines_of("t.csv") if r["method"] == "mask_rcnn"] == ["b"] * 2
    row = next(line for line in Path("t.md").read_text().splitlines() if "Mask R-CNN" in line)
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    assert cells == ["–"] * 4 + ["31.00", "51.00", "31.50", "51.50"]
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")
    compared = lines_of("compare.csv")
    assert {r["dataset"] for r in compared if r["row"].startswith("Mask")} == {"b"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["c"], "mask_rcnn/default.datasets: there is no 'c'; .*known: a, b"),
        ([], "at least 1 item"),
    ],
)
def test_wrong_data_sets_of_a_row_are_named(names: list[str], message: str) -> None:
    rows = [{"method": "gains"}, {"method": "mask_rcnn", "datasets": names}]
    with pytest.raises(ValueError, match=message):
        study([0], datasets=TWO_SETS, table={"rows": rows})


def test_a_data_set_that_no_row_has_is_named() -> None:
    with pytest.raises(ValueError, match="tables.t: no row with a method has the data set 'a'"):
        study([0], datasets=TWO_SETS, table={"rows": [{"method": "gains", "datasets": ["b"]}]})


def test_a_training_in_short_words_names_the_weights_that_are_picked() -> None:
    found = study([0], methods={"gains": {"recipe": {"select": "best"}}})
    words = {row.label: row.cells["cells"].training.words for row in spec_of(found).rows}
    picked = ", checkpoint: best mAP on validation images at score threshold 0.05, every 2000 steps"
    assert words["GAInS (R18)"].endswith(picked)
    assert words["GAInS (R18)"].removesuffix(picked) == words["Mask R-CNN (R18)"]


def test_a_training_in_short_words_names_its_augmentation_with_all_settings() -> None:
    found = study([0], recipe={"augmentations": [{"name": "rotation", "p": 1}, {"name": "crop"}]})
    words = spec_of(found).rows[0].cells["cells"].training.words
    transforms = "rotation (p 1, degrees -180 to 180) + crop (p 0.5, share 0.5 to 1)"
    assert words.endswith(f" steps, augmented by {transforms}")


def test_a_file_of_a_table_names_no_key_that_the_table_does_not_use() -> None:
    text = spec_of(study([0])).model_dump_json()
    for key in ("selection", "augmented_by", "picked_on_test", "quoted", "absent"):
        assert f'"{key}"' not in text
