"""What the papers' numbers were made with: the data files are complete, and known by a source."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from gains.metrics import METRICS
from gains.metrics.names import COCO_METRICS
from gains.published.conditions import SOURCES, conditions_of, definition_of, published_records
from gains.published.records import numbers

KEY = ("paper", "table", "row", "dataset")
FIELDS = (
    "backbone",
    "configuration",
    "score_threshold",
    "nms",
    "max_detections",
    "test_size",
    "recipe",
    "picking",
)


def test_every_published_row_states_its_conditions_and_no_line_is_left_over() -> None:
    stated = [tuple(r[name] for name in KEY) for r in published_records("conditions.csv")]
    printed = {tuple(r[name] for name in KEY) for r in published_records("published.csv")}
    assert [key for key, count in Counter(stated).items() if count > 1] == []
    assert set(stated) == printed


def test_every_printed_metric_has_a_definition_and_no_line_is_left_over() -> None:
    stated = [
        (r["paper"], r["table"], r["row"], r["metric"]) for r in published_records(DEFINITIONS)
    ]
    assert [key for key, count in Counter(stated).items() if count > 1] == []
    printed = {(r["paper"], r["table"], r["metric"]) for r in published_records("published.csv")}
    assert {(paper, table, metric) for paper, table, _, metric in stated} == printed
    rows = {
        (r["paper"], r["table"], r["row"], r["metric"]) for r in published_records("published.csv")
    }
    assert {key for key in stated if key[2] != "*"} <= rows


DEFINITIONS = "definitions.csv"


def test_a_row_without_conditions_is_refused() -> None:
    with pytest.raises(ValueError, match=r"GAInS, III, New, UCOC, but conditions.csv has no such"):
        conditions_of("GAInS", "III", "New", "UCOC")
    with pytest.raises(ValueError, match=r"GAInS, III, \*, PQ, but definitions.csv has no such"):
        definition_of("GAInS", "III", "GAInS", "PQ")


def test_every_known_value_names_its_source_and_no_other_does() -> None:
    for record in published_records("conditions.csv"):
        key = tuple(record[name] for name in KEY)
        by_source = conditions_of(*key).by_source
        assert set(by_source) <= set(SOURCES), key
        named = sorted(name for names in by_source.values() for name in names)
        assert named == sorted(name for name in FIELDS if record[name]), key
    for record in published_records(DEFINITIONS):
        assert record["basis"] in (*SOURCES, "")
        assert bool(record["basis"]) == bool(record["definition"])


@pytest.mark.parametrize(
    ("key", "configuration", "threshold"),
    [
        ("GAInS/III/HTC/ISBI2014", "HTC", 0.001),
        ("GAInS/III/HTC/UCOC", "HTC", None),
        ("GAInS/III/HTC/Kaggle2018", "HTC", None),
        ("GAInS/III/PointRend/ISBI2014", "PointRend", 0.05),
        ("GAInS/III/PointRend/UCOC", "PointRend", None),
        ("GAInS/III/Cascade R-CNN/ISBI2014", "Cascade R-CNN", None),
        ("GAInS/III/Cascade R-CNN/UCOC", "Cascade R-CNN", 0.05),
        ("GAInS/III/FastInst/ISBI2014", "FastInst-D3", 0),
        ("GAInS/III/Occlusion R-CNN/ISBI2014", "Occlusion R-CNN", 0.9),
        ("GAInS/III/DoNet/ISBI2014", "DoNet DRM+CRM", 0.9),
        ("GAInS/III/DoNet/UCOC", None, 0.9),
        ("GAInS/III/DoNet/Kaggle2018", None, 0.9),
        ("DoNet/1/DoNet/ISBI2014", "DoNet DRM+CRM+MRP", 0.9),
        ("DoNet/1/HTC/ISBI2014", "HTC", None),
        ("DoNet/1/Xiao et al./ISBI2014", "VRSP-Net", None),
        ("DoNet/3/Base+DRM/CPS", "DoNet DRM", 0.9),
        ("DoNet/4/Hi+Ho+Hm/ISBI2014", "DoNet DRM", 0.9),
        ("DoNet/4/Hi+Ho+Hm+FU/ISBI2014", "DoNet DRM+FU", 0.9),
        ("GAInS/II/Baseline/ISBI2014", "Mask R-CNN", 0.05),
        (
            "GAInS/I/ws=9/ISBI2014",
            "GAInS GAL+ALRM with isbi maps w=9 f_GA=0.5 highlight=0.1",
            0.05,
        ),
        (
            "GAInS/I/f_GA=0.75/ISBI2014",
            "GAInS GAL+ALRM with isbi maps w=5 f_GA=0.75 highlight=0.1",
            0.05,
        ),
        ("A2B-IS/III/Mask R-CNN/PanNuke", "Mask R-CNN", None),
        ("Layering/1/Mask-RCNN/BBBC010", "Mask R-CNN", None),
    ],
)
def test_conditions_of_single_rows(
    key: str, configuration: str | None, threshold: float | None
) -> None:
    found = conditions_of(*key.split("/"))
    assert (found.configuration, found.score_threshold) == (configuration, threshold)


def test_no_limit_and_an_unknown_limit_are_not_the_same() -> None:
    assert conditions_of("Layering", "1", "Layering", "BBBC010").max_detections == math.inf
    assert conditions_of("Layering", "1", "StarDist", "BBBC010").max_detections is None
    assert conditions_of("GAInS", "III", "HTC", "UCOC").max_detections == 100


def test_backbones() -> None:
    found = {(n.paper, n.table, n.row): n.conditions.backbone for n in numbers()}
    assert found["GAInS", "III", "Mask R-CNN (R101)"] == "R101"
    assert found["GAInS", "III", "GAInS"] == found["DoNet", "1", "DoNet"] == "R50"
    assert found["A2B-IS", "III", "HTC"] == "R50"
    assert found["A2B-IS", "III", "A2B-IS-B"] == "A2B-B"
    assert found["A2B-IS", "VI", "ResNet-50"] == "R50"
    assert found["Layering", "1", "Mask-RCNN"] == "R101"
    assert found["DoNet", "2", "Lu et al."] is None


def test_boxes_are_no_masks() -> None:
    ours = {*COCO_METRICS, *(metric.name for metric in METRICS)}
    assert {n.metric for n in numbers() if n.paper == "A2B-IS"} & ours == set()


def test_the_metrics_of_the_layering_paper_are_no_metrics_of_other_papers() -> None:
    printed = {n.metric for n in numbers() if n.paper == "Layering"}
    assert len(printed) == 7 and all(name.endswith("_layering") for name in printed)
    others = {n.metric for n in numbers() if n.paper != "Layering"}
    assert printed <= {metric.name for metric in METRICS} and not printed & others


def test_it_is_inferred_which_aji_the_layering_paper_prints() -> None:
    found = definition_of("Layering", "1", "Layering", "AJI")
    assert (found.name, found.basis) == ("AJI_pooled_layering", "inferred")


def test_a_definition_of_a_published_program_is_that_of_our_metric() -> None:
    ours = {metric.name: metric.published_definition for metric in METRICS}
    for record in published_records(DEFINITIONS):
        if record["name"] in ours and record["basis"] == "program":
            assert ours[record["name"]] == record["definition"]


@pytest.mark.parametrize(
    "row", ["Mask Scoring R-CNN", "PISA", "CondInst", "HTC", "PointRend", "FastInst"]
)
def test_thresholds_of_runs_without_released_config_are_inferred(row: str) -> None:
    """Nothing says how the authors of GAInS ran these six."""
    found = [
        conditions_of("GAInS", "III", row, name) for name in ("ISBI2014", "UCOC", "Kaggle2018")
    ]
    stated = [c for c in found if c.score_threshold is not None]
    assert stated and all("score_threshold" in c.by_source["inferred"] for c in stated)


def test_the_highlight_of_isbi_is_inferred() -> None:
    """The README says 0.1, and the name of a folder 0.15."""
    keys = [
        tuple(r[name] for name in KEY)
        for r in published_records("conditions.csv")
        if r["paper"] == "GAInS" and "isbi maps" in r["configuration"]
    ]
    assert len(keys) == 13
    assert all("configuration" in conditions_of(*key).by_source["inferred"] for key in keys)


def test_sizes_of_test_images() -> None:
    found = {(n.paper, n.table, n.row): n.conditions.test_size for n in numbers()}
    assert found["GAInS", "III", "FastInst"] == "640/853"
    assert found["GAInS", "III", "PISA"] == found["DoNet", "1", "DoNet"] == "800/1333"
    assert found["DoNet", "1", "HTC"] is found["A2B-IS", "III", "HTC"] is None
