"""Rows without a method, which quote the numbers of a published row: DoNet, Table 2."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gains.published.records import numbers
from gains.study.plan import plan
from gains.study.study import Study
from gains.tables.compare import write_compare
from gains.tables.notes import notes_of
from gains.tables.of_study import compare_spec
from gains.tables.specs import TableSpec
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, spec_of, study, write_scores

CELLS: dict[str, Any] = {"source": "synthetic-cells", "represents": "ISBI2014", "title": "ISBI"}
ROWS: list[dict[str, Any]] = [
    {"method": "donet", "published": "DoNet"},
    {"method": "mask_rcnn"},
    {"published": "Chen et al.", "label": "Chen 2022"},
    {"published": "Tareef et al."},
]
MADE: list[dict[str, Any]] = [{"method": "mask_rcnn"}, {"published": "Chen et al."}]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def quoting(rows: list[dict[str, Any]] = ROWS, **changes: Any) -> Study:
    """Return a study whose table is compared with Table 2 of DoNet."""
    table = {
        "paper": "DoNet",
        "table": "2",
        "metrics": ["Dice", "FNo", "mAP"],
        "subsets": ["target"],
        **changes.pop("table", {}),
        "rows": rows,
    }
    changes = {"datasets": {"cells": CELLS}, "printed_mode": "as_published", **changes}
    return study([0, 1], table=table, **changes)


def made(found: Study, value: float = 0.5) -> TableSpec:
    """Write the table of a study from artificial scores, and return its specification."""
    table = spec_of(found)
    write_scores(table, {"": value})
    write_table(table, "t.csv")
    return table


def quotations(found: Study) -> list[tuple[str, str, str, float]]:
    """Return data set, classes, metric and value of everything that the rows of a study quote."""
    numbers = [number for row in spec_of(found).rows for number in row.quoted]
    return [(n.dataset, n.subset, n.metric, n.value) for n in numbers]


def test_nothing_is_trained_for_a_quoted_row() -> None:
    found = quoting()
    assert {run.method for run in found.runs()} == {"donet", "mask_rcnn"}
    assert [(p.method, p.total) for p in plan(found)] == [("donet", 2), ("mask_rcnn", 2)]


def test_quoted_rows_stand_in_the_published_order_under_their_published_name() -> None:
    labels = [row.label for row in spec_of(quoting()).rows]
    assert labels == ["Tareef et al.", "Chen 2022", "DoNet (R18)", "Mask R-CNN (R18)"]


def test_quoted_numbers_are_marked_as_printed_and_never_best() -> None:
    made(quoting())
    lines = Path("t.md").read_text().splitlines()
    cells = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in lines
        if line.startswith("| ")
    }
    # 0.920 and 0.020 in the paper, which prints no AP; scores are 0.51, and 0.1 less as published
    assert cells["Chen 2022"] == ["92.00 ‡", "2.00 ‡", "–"]
    assert cells["Tareef et al."] == ["89.80 ‡", "16.10 ‡", "–"]
    assert cells["DoNet (R18)"] == ["41.00 ± 0.00", "41.00 ± 0.00", "31.00 ± 0.00"]
    assert "Chen 2022 & 92.00 $\\ddagger$ & 2.00 $\\ddagger$ & -- \\\\" in Path("t.tex").read_text()


AGAINST = "definition: ISBI 2014 challenge, measured: DoNet's evaluator"


def test_a_quoted_row_of_the_csv_has_no_measured_value() -> None:
    made(quoting())
    lines = lines_of("t.csv")
    assert [r["row"] for r in lines] == [row.label for row in spec_of(quoting()).rows]
    own = {k: v for k, v in lines[1].items() if v}
    assert own == {
        "study": "small",
        "table": "t",
        "row": "Chen 2022",
        "dataset": "cells",
        "subset": "target",
        "n": "0",
        "quoted_from": "DoNet Table 2, Chen et al.",
        "Dice_quoted": "92.0000",
        "Dice_quoted_not_comparable": AGAINST,
        "FNo_quoted": "2.0000",
        "FNo_quoted_not_comparable": AGAINST,
    }
    assert not [v for k, v in lines[2].items() if "quoted" in k and v]
    assert (lines[2]["method"], lines[2]["n"]) == ("donet", "2")


def test_a_printed_spread_is_quoted_too() -> None:
    table = {"table": "1", "metrics": ["mAP"], "subsets": ["average"]}
    sets = {"cells": {**CELLS, "represents": "CPS"}}
    rows = [{"method": "donet"}, {"published": "Mask R-CNN"}]
    made(quoting(rows, table=table, datasets=sets))
    assert "48.28 ± 3.10 †" in Path("t.md").read_text()
    (line,) = (r for r in lines_of("t.csv") if r["quoted_from"])
    assert (line["mAP_quoted"], line["mAP_quoted_spread"]) == ("48.2800", "3.1000")
    assert line["mAP_sd"] == ""


@pytest.mark.parametrize(
    "change",
    [
        {"represents": None, "stands_for": "ISBI2014"},
        {"represents": "CPS"},
        {"maps": {"target_category": 2}},
    ],
)
def test_nothing_is_quoted_on_other_objects(change: dict[str, Any]) -> None:
    assert quotations(quoting(MADE)) == [
        ("cells", "target", "Dice", 92.0),
        ("cells", "target", "FNo", 2.0),
    ]
    assert quotations(quoting(MADE, datasets={"cells": {**CELLS, **change}})) == []


def test_a_mean_over_the_target_class_is_not_quoted_as_a_mean_over_classes() -> None:
    assert quotations(quoting(MADE, table={"subsets": ["average"]})) == []
    both = {"metrics": ["Dice"], "subsets": ["average", "target"]}
    assert quotations(quoting(MADE, table=both)) == [("cells", "target", "Dice", 92.0)]


def test_a_row_quotes_only_on_its_own_data_sets() -> None:
    sets = {"a": CELLS, "b": CELLS}
    rows = [MADE[0], {**MADE[1], "datasets": ["b"]}]
    assert {place for place, *_ in quotations(quoting(rows, datasets=sets))} == {"b"}


NAMED = "are not measured here: DoNet Table 2 prints them ({}). The notes above are about the other"
APART = "‡ Cannot be compared with the measured values"


@pytest.mark.parametrize(
    ("row", "changes", "expected"),
    [
        ("Chen et al.", {}, f"{APART} ({AGAINST}): Dice, FNo on ISBI."),
        (
            "Chen et al.",
            {"printed_mode": "clean"},
            f"{APART} (definition: ISBI 2014 challenge, measured: clean mode): Dice, FNo on ISBI.",
        ),
        (
            "DoNet",
            {},
            "† Same definition as the measured values (DoNet's evaluator), but models and training "
            "of the paper: Dice on ISBI.",
        ),
        (
            "DoNet",
            {},
            f"{APART} (definition: unknown, measured: DoNet's evaluator): FNo on ISBI.",
        ),
        (
            "DoNet",
            {"datasets": {"cells": {**CELLS, "source": "isbi2014"}}},
            f"{APART} (official split, measured: random split (seed 0)): Dice on ISBI.",
        ),
    ],
)
def test_the_notes_tell_what_speaks_against_a_comparison(
    row: str, changes: dict[str, Any], expected: str
) -> None:
    notes = notes_of(spec_of(quoting([MADE[0], {"published": row}], **changes)))
    assert expected in notes
    assert [note for note in notes if NAMED.format(row) in note]


def test_other_notes_are_those_of_the_measured_rows() -> None:
    plain = notes_of(spec_of(quoting(ROWS[:2])))
    assert notes_of(spec_of(quoting()))[: len(plain)] == plain


def test_a_data_set_without_quoted_numbers_is_told() -> None:
    sets = {"a": CELLS, "b": {"source": "synthetic-cells", "stands_for": "ISBI2014"}}
    notes = notes_of(spec_of(quoting(MADE, datasets=sets)))
    assert "Nothing is quoted on b: no published data set." in notes


def test_a_row_that_quotes_nothing_is_told() -> None:
    notes = notes_of(spec_of(quoting(ROWS, table={"metrics": ["mAP"]})))
    assert notes[-1].startswith("Nothing is quoted in the row of Tareef et al., Chen 2022: DoNet")
    assert not [note for note in notes if "not measured here" in note]


def test_numbers_of_the_layering_paper_on_cells_are_those_of_the_cytoplasms() -> None:
    sets = {"cells": {**CELLS, "represents": "OCC2014"}}
    table = {"paper": "Layering", "table": "1", "metrics": ["AJI_pooled_layering"]}
    rows = [MADE[0], {"published": "StarDist"}]
    for subset, found in (("average", 0), ("target", 1)):
        table["subsets"] = [subset]
        assert len(quotations(quoting(rows, table=dict(table), datasets=sets))) == found


def test_the_comparison_has_no_line_of_a_quoted_row() -> None:
    found = quoting()
    made(found)
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")
    assert {r["row"] for r in lines_of("compare.csv")} == {"DoNet (R18)"}


def test_the_specification_travels_in_a_file() -> None:
    table = spec_of(quoting())
    assert TableSpec.model_validate_json(table.model_dump_json()) == table
    assert "quoted" not in spec_of(quoting(ROWS[:2])).model_dump_json()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS[2:], "tables.t: no row has a method, so that nothing is measured"),
        ([MADE[0], {"label": "x"}], "expected a method, or `published`"),
        ([MADE[0], {"published": "DoNet", "variant": "deep"}], "variant 'deep' without a method"),
        ([MADE[0], {"published": "DoNett"}], "has no row 'DoNett'; did you mean 'DoNet'"),
        ([MADE[0], {**MADE[1], "datasets": ["c"]}], "'Chen et al.'.datasets: there is no 'c'"),
        ([{"method": "donet", "label": "Chen et al."}, MADE[1]], "2 rows read 'Chen et al.'"),
    ],
)
def test_rows_that_cannot_be_are_refused(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec_of(quoting(rows))


def test_a_quoted_row_needs_the_number_of_its_published_table() -> None:
    with pytest.raises(ValueError, match="no published table is given"):
        spec_of(quoting(MADE, table={"table": None}))


def test_a_data_set_of_quoted_rows_alone_is_refused() -> None:
    rows = [{"method": "donet", "datasets": ["a"]}, MADE[1]]
    with pytest.raises(ValueError, match="no row with a method has the data set 'b'"):
        quoting(rows, datasets={"a": CELLS, "b": CELLS})


def test_no_two_published_numbers_compete_for_one_cell() -> None:
    places = Counter(
        (n.paper, n.table, n.row, n.dataset, n.metric, subset)
        for n in numbers()
        for subset in ("target", "average", "nucleus")
        if n.is_of(subset)
    )
    assert [place for place, count in places.items() if count > 1] == []
