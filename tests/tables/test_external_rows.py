"""Rows that show predictions of other programs: settings, runs, table, notes, comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.config.base import validated
from gains.config.tables import RowSettings
from gains.study.external import external_runs
from gains.study.problems import missing_inputs_of
from gains.study.study import Study
from gains.support.files import read_json, write_json
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec, summary_spec
from gains.tables.summary import write_summary
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, scores, spec_of, study

CELLPOSE = {"external": "cp", "label": "Cellpose 3"}
STARDIST = {"external": "sd.json", "label": "StarDist", "category": "cell"}
METHOD = {"method": "mask_rcnn"}


def external_study(*rows: dict[str, Any], seeds: tuple[int, ...] = (0,), **changes: Any) -> Study:
    """Return a study with these rows."""
    table = {"table": None, "rows": list(rows), "subsets": ["average"], **changes.pop("table", {})}
    return study(list(seeds), table=table, **changes)


def write(found: Study, value: float = 0.7) -> None:
    """Write score files of all rows; those of Cellpose are said to have no scores."""
    for path in spec_of(found).score_paths:
        extra = {}
        if "/external/" in path:
            scored = "Cellpose" not in path
            kind, absent = ("COCO", []) if scored else ("label images", ["nucleus"])
            extra = {"external": {"format": kind, "scored": scored, "absent": absent}}
        write_json(path, scores(value) | extra)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "two kinds": ({**METHOD, **CELLPOSE}, "method 'mask_rcnn' and external predictions; write a r"),
    "no label": ({"external": "cp"}, "external predictions have no name; add a `label`"),
    "a variant": ({**CELLPOSE, "variant": "w3"}, "variant 'w3' without a method"),
    "data sets twice": (
        {**CELLPOSE, "external": {"a": "x"}, "datasets": ["a"]},
        "names the data sets of this row already",
    ),
    "a category alone": ({**METHOD, "category": "cell"}, "category is for `external` predictions"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_row_is_refused(case: str) -> None:
    row, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        validated(RowSettings, row, "row")


def test_a_path_for_each_data_set() -> None:
    two: dict[str, Any] = {
        "datasets": {"a": {"source": "synthetic-cells"}, "b": {"source": "synthetic-cells"}}
    }
    with pytest.raises(
        ValueError, match="one path of external predictions, but the row has the da"
    ):
        external_study(METHOD, CELLPOSE, **two)
    with pytest.raises(ValueError, match="'Cellpose 3'.datasets: there is no 'c'"):
        external_study(METHOD, {**CELLPOSE, "external": {"c": "x"}}, **two)
    found = external_study(METHOD, {**CELLPOSE, "external": {"b": "x"}}, **two)
    assert [run.path for run in external_runs(found)] == ["b/external/Cellpose-3/seed0/fold0"]


def test_missing_files_are_named_until_they_were_read() -> None:
    found = external_study(CELLPOSE, dataset={"split": {"folds": 2}})
    sentence = (
        "external row 'Cellpose-3': cp does not exist; correct the path, or put the predictions "
        "for cells there"
    )
    assert missing_inputs_of(found) == [sentence]
    Path("cp").mkdir()
    assert missing_inputs_of(found) == []
    Path("cp").rmdir()
    for run in external_runs(found):
        assert missing_inputs_of(found) == [sentence]
        write_json(found.run_folder(run) / "test.predictions.json.gz", [])
    assert missing_inputs_of(found) == []


def test_two_rows_of_one_name_are_refused() -> None:
    with pytest.raises(
        ValueError, match="shows other on cells, but another row of this name shows"
    ):
        external_study(METHOD, CELLPOSE, {"external": "other", "label": "Cellpose-3"})


def test_every_fold_is_scored_once_without_seeds() -> None:
    found = external_study(METHOD, CELLPOSE, seeds=(1, 2), dataset={"split": {"folds": 3}})
    assert [(r.seed, r.fold) for r in external_runs(found)] == [(0, 0), (0, 1), (0, 2)]
    write(found)
    write_table(spec_of(found), "t.csv")
    assert [line["n"] for line in lines_of("t.csv")] == ["6", "3"]
    assert "over seeds and folds (n = 3/6)" in Path("t.md").read_text()


def test_the_table_marks_external_rows() -> None:
    found = external_study(METHOD, CELLPOSE, STARDIST)
    write(found)
    write_table(spec_of(found), "t.csv")
    trained, cellpose, stardist = lines_of("t.csv")
    assert (trained["external"], trained["external_scores"]) == ("", "")
    assert (cellpose["external"], cellpose["external_scores"]) == ("label images", "no")
    assert (stardist["external"], stardist["external_scores"]) == ("COCO", "yes")
    assert (cellpose["method"], cellpose["n"], cellpose["AJI_clean"]) == ("", "1", "71.5000")
    notes = Path("t.md").read_text()
    assert "read from files (Cellpose 3: label images; StarDist: COCO) and scored like" in notes
    assert "The files of Cellpose 3 hold no scores" in notes
    assert "Their mAP: detections without a ranking, not to be compared" in notes
    assert "Cellpose 3 has no detection of nucleus on cells\\_1, so nucleus counts as miss" in notes
    assert "StarDist has no" not in notes
    assert "Training (optimiser" in notes and "Mask R-CNN (R18)" in notes


@pytest.mark.parametrize(("row", "bold"), [(CELLPOSE, (False, True)), (STARDIST, (True, True))])
def test_an_ap_without_ranking_is_never_bold(row: dict[str, Any], bold: tuple[bool, bool]) -> None:
    found = external_study(METHOD, row)
    write(found, 0.5)
    for path in spec_of(found).score_paths:
        if "/external/" in path:
            write_json(path, read_json(path) | scores(0.9))
    write_table(spec_of(found), "t.csv")
    lines = Path("t.md").read_text().splitlines()
    (line,) = [line for line in lines if str(row["label"]) in line and line.startswith("|")]
    assert tuple("**" in cell for cell in line.split("|")[2:4]) == bold


def test_a_table_without_ap_says_nothing_on_ranking() -> None:
    found = external_study(METHOD, CELLPOSE, table={"metrics": ["AJI"]})
    write(found)
    write_table(spec_of(found), "t.csv")
    assert "ranking" not in Path("t.md").read_text()


def test_a_table_of_external_rows_alone() -> None:
    found = external_study(CELLPOSE, STARDIST)
    write(found)
    write_table(spec_of(found), "t.csv")
    assert len(lines_of("t.csv")) == 2
    assert "Training (optimiser" not in Path("t.md").read_text()
    assert list(found.runs()) == []


def test_scores_of_a_model_are_no_external_ones() -> None:
    found = external_study(CELLPOSE)
    (path,) = spec_of(found).score_paths
    write_json(path, scores(0.7))
    with pytest.raises(ValueError, match="expected scores of external predictions .Cellpose 3."):
        write_table(spec_of(found), "t.csv")


def test_an_external_row_beside_a_published_one_is_never_comparable() -> None:
    row = {**CELLPOSE, "published": "Mask R-CNN (R50)"}
    dataset = {"stands_for": None, "represents": "ISBI2014"}
    found = external_study(METHOD, row, table={"table": "III"}, dataset=dataset)
    write(found)
    write_table(spec_of(found), "t.csv")
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")
    lines = lines_of("compare.csv")
    assert {line["row"] for line in lines} == {"Cellpose 3"}
    assert {line["comparable"] for line in lines} == {"no"}
    assert {line["configuration"] for line in lines} == {"external"}
    assert all(line["reason"].startswith("predictions of another program") for line in lines)
    assert "predictions of another program" in Path("compare.md").read_text()


def test_the_summary_holds_external_rows() -> None:
    found = external_study(METHOD, CELLPOSE)
    write(found)
    write_summary(summary_spec(found).scores, "summary.json")
    assert set(read_json("summary.json")["cells"]) == {"mask_rcnn/default", "external/Cellpose-3"}


def test_the_specification_of_other_tables_stays() -> None:
    written = spec_of(external_study(METHOD)).model_dump(mode="json")
    assert "external" not in written["rows"][0]
