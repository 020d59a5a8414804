"""The notes below a table, written out for small studies."""

from __future__ import annotations

from typing import Any

import pytest

from gains.tables.notes import notes_of
from helpers.table_scenes import spec_of, study

TWO_SETS: dict[str, Any] = {
    name: {"source": "synthetic-cells", "represents": published}
    for name, published in (("a", "ISBI2014"), ("b", "UCOC"))
}
ROWS: list[dict[str, Any]] = [
    {"method": "gains"},
    {"method": "mask_rcnn", "datasets": ["b"]},
    {"method": "fastinst", "variant": "published-threshold"},
]
START = "Score threshold, on the score by which a method selects: "


def notes(start: str, rows: list[dict[str, Any]] = ROWS, **changes: Any) -> list[str]:
    """Return the notes of a study that begin with some words."""
    table = {"table": None, "rows": rows}
    found = notes_of(spec_of(study([0], **{"table": table, "datasets": TWO_SETS, **changes})))
    return [note for note in found if note.startswith(start)]


def test_the_score_threshold_is_always_stated() -> None:
    assert notes(START) == [f"{START}0.05, but none for FastInst (R18)."]
    assert notes(START, ROWS[:2]) == [f"{START}0.05 for all rows."]


def test_thresholds_stand_in_the_order_of_the_data_sets() -> None:
    sets = {
        "a": {**TWO_SETS["a"], "detector": {"score_threshold": 0.7}},
        "b": {**TWO_SETS["b"], "detector": {"score_threshold": 0.3}},
    }
    assert notes(START, ROWS[:1], datasets=sets) == [f"{START}0.7/0.3 for all rows."]


@pytest.mark.parametrize("mode", ["clean", "as_published"])
def test_no_note_says_that_all_predictions_count(mode: str) -> None:
    found = notes("", printed_mode=mode)
    assert not [note for note in found if "all predictions" in note]
    metrics = "mAP: COCO definitions, all detections above the score threshold, percent."
    assert metrics in found


def test_a_data_set_that_a_row_lacks_has_a_dash() -> None:
    sets = {
        name: {**TWO_SETS[name], "recipe": {"iterations": steps, "milestones": [50]}}
        for name, steps in (("a", 150), ("b", 220))
    }
    (note,) = notes("Training", ROWS[:2], datasets=sets)
    assert note.endswith(
        "images seen for each data set in turn): GAInS (R18): SGD, 0.015, 150/220 × 1 = 150/220; "
        "Mask R-CNN (R18): SGD, 0.015, –/220 × 1 = –/220."
    )


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            {"method": {"nms": 0.7}},
            "NMS of detections: default of the method, but threshold 0.7 for x.",
        ),
        (
            {"method": {"backbone": {"weights": "data/raw/own.pth"}}},
            "Start of the training: from weights of ImageNet, but from weights of "
            "data/raw/own.pth for x.",
        ),
        (
            {"recipe": {"train_sizes": [480, 512, 544]}},
            "Short sides of training images in px: 640 to 800 in steps of 32, but 480 to 544 in "
            "steps of 32 for x.",
        ),
        ({"recipe": {"weight_decay": 0.05}}, "Weight decay: 0.0001, but 0.05 for x."),
        (
            {"recipe": {"test_size": 600}},
            "Short side of test images in px: 800 (longest side at most 1333), but 600 (longest "
            "side at most 1333) for x.",
        ),
    ],
)
def test_rows_that_differ_in_one_setting_do_not_look_alike(
    change: dict[str, Any], note: str
) -> None:
    usual = [{"method": "gains"}, {"method": "mask_rcnn"}]
    rows = [*usual, {"method": "mask_rcnn", "variant": "other", "label": "x"}]
    start = note.partition(":")[0]
    variants = {"mask_rcnn": {"other": change}}
    assert notes(start, rows, variants=variants) == [note]
    assert notes(start, usual) == []


def test_notes_say_whose_weights_are_kept_only_if_some_are_picked() -> None:
    usual = notes_of(spec_of(study([0])))
    assert not [note for note in usual if note.startswith("Weights") or "picked" in note]
    assert notes_of(spec_of(study([0], recipe={"validate_every": 5}))) == usual
    best = {"select": "best", "validate_every": 1000, "validation_threshold": 0.05}
    notes = notes_of(spec_of(study([0], recipe=best)))
    words = "best mAP on validation images at score threshold 0.05, every 1000 steps"
    assert f"Weights: {words} for all rows." in notes
    (note,) = [note for note in notes if note.startswith("The published weights")]
    assert note == (
        "The published weights of GAInS I, GAInS II, GAInS III were picked on test images; none of "
        "ours were."
    )
    one = {"gains": {"recipe": {**best, "early_stopping": 4, "validation_metric": "AJI"}}}
    (note,) = [n for n in notes_of(spec_of(study([0], methods=one))) if n.startswith("Weights")]
    assert note == (
        "Weights: last step, but best AJI on validation images at score threshold 0.05, every 1000 "
        "steps, ending after 4 in turn without a better value for GAInS (R18)."
    )


def test_augmentation_is_told_where_rows_differ_in_it() -> None:
    start = "Augmentation besides flips"
    transforms = {"augmentations": [{"name": "rotation"}, {"name": "crop"}]}
    methods = {"gains": {"recipe": transforms}}
    assert notes(start, ROWS[:2], methods=methods) == [
        "Augmentation besides flips: rotation (p 0.5, degrees -180 to 180) + crop (p 0.5, share 0.5 "
        "to 1), but none for Mask R-CNN (R18)."
    ]
    assert notes(start, ROWS[:2], recipe=transforms) == []
    assert notes(start, ROWS[:2]) == []
