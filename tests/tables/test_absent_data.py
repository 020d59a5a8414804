"""Tables of a study whose optional data set is not on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.study.plan import plan
from gains.study.show import of_study
from gains.support.files import write_json
from gains.tables.compare import write_compare
from gains.tables.notes import notes_of
from gains.tables.of_study import compare_spec, summary_spec
from gains.tables.rescore import rescore
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, spec_of, study, write_scores

OWN: dict[str, Any] = {
    "title": "Own cells",
    "source": "folder",
    "optional": True,
    "represents": "ISBI2014",
    "options": {"images": "own/images", "labels": "own/cells.json"},
    "split": {"file": "own/lists.json"},
}
SETS: dict[str, Any] = {
    "cells": {"source": "synthetic-cells", "stands_for": "ISBI2014"},
    "own": OWN,
}
NOTE = (
    "Own cells is not on this machine (own/cells.json does not exist), so its measured cells are "
    "empty and the table is not complete; docs/datasets.md says how to get it."
)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put() -> None:
    """Put the files of the optional data set in place."""
    Path("own/images").mkdir(parents=True)
    write_json("own/cells.json", {})
    write_json("own/lists.json", {"train": ["a"], "test": ["b"]})


def test_an_absent_data_set_has_no_runs_and_empty_cells() -> None:
    found = study([0, 1], datasets=SETS)
    assert found.absent == {"own": Path("own/cells.json")}
    assert {run.dataset for run in found.runs()} == {"cells"}
    assert {run.dataset for run in found.trainings()} == {"cells"}
    table = spec_of(found)
    write_scores(table, {"gains": 0.8, "": 0.5})
    write_table(table, "t.csv")
    lines = [r for r in lines_of("t.csv") if r["dataset"] == "own"]
    assert [(r["row"], r["n"]) for r in lines[::2]] == [
        ("Mask R-CNN (R18)", "0"),
        ("GAInS (R18)", "0"),
    ]
    empty = [v for r in lines for k, v in r.items() if k.startswith(("mAP", "AP", "AJI", "F"))]
    assert set(empty) == {""}
    text = Path("t.md").read_text()
    (row,) = (line for line in text.splitlines() if line.startswith("| GAInS"))
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    assert cells[:2] == ["**61.00 ± 0.00**", "**81.00 ± 0.00**"]
    assert cells[4:] == ["–"] * 4
    assert f"- {NOTE}\n" in text
    assert NOTE in Path("t.tex").read_text()
    assert "(n = 2)" in text


def test_what_is_there_is_no_different_beside_an_absent_data_set() -> None:
    for name, sets in (("with", SETS), ("without", {"cells": SETS["cells"]})):
        table = spec_of(study([0], datasets=sets))
        write_scores(table, {"": 0.5})
        write_table(table, f"{name}.csv")
    assert [r for r in lines_of("with.csv") if r["dataset"] == "cells"] == lines_of("without.csv")
    notes = [p for p in Path("with.md").read_text().splitlines() if "not complete" not in p]
    assert "One seed" in "".join(notes)


def test_the_comparison_says_what_is_absent_and_leaves_it_out() -> None:
    found = study([0], datasets=SETS)
    write_scores(spec_of(found), {"": 0.5})
    write_table(spec_of(found), "t.csv")
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")
    assert {r["dataset"] for r in lines_of("compare.csv")} == {"cells"}
    sentence = "own is not on this machine (own/cells.json does not exist), so no cell on it is"
    assert sentence in Path("compare.md").read_text()


def test_a_table_of_absent_data_sets_alone_cannot_be_made() -> None:
    found = study([0], datasets=SETS, table={"datasets": ["own"]})
    assert found.tables == []
    with pytest.raises(FileNotFoundError, match=r"table 't': none of its data sets .*own/cells"):
        write_table(spec_of(found), "t.csv")
    with pytest.raises(FileNotFoundError, match="'own' is not on this machine: own/cells.json"):
        rescore(found, Path("out"))


def test_what_shows_a_study_tells_which_data_sets_are_absent() -> None:
    found = study([0], datasets=SETS)
    assert of_study(found)["absent"] == {"own": "own/cells.json"}
    assert [p.total for p in plan(found)] == [1, 1]
    assert all("cells/" in path for path in summary_spec(found).scores)


def test_the_files_bring_the_data_set_back() -> None:
    put()
    found = study([0], datasets=SETS)
    assert found.absent == {}
    assert {run.dataset for run in found.runs()} == {"cells", "own"}
    assert "absent" not in of_study(found)
    table = spec_of(found)
    assert NOTE not in notes_of(table)
    assert table.model_dump() == spec_of(study([0], datasets=SETS)).model_dump()
    assert "absent" not in table.model_dump_json()


def test_what_was_converted_before_the_files_vanished_stays() -> None:
    converted = Path("data/small/coco/own.json")
    write_json(converted, {})
    write_json("own/lists.json", {"train": ["a"], "test": ["b"]})
    found = study([0], datasets=SETS)
    assert found.missing == {"own": Path("own/cells.json")}
    assert found.absent == {}
    assert {run.dataset for run in found.runs()} == {"cells", "own"}


@pytest.mark.parametrize("present", [True, False])
def test_lists_of_a_data_set_count_when_it_is_there(present: bool) -> None:
    if not present:
        assert spec_of(study([0], datasets=SETS)).datasets[1].folds == 1
        return
    put()
    Path("own/lists.json").unlink()
    with pytest.raises(FileNotFoundError, match="own/lists.json"):
        study([0], datasets=SETS)
    sets = {**SETS, "own": {**OWN, "optional": False}}
    with pytest.raises(FileNotFoundError, match="own/lists.json"):
        study([0], datasets=sets)


def test_rows_of_an_absent_data_set_are_checked() -> None:
    rows = [{"method": "gains"}, {"method": "mask_rcnn", "variant": "w", "datasets": ["own"]}]
    with pytest.raises(ValueError, match="has no variant 'w'"):
        study([0], datasets=SETS, table={"rows": rows})


def test_a_data_set_that_is_not_optional_is_never_absent() -> None:
    sets = {**SETS, "own": {**OWN, "optional": False, "split": {}}}
    found = study([0], datasets=sets)
    assert found.absent == {}
    assert {run.dataset for run in found.runs()} == {"cells", "own"}
