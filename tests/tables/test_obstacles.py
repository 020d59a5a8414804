"""Each condition that two comparable numbers share, with values worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.table_scenes import verdicts


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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


FASTINST = {
    "fastinst": {"recipe": {"train_sizes": [640], "test_size": 640, "max_size": 853}},
}
THRESHOLDS = [
    ("htc", "default", "HTC", "0.05", "0.001"),
    ("htc", "published-threshold", "HTC", None, "0.001"),
    ("fastinst", "default", "FastInst", "0.05", "none"),
    ("fastinst", "published-threshold", "FastInst", None, "none"),
    ("occlusion_rcnn", "default", "Occlusion R-CNN", "0.05", "0.9"),
    ("occlusion_rcnn", "published-threshold", "Occlusion R-CNN", None, "0.9"),
    ("donet", "default", "DoNet", "0.05", "0.9"),
    ("donet", "published-threshold", "DoNet", None, "0.9"),
    ("pointrend", "default", "PointRend", None, "0.05"),
    ("cascade_rcnn", "default", "Cascade R-CNN", "0.05", "unknown"),
    ("condinst", "default", "CondInst", None, "0.05"),
]


@pytest.mark.parametrize(("method", "variant", "row", "differs", "published"), THRESHOLDS)
@pytest.mark.parametrize("metric", ["AJI", "mAP"])
def test_score_thresholds_must_agree(
    method: str, variant: str, row: str, differs: str | None, published: str, metric: str
) -> None:
    found = verdicts(method, variant, row, table={"metrics": [metric]}, methods=FASTINST)
    record = found["GAInS", "III", row]
    assert record["comparable"] == ("yes" if differs is None else "no")
    if differs is not None:
        assert record["reason"] == f"score threshold {differs}, published {published}"
    assert record["published_score_threshold"] == published


def test_an_unknown_threshold_agrees_with_nothing() -> None:
    record = verdicts("cascade_rcnn", row="Cascade R-CNN")["DoNet", "1", "Cascade R-CNN"]
    assert record["reason"] == (
        "score threshold 0.05, published unknown; "
        "size of test images 800/1333, published unknown; "
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
        "backbone R50 with width=32 norm=gn freeze_at=0, published R50"
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
    # the program `nuclei` adds no highlight
    assert found["GAInS", "III", "GAInS"]["comparable"] == (
        "yes" if represents == "Kaggle2018" else "no"
    )


def test_the_semantic_branch_and_the_decoder_are_modules() -> None:
    reason = verdicts("htc", "semantic", "HTC")["GAInS", "III", "HTC"]["reason"]
    assert reason.startswith("HTC with semantic branch, published HTC; ")
    reason = verdicts("fastinst", "d1", "FastInst")["GAInS", "III", "FastInst"]["reason"]
    assert reason.startswith("FastInst-D1, published FastInst-D3; ")


def test_ap_of_masks_has_no_counterpart_among_ap_of_boxes() -> None:
    table = {"paper": "A2B-IS", "table": "III", "metrics": ["AP50", "mAP"]}
    assert verdicts("mask_rcnn", row="Mask R-CNN", represents="PanNuke", table=table) == {}


@pytest.mark.parametrize("metric", ["AJI_pooled_layering", "AP50_layering", "AP_layering"])
def test_metrics_of_the_layering_paper_have_its_definition(metric: str) -> None:
    table = {"paper": "Layering", "table": "1", "metrics": [metric, "AJI", "AJI_mean_layering"]}
    found = verdicts("mask_rcnn", "deep", "Mask-RCNN", represents="BBBC010", table=table)
    record = found["Layering", "1", "Mask-RCNN"]
    assert record["metric"] == metric  # the paper prints no other AJI
    assert record["reason"] == (
        "score threshold 0.05, published unknown; "
        "NMS of detections at 0.5 instead of 0.7; "
        "size of test images 800/1333, published unknown; "
        "detections per image at most 100, published unknown"
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


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"detector": {"nms": 0.7}}, "NMS of detections at 0.7 instead of 0.5"),
        (
            {"recipe": {"train_sizes": [128], "test_size": 128, "max_size": 256}},
            "size of test images 128/256, published 800/1333",
        ),
        ({"recipe": {"max_size": 1000}}, "size of test images 800/1000, published 800/1333"),
        (
            {"detector": {"score_threshold": 0.0500000001}},
            "score threshold 0.0500000001, published 0.05",
        ),
        (
            {"detector": {"backbone": {"name": "resnet50", "freeze_at": 5}}},
            "backbone R50 with freeze_at=5, published R50",
        ),
        (
            {"detector": {"backbone": {"name": "resnet50", "stride_in_1x1": True}}},
            "backbone R50 with stride_in_1x1=true, published R50",
        ),
    ],
)
def test_the_evaluation_and_the_backbone_must_agree(changes: dict[str, Any], reason: str) -> None:
    found = verdicts("mask_rcnn", row="Mask R-CNN (R50)", **changes)
    assert found["GAInS", "III", "Mask R-CNN (R50)"]["reason"] == reason


def test_fastinst_has_test_images_of_its_own_size() -> None:
    reason = verdicts("fastinst", "published-threshold", "FastInst")["GAInS", "III", "FastInst"]
    assert reason["reason"] == "size of test images 800/1333, published 640/853"


def official(files: dict[str, Any], represents: str, name: str | None) -> str:
    """Return the reason of Mask R-CNN on a registered data set with an official split."""
    for file, lists in files.items():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(json.dumps(lists))
    dataset = {"source": "isbi2014", "split": {"file": name} if name else {"seed": 3}}
    found = verdicts("mask_rcnn", row="Mask R-CNN (R50)", represents=represents, dataset=dataset)
    return found["GAInS", "III", "Mask R-CNN (R50)"]["reason"]


LISTS = {"train": ["a"], "val": ["b"], "test": ["c"]}
ISBI = "data/splits/isbi2014.json"


def test_an_official_split_must_be_used() -> None:
    files = {ISBI: LISTS, "data/splits/occ2014.json": LISTS}
    same = "same data set, configuration, evaluation and definitions"
    assert official(files, "ISBI2014", ISBI) == same
    assert official(files, "ISBI2014", str(Path(ISBI).absolute())) == same
    assert official(files, "ISBI2014", None) == f"random split (seed 3), official {ISBI}"
    # the same images with the split of another published data set
    other = "data/splits/occ2014.json"
    assert official(files, "ISBI2014", other) == f"{other}, official {ISBI}"


def test_without_an_official_split_the_split_decides_nothing() -> None:
    split = {"split": {"folds": 3}}
    found = verdicts("mask_rcnn", row="Mask R-CNN (R50)", represents="UCOC", dataset=split)
    assert found["GAInS", "III", "Mask R-CNN (R50)"]["comparable"] == "yes"


def test_a_yes_names_an_inferred_definition() -> None:
    table = {"metrics": ["Dice"], "subsets": ["target"], "paper": "DoNet", "table": "2"}
    record = verdicts("donet", "mrp-0.9", table=table)["DoNet", "2", "DoNet"]
    assert record["comparable"] == "yes"
    assert record["reason"].endswith("definition of the published Dice")


def test_clean_mode_is_one_reason_and_not_two() -> None:
    table = {"metrics": ["Dice"], "subsets": ["target"], "paper": "DoNet", "table": "2"}
    for mode, last in (
        ("as_published", "Dice by DoNet's evaluator, published: ISBI 2014 challenge"),
        ("clean", "Dice in clean mode"),
    ):
        found = verdicts("mask_rcnn", row="Lu et al.", table=table, printed_mode=mode)
        reason = found["DoNet", "2", "Lu et al."]["reason"]
        assert reason.split("; ")[-1] == last and reason.count("Dice") == 1


def test_a_suppression_that_the_paper_has_is_no_obstacle() -> None:
    table = {"metrics": ["AP50_layering"], "paper": "Layering", "table": "1"}
    own: dict[str, Any] = {"table": table, "represents": "BBBC010", "detector": {"nms": 0.7}}
    found = verdicts("mask_rcnn", "deep", "Mask-RCNN", **own)["Layering", "1", "Mask-RCNN"]
    assert "NMS" not in found["reason"]


def test_other_initial_weights_stand_in_the_recipe() -> None:
    own: dict[str, Any] = {
        "detector": {"backbone": {"name": "resnet50", "weights": "data/raw/own.pth"}}
    }
    record = verdicts("gains", row="GAInS", **own)["GAInS", "III", "GAInS"]
    words = "SGD 0.015, batch 1, 20000 steps, from weights of data/raw/own.pth"
    assert (record["comparable"], record["recipe"]) == ("yes", words)
