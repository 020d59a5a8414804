"""Columns of single named classes, beside the target class and the average."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.published.classes import usual_name
from gains.scoring.score_file import read_scores
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec
from gains.tables.pairs import pairs_of
from gains.tables.specs import TableSpec
from gains.tables.write import write_table
from helpers.table_scenes import PAPER, lines_of, spec_of, study, write_scores

TABLE = {
    "paper": "DoNet",
    "table": "4",
    "metrics": ["mAP", "AJI"],
    "subsets": ["cytoplasm", "nucleus", "average"],
    "rows": [
        {"method": "mask_rcnn", "published": "Hi"},
        {"method": "donet", "published": "Hi+Ho+Hm+FU+Lcons"},
    ],
}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(subsets: list[str] = TABLE["subsets"], **changes: object) -> TableSpec:  # type: ignore[assignment]
    """Write the table from scores of the classes cytoplasm and nuclei, and return its spec."""
    table = spec_of(study([0], table={**TABLE, "subsets": subsets}, **changes))
    write_scores(table, {"donet": 0.7, "": 0.5}, spread=0.02)
    write_table(table, "t.csv")
    return table


def test_a_named_class_has_the_values_of_its_class() -> None:
    table = made()
    found = {(r["method"], r["subset"]): r for r in lines_of("t.csv")}
    for row in table.rows:
        for subset, number in (("cytoplasm", 1), ("nucleus", 2)):
            line, scores = found[str(row.method), subset], read_scores(row.scores["cells"][0])
            for metric, heading in (("mAP", "mAP"), ("AJI", "AJI_clean")):
                value = scores.value(metric, "clean", number)
                assert float(line[heading]) == pytest.approx(100 * (value or 0.0))
    assert found["donet", "nucleus"]["objects"] == "12"


def test_all_files_of_a_table_name_the_classes() -> None:
    made()
    text = Path("t.md").read_text()
    for group in ("cells_1, cytoplasm", "cells_1, nucleus", "cells_1, average over classes"):
        assert group.replace("_", "\\_") in text or group in text
    assert "cytoplasm, nucleus: only objects and detections of this class count." in text
    for kind in ("certainty", "contact"):
        subsets = {line["subset"] for line in lines_of(f"t.{kind}.csv")}
        assert subsets == {"cytoplasm", "nucleus", "average"}


def test_a_table_of_one_named_class_names_it() -> None:
    made(["nucleus"])
    assert ", nucleus" in Path("t.md").read_text().split("Study small")[0]


def test_the_published_number_of_a_class_stands_beside_the_measured_one() -> None:
    found = study([0], table=TABLE, **PAPER)
    made(**PAPER)
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")
    printed = {
        (r["published_row"], r["subset"]): float(r["published"])
        for r in lines_of("compare.csv")
        if (r["published_table"], r["metric"]) == ("4", "mAP")
    }
    assert printed == {
        ("Hi", "cytoplasm"): 50.71,
        ("Hi", "nucleus"): 67.46,
        ("Hi", "average"): 59.09,
        ("Hi+Ho+Hm+FU+Lcons", "cytoplasm"): 59.31,
        ("Hi+Ho+Hm+FU+Lcons", "nucleus"): 67.56,
        ("Hi+Ho+Hm+FU+Lcons", "average"): 63.43,
    }


def test_a_class_that_the_data_set_lacks_is_refused() -> None:
    message = (
        r"scores\.json: `subsets` names the class 'cytoplasma', which the data set lacks; did you "
        "mean 'cytoplasm'\\? expected average, target or one of its classes: cytoplasm, nuclei"
    )
    with pytest.raises(ValueError, match=message):
        made(["cytoplasma"])


def test_scores_of_an_earlier_version_do_not_name_the_classes() -> None:
    table = spec_of(study([0], table=TABLE))
    write_scores(table, {"": 0.5})
    for path in map(Path, table.score_paths):
        path.write_text(path.read_text().replace('"categories"', '"other"'))
    with pytest.raises(ValueError, match="expected the names of the classes, .* score the"):
        write_table(table, "t.csv")


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        # all classes, which the study does not name
        (None, {"average"}),
        # an average over cytoplasms is a number of cytoplasms, and none of the average over both
        (["cytoplasm"], {"cytoplasm"}),
        (["nuclei"], {"nucleus"}),
        # some of more classes: no paper prints their average
        (["cytoplasm", "nuclei"], set()),
    ],
)
def test_an_average_over_kept_categories_is_no_average_over_all(
    kept: list[str] | None, expected: set[str]
) -> None:
    dataset = {**PAPER["dataset"], "categories": kept}
    table = spec_of(study([0], table={**TABLE, "subsets": ["average"]}, dataset=dataset))
    beside = {usual_name(pair.published.subset) for pair in pairs_of(table)}
    assert beside == expected
