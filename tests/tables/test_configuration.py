"""Settings of the method that are not the published ones belong to our configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.table_scenes import verdicts


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


UNUSUAL: list[tuple[str, str, dict[str, Any], str]] = [
    ("mask_rcnn", "Mask R-CNN (R50)", {"mask_weight": 0.0}, "Mask R-CNN with mask_weight=0"),
    ("mask_rcnn", "Mask R-CNN (R50)", {"rpn_post_nms_test": 50}, "with rpn_post_nms_test=50"),
    (
        "pisa",
        "PISA",
        {"positive_power": 0.0, "negative_power": 0.0, "carl_power": 0.0},
        "PISA with positive_power=0 negative_power=0 carl_power=0",
    ),
    ("mask_scoring_rcnn", "Mask Scoring R-CNN", {"iou_weight": 0.0}, "with iou_weight=0"),
    ("mask_scoring_rcnn", "Mask Scoring R-CNN", {"binarize_logit": False}, "binarize_logit=false"),
    ("pointrend", "PointRend", {"subdivision_steps": 0}, "PointRend with subdivision_steps=0"),
    ("condinst", "CondInst", {"mask_norm": "gn"}, "CondInst with mask_norm=gn"),
    (
        "condinst",
        "CondInst",
        {"sizes_of_interest": [16, 64, 128, 256]},
        "CondInst with sizes_of_interest=16,64,128,256",
    ),
    ("fastinst", "FastInst", {"queries": 5}, "FastInst-D3 with queries=5"),
    ("donet", "DoNet", {"mask_weight": 1.0}, "DoNet DRM+CRM with mask_weight=1"),
    ("gains", "GAInS", {"anomaly_weight": 0.0}, "highlight=0.1 and anomaly_weight=0"),
    ("gains", "GAInS", {"anomaly_bias": 1.0}, "highlight=0.1 and anomaly_bias=1"),
    ("gains", "GAInS", {"mask_channels": 8}, "highlight=0.1 and mask_channels=8"),
]


@pytest.mark.parametrize(("method", "row", "change", "words"), UNUSUAL)
def test_other_settings_of_the_method_are_another_configuration(
    method: str, row: str, change: dict[str, Any], words: str
) -> None:
    variants = {method: {"other": {"method": change}}}
    record = verdicts(method, "other", row, variants=variants)["GAInS", "III", row]
    assert record["comparable"] == "no"
    (reason,) = [part for part in record["reason"].split("; ") if words in part]
    assert reason == f"{record['configuration']}, published {record['published_configuration']}"
    assert record["configuration"].endswith(words)


@pytest.mark.parametrize(("weight", "changes"), [(1.0, ""), (0.75, " and mask_weight=0.75")])
def test_a_module_built_by_hand_is_measured_by_the_variant_that_has_it(
    weight: float, changes: str
) -> None:
    own = {"gains": {"hand": {"method": {"gal": False, "mask_weight": weight}}}}
    found = verdicts("gains", "hand", "Baseline+ALRM", table={"table": "II"}, variants=own)
    record = found["GAInS", "II", "Baseline+ALRM"]
    words = "GAInS ALRM with isbi maps w=5 f_GA=0.5 highlight=0.1"
    assert record["configuration"] == f"{words}{changes}"
    assert record["comparable"] == ("no" if changes else "yes")


def test_many_changes_are_counted() -> None:
    slim: dict[str, Any] = {"rpn_pre_nms_test": 300, "rpn_post_nms_test": 150, "rois_per_image": 32}
    own: dict[str, Any] = {
        "mask_rcnn": {"slim": {"method": {**slim, "box_dim": 128, "mask_channels": 32}}}
    }
    row = "Mask R-CNN (R50)"
    found = verdicts("mask_rcnn", "slim", row, variants=own)["GAInS", "III", row]
    assert found["configuration"] == (
        "Mask R-CNN with rpn_pre_nms_test=300 rpn_post_nms_test=150 rois_per_image=32 box_dim=128 "
        "mask_channels=32"
    )
    own["mask_rcnn"]["slim"]["method"]["mask_weight"] = 0.5
    found = verdicts("mask_rcnn", "slim", row, variants=own)["GAInS", "III", row]
    assert found["configuration"].endswith(" box_dim=128 and 2 other settings")


def test_categories_other_than_the_published_ones_are_named() -> None:
    maps = {"maps": {"mode": "as_published", "target_category": 2}}
    found = verdicts("gains", row="GAInS", dataset=maps)["GAInS", "III", "GAInS"]
    assert found["reason"].startswith(
        "GAInS GAL+ALRM with isbi maps w=5 f_GA=0.5 highlight=0.1 target_category=2, published "
    )
    found = verdicts("donet", "at-0.9", dataset={"cell_category": 2})["GAInS", "III", "DoNet"]
    assert found["reason"] == "DoNet DRM+CRM with cell_category=2, published DoNet DRM+CRM"
    table = {"metrics": ["Dice"], "subsets": ["target"], "paper": "DoNet", "table": "2"}
    nuclei = {**maps, "cell_category": 1}
    found = verdicts("donet", "mrp-0.9", table=table, dataset=nuclei)["DoNet", "2", "DoNet"]
    assert found["reason"] == "target class is category 2, published category 1"


def test_maps_that_differ_print_differently() -> None:
    maps = {"maps": {"mode": "as_published", "f_ga": 0.500000001}}
    found = verdicts("gains", row="GAInS", dataset=maps)["GAInS", "III", "GAInS"]
    assert found["comparable"] == "no" and "f_GA=0.500000001" in found["configuration"]
