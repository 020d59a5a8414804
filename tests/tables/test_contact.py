"""The table of scores by contact, from artificial score files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gains.support.files import read_json, write_json
from gains.tables.contact.sections import contact_sections
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, spec_of, study, write_scores


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_row_and_kind_has_its_value_its_objects_and_an_interval() -> None:
    table = spec_of(study([0, 1]))
    write_scores(table, {"mask_rcnn": 0.5, "gains/default/seed0": 0.6, "gains": 0.7})
    write_table(table, "t.csv")
    lines = lines_of("t.contact.csv")
    found = {(r["row"], r["subset"], r["measure"], r["kind"]): r for r in lines}
    assert len(found) == len(lines)
    row = next(r["row"] for r in lines if r["row"].startswith("GAInS"))
    crossing = found[row, "target", "R50", "crossing"]
    # the mean over seeds of 61 and 71, of 4 objects; both classes have 4, and are 61.5 and 71.5
    assert (crossing["value"], crossing["objects"], crossing["n"]) == ("66.0000", "4", "2")
    average = found[row, "average", "R50", "crossing"]
    assert (average["value"], average["objects"]) == ("66.5000", "8")
    assert (average["low"], average["high"]) == ("", ""), "only four images have such objects"
    everywhere = found[row, "average", "R50", "isolated"]
    assert float(everywhere["low"]) <= 66.5 <= float(everywhere["high"])
    assert found[row, "target", "AP50", "crossing"]["value"] == "66.0000"
    nothing = found[row, "target", "R50", "touching"]
    assert (nothing["value"], nothing["low"], nothing["objects"]) == ("", "", "0")


def test_the_markdown_names_kinds_with_their_objects_and_warns_of_few() -> None:
    table = spec_of(study([0]))
    write_scores(table, {"mask_rcnn": 0.5, "gains": 0.6})
    write_table(table, "t.csv")
    text = Path("t.contact.md").read_text()
    assert "isolated (n = 12)" in text and "crossing (n = 4)" in text
    assert "touching (n" not in text
    assert "No objects, so no column: touching" in text
    assert "Fewer than 12 objects: crossing. Do not rely on their values." in text
    assert "Fewer than 5 test images (in brackets) with such objects of each class" in text
    assert "no interval and no test: crossing (4)." in text
    assert "- R50 crossing: " in text and "R50 touching: " not in text


def test_the_rarest_class_decides_whether_a_mean_over_classes_has_an_interval() -> None:
    table = spec_of(study([0]))
    write_scores(table, {"mask_rcnn": 0.5, "gains": 0.6})
    for path in table.score_paths:
        content = read_json(path)
        # objects of the second class are isolated in one image alone, half of them are found
        terms = content["contact"]["2"]["terms"]["R50 isolated"]
        terms["over"], terms["under"] = "1" + " 0" * 11, "2" + " 0" * 11
        write_json(path, content)
    target, average = contact_sections(table)
    for section, images, known in ((target, 12, True), (average, 1, False)):
        (standing, _) = section.judgements["R50 isolated"].standings
        assert standing.support == images
        assert not known or standing.support >= 5
        pair = section.judgements["R50 isolated"].differences[0]
        assert math.isnan(pair.p) != known


def test_a_fold_without_objects_of_a_kind_does_not_enter_its_mean() -> None:
    table = spec_of(study([0, 1]))
    write_scores(table, {"": 0.5})
    path = next(path for path in table.score_paths if "gains/default/seed1" in path)
    content = read_json(path)
    for block in content["contact"].values():
        block["terms"]["R50 crossing"] = dict.fromkeys(("over", "under"), " ".join(["0"] * 12))
    write_json(path, content)
    (target, _) = contact_sections(table)
    row = next(row for row in target.rows if row.startswith("GAInS"))
    assert target.cell(row, "R50", "crossing").score.mean == pytest.approx(51)
    assert target.cell(row, "R50", "isolated").score.n == 2


def test_a_score_file_of_an_earlier_version_is_refused() -> None:
    table = spec_of(study([0]))
    write_scores(table, {"": 0.5})
    content = read_json(table.score_paths[0])
    del content["contact"]
    write_json(table.score_paths[0], content)
    with pytest.raises(ValueError, match=r"expected the block `contact`.*score the predictions"):
        write_table(table, "t.csv")
