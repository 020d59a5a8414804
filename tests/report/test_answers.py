"""The answers at the top of a report: numbers of images and objects, ranks, kinds of contact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.report.answers import answers
from gains.tables.certainty.sections import judge_table
from gains.tables.contact.sections import contact_sections
from helpers.table_scenes import spec_of, study, write_scores


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(values: dict[str, float], images: int = 12, **changes: Any) -> str:
    """Return the answer of a table whose metric is AJI, without and with contacts."""
    given = {"metrics": ["AJI"], "subsets": ["target"], **changes}
    table = spec_of(study([0], table=given, printed_mode="clean"))
    write_scores(table, values, images=images, spread=0.01)
    (answer,) = answers(table, judge_table(table), contact_sections(table))
    return " ".join([*answer.sentences, *answer.by_contact])


def test_a_row_that_is_ahead_is_named_with_its_value_and_its_interval() -> None:
    text = said({"gains": 0.8, "mask_rcnn": 0.6})
    assert text.startswith("GAInS (R18) has the best AJI, 81.0 [")
    assert "], ahead of Mask R-CNN (R18). Measured on 12 test images with 12 objects." in text
    recall = "by contact of the objects: 81% for isolated (n = 12), 81% for crossing (n = 4)."
    assert f"Recall of GAInS (R18) {recall}" in text
    assert "Rows differ by more than chance explains in isolated objects (GAInS (R18): 81.0" in text


def test_recall_of_several_classes_is_called_a_mean_over_them() -> None:
    text = said({"gains": 0.8, "mask_rcnn": 0.6}, subsets=["average"])
    assert "Recall of GAInS (R18), mean over classes, by contact" in text


def test_equal_rows_are_not_ranked() -> None:
    equal = said({"": 0.6})
    assert "All rows have the same AJI, 61.0" in equal
    assert "No kind of contact tells a row from the best one." in equal


def test_few_images_are_named_as_such() -> None:
    assert "Fewer than 12 test images" in said({"gains": 0.8, "mask_rcnn": 0.6}, images=4)


def test_a_single_image_and_a_single_row_have_a_value_without_interval_and_rank() -> None:
    text = said({"": 0.6}, images=1, rows=[{"method": "gains"}])
    assert text.startswith(
        "Only GAInS (R18) was measured, so nothing is compared. Its AJI is 61.0."
    )
    assert "Measured on 1 test image with 1 object. Fewer than 12 test images" in text
