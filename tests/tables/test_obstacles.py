"""Each condition that two comparable numbers share, with values worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.table_scenes import PAPER, compared


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


AT_09 = {"score_threshold": 0.9}
VARIANTS: dict[str, Any] = {
    "donet": {
        "at-0.9": {"method": AT_09},
        "base-0.9": {"method": {**AT_09, "modules": "base"}},
        "ho-0.9": {"method": {**AT_09, "modules": "intersection"}},
        "drm-0.9": {"method": {**AT_09, "modules": "drm"}},
        "fu-0.9": {"method": {**AT_09, "consistency": "none"}},
        "soft-0.9": {"method": {**AT_09, "consistency": "soft"}},
        "mrp-0.9": {"method": {**AT_09, "modules": "mrp"}},
    },
    "mask_rcnn": {
        "at-0.9": {"method": AT_09},
        "deep": {"method": {"backbone": {"name": "resnet101"}}},
    },
    "gains": {"w3": {"maps": {"window_size": 3}}, "f0.4": {"maps": {"f_ga": 0.4}}},
}


def verdicts(
    method: str,
    variant: str = "default",
    row: str = "DoNet",
    represents: str = "ISBI2014",
    table: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[tuple[str, str, str], dict[str, str]]:
    """Return the lines of one row by published paper, table and row, for its first metric."""
    dataset = {**PAPER["dataset"], "represents": represents, **changes.pop("dataset", {})}
    rows = [{"method": method, "variant": variant, "published": row}]
    records = compared(
        **{**PAPER, "dataset": dataset, "variants": VARIANTS, **changes},
        table={"metrics": ["AJI"], "subsets": ["average"], **(table or {}), "rows": rows},
    )
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for r in records:
        key = (r["published_paper"], r["published_table"], r["published_row"])
        found.setdefault(key, r)
    return found


def test_donet_stands_beside_the_rows_that_have_its_modules() -> None:
    found = verdicts("donet", "at-0.9")
    assert {key: r["comparable"] for key, r in found.items()} == {
        ("GAInS", "III", "DoNet"): "yes",
        ("DoNet", "1", "DoNet"): "no",
        ("DoNet", "3", "Base+DRM+CRM"): "yes",
        ("DoNet", "4", "Hi+Ho+Hm+FU+Lcons"): "yes",
    }
    full = found["DoNet", "1", "DoNet"]["reason"]
    assert full == "DoNet DRM+CRM, published DoNet DRM+CRM+MRP"
    inferred = found["GAInS", "III", "DoNet"]["reason"]
    assert inferred.endswith("; inferred: published configuration")


def test_donet_with_mrp_stands_beside_the_full_rows() -> None:
    found = verdicts("donet", "mrp-0.9")
    assert {key: r["comparable"] for key, r in found.items()} == {
        ("GAInS", "III", "DoNet"): "no",
        ("DoNet", "1", "DoNet"): "yes",
        ("DoNet", "3", "Base+DRM+CRM+MRP"): "yes",
    }
    assert found["DoNet", "3", "Base+DRM+CRM+MRP"]["published"] == "79.0500"


@pytest.mark.parametrize("dataset", ["UCOC", "Kaggle2018"])
def test_unknown_modules_agree_with_nothing(dataset: str) -> None:
    found = verdicts("donet", "at-0.9", represents=dataset)
    assert {key: r["reason"] for key, r in found.items()} == {
        ("GAInS", "III", "DoNet"): "modules of the published DoNet are unknown"
    }


@pytest.mark.parametrize(
    ("variant", "row", "repeated"),
    [
        ("base-0.9", "Hi", {("DoNet", "1", "Mask R-CNN"), ("DoNet", "3", "Base")}),
        ("ho-0.9", "Hi+Ho", set()),
        ("drm-0.9", "Hi+Ho+Hm", {("DoNet", "3", "Base+DRM")}),
        ("fu-0.9", "Hi+Ho+Hm+FU", set()),
        ("at-0.9", "Hi+Ho+Hm+FU+Lcons", {("DoNet", "3", "Base+DRM+CRM")}),
    ],
)
def test_ablations_of_donet_stand_beside_the_same_modules(
    variant: str, row: str, repeated: set[tuple[str, str, str]]
) -> None:
    found = verdicts("donet", variant, row, table={"paper": "DoNet", "table": "4"})
    comparable = {key for key, r in found.items() if r["comparable"] == "yes"}
    at_09 = {key for key in comparable if key[0] == "DoNet"}
    assert at_09 == {("DoNet", "4", row), *repeated}


def test_another_consistency_loss_is_another_configuration() -> None:
    table = {"paper": "DoNet", "table": "4"}
    found = verdicts("donet", "soft-0.9", "Hi+Ho+Hm+FU+Lcons", table=table)
    reason = found["DoNet", "4", "Hi+Ho+Hm+FU+Lcons"]["reason"]
    assert reason == "DoNet DRM+CRM with soft consistency, published DoNet DRM+CRM"


THRESHOLDS = [
    ("htc", "default", "HTC", "0.05", "0.001"),
    ("htc", "published-threshold", "HTC", None, "0.001"),
    ("fastinst", "default", "FastInst", "0.05", "none"),
    ("fastinst", "published-threshold", "FastInst", None, "none"),
    ("occlusion_rcnn", "default", "Occlusion R-CNN", "0.05", "0.9"),
    ("occlusion_rcnn", "published-threshold", "Occlusion R-CNN", None, "0.9"),
    ("donet", "default", "DoNet", "0.05", "0.9"),
    ("donet", "published-threshold", "DoNet", None, "0.9"),
    ("cascade_rcnn", "default", "Cascade R-CNN", None, "0.05"),
    ("condinst", "default", "CondInst", None, "0.05"),
]


@pytest.mark.parametrize(("method", "variant", "row", "differs", "published"), THRESHOLDS)
@pytest.mark.parametrize("metric", ["AJI", "mAP"])
def test_score_thresholds_must_agree(
    method: str, variant: str, row: str, differs: str | None, published: str, metric: str
) -> None:
    record = verdicts(method, variant, row, table={"metrics": [metric]})["GAInS", "III", row]
    assert record["comparable"] == ("yes" if differs is None else "no")
    if differs is not None:
        assert record["reason"] == f"score threshold {differs}, published {published}"
    assert record["published_score_threshold"] == published


def test_an_unknown_threshold_agrees_with_nothing() -> None:
    record = verdicts("cascade_rcnn", row="Cascade R-CNN")["DoNet", "1", "Cascade R-CNN"]
    assert record["reason"] == (
        "score threshold 0.05, published unknown; "
        "detections per image at most 100, published unknown"
    )


def test_the_program_of_donet_decides_the_threshold_of_its_mask_rcnn() -> None:
    found = verdicts("mask_rcnn", "at-0.9", "Mask R-CNN (R50)")
    assert found["DoNet", "1", "Mask R-CNN"]["comparable"] == "yes"
    reason = found["GAInS", "III", "Mask R-CNN (R50)"]["reason"]
    assert reason == "score threshold 0.9, published 0.05"


def test_a_slim_backbone_is_not_the_published_one_of_its_depth() -> None:
    slim = {"name": "resnet50", "weights": "none", "width": 32, "norm": "gn", "freeze_at": 0}
    found = verdicts("gains", row="GAInS", detector={"backbone": slim})
    assert {r["reason"] for r in found.values()} == {
        "backbone R50 with width=32 norm=gn, published R50"
    }


def test_numbers_of_detections_must_agree() -> None:
    found = verdicts("gains", row="GAInS", dataset={"max_detections": 200})
    assert {r["reason"] for r in found.values()} == {
        "detections per image at most 200, published 100"
    }


def test_in_clean_mode_the_higher_of_the_two_thresholds_counts() -> None:
    clean: dict[str, Any] = {"printed_mode": "clean", "clean_score_threshold": 0.5}
    record = verdicts("gains", row="GAInS", **clean)["GAInS", "III", "GAInS"]
    assert record["score_threshold"] == "0.5"
    assert record["reason"] == "score threshold 0.5, published 0.05; AJI in clean mode"
    record = verdicts("donet", "at-0.9", **clean)["GAInS", "III", "DoNet"]
    assert (record["score_threshold"], record["reason"]) == ("0.9", "AJI in clean mode")
    record = verdicts("gains", row="GAInS", table={"metrics": ["mAP"]}, **clean)[
        "GAInS", "III", "GAInS"
    ]
    assert (record["score_threshold"], record["comparable"]) == ("0.05", "yes")


@pytest.mark.parametrize(("variant", "ours"), [("w3", "w=3 f_GA=0.5"), ("f0.4", "w=5 f_GA=0.4")])
def test_parameters_of_the_anomaly_maps_must_agree(variant: str, ours: str) -> None:
    found = verdicts("gains", variant, "ws=5", table={"table": "I"})["GAInS", "I", "ws=5"]
    assert found["reason"] == (
        f"GAInS GAL+ALRM with isbi maps {ours} highlight=0.1, "
        "published GAInS GAL+ALRM with isbi maps w=5 f_GA=0.5 highlight=0.1"
    )


@pytest.mark.parametrize(
    ("represents", "maps"),
    [
        ("ISBI2014", {"program": "isbi", "window_size": 5, "f_ga": 0.5, "overlap_highlight": 0.1}),
        ("UCOC", {"program": "chrom", "window_size": 5, "f_ga": 0.5, "overlap_highlight": 0.3}),
        (
            "Kaggle2018",
            {"program": "nuclei", "window_size": 8, "f_ga": 0.8, "overlap_highlight": 0.1},
        ),
    ],
)
def test_each_data_set_has_maps_of_its_own(represents: str, maps: dict[str, Any]) -> None:
    dataset = {"maps": {**maps, "mode": "as_published"}}
    found = verdicts("gains", row="GAInS", represents=represents, dataset=dataset)
    assert found["GAInS", "III", "GAInS"]["comparable"] == "yes"
    wrong = {"maps": {**dataset["maps"], "overlap_highlight": 0.2}}
    found = verdicts("gains", row="GAInS", represents=represents, dataset=wrong)
    assert found["GAInS", "III", "GAInS"]["comparable"] == "no"


def test_the_semantic_branch_and_the_decoder_are_modules() -> None:
    reason = verdicts("htc", "semantic", "HTC")["GAInS", "III", "HTC"]["reason"]
    assert reason.startswith("HTC with semantic branch, published HTC; ")
    reason = verdicts("fastinst", "d1", "FastInst")["GAInS", "III", "FastInst"]["reason"]
    assert reason.startswith("FastInst-D1, published FastInst-D3; ")


def test_ap_of_masks_has_no_counterpart_among_ap_of_boxes() -> None:
    table = {"paper": "A2B-IS", "table": "III", "metrics": ["AP50", "mAP"]}
    assert verdicts("mask_rcnn", row="Mask R-CNN", represents="PanNuke", table=table) == {}


def test_aji_over_the_data_set_is_another_definition() -> None:
    table = {"paper": "Layering", "table": "1"}
    found = verdicts("mask_rcnn", "deep", "Mask-RCNN", represents="BBBC010", table=table)
    assert found["Layering", "1", "Mask-RCNN"]["reason"] == (
        "score threshold 0.05, published unknown; "
        "detections per image at most 100, published unknown; "
        "AJI by DoNet's evaluator, published: pairs of largest intersection over the data set"
    )


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("Dice", "yes"),
        ("TPp", "yes"),
        ("FNo", "definition of the published FNo is unknown"),
    ],
)
def test_definitions_of_the_cytology_metrics(metric: str, reason: str) -> None:
    table = {"metrics": [metric], "subsets": ["target"], "paper": "DoNet", "table": "2"}
    record = verdicts("donet", "mrp-0.9", table=table)["DoNet", "2", "DoNet"]
    assert reason in (record["comparable"], record["reason"])


def test_the_recipe_is_named_and_is_no_obstacle() -> None:
    recipe = {"lr": 0.001, "batch_size": 4, "iterations": 500, "milestones": [400]}
    record = verdicts("gains", row="GAInS", recipe=recipe)["GAInS", "III", "GAInS"]
    assert record["comparable"] == "yes"
    assert record["recipe"] == "SGD 0.001, batch 4, 500 steps"
    assert record["published_recipe"] == "SGD 0.015, batch 1 or 2, 20000 steps"
    picking = "best of the evaluations every 1000 steps on test images"
    assert record["published_picking"] == picking
