"""Studies that are refused, and the messages."""

from __future__ import annotations

from typing import Any

import pytest

from gains.config.file import check
from gains.study.opening import from_config


@pytest.mark.parametrize(
    ("place", "key", "message"),
    [
        ((), "studys", "did you mean 'study'"),
        (("studies", "demo"), "sedes", "did you mean 'seeds'"),
        (("studies", "demo", "recipe"), "itertions", "did you mean 'iterations'"),
        (("studies", "demo", "detector"), "box_dimm", "did you mean 'box_dim'"),
        (("studies", "demo", "detector", "backbone"), "nrom", "did you mean 'norm'"),
        (("studies", "demo", "datasets", "synthetic-cells", "maps"), "windw", "window_size"),
        (("studies", "demo", "tables", "table3"), "row", "did you mean 'rows'"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_nearest(
    content: dict[str, Any], place: tuple[str, ...], key: str, message: str
) -> None:
    block = content
    for part in place:
        block = block[part]
    block[key] = 1
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "config.yaml"))


def test_an_unknown_method_or_variant_is_refused(content: dict[str, Any]) -> None:
    rows = content["studies"]["demo"]["tables"]["table3"]["rows"]
    rows.append({"method": "mask_rcn"})
    with pytest.raises(ValueError, match="unknown method 'mask_rcn'; did you mean 'mask_rcnn'"):
        from_config(check(content, "c"))
    rows[-1] = {"method": "gains", "variant": "w6"}
    with pytest.raises(ValueError, match="has no variant 'w6'"):
        from_config(check(content, "c"))


def test_an_empty_study_is_refused(content: dict[str, Any]) -> None:
    for key in ("datasets", "tables"):
        broken = {
            **content,
            "studies": {"x": {"title": "t", **content["studies"]["demo"], key: {}}},
        }
        broken["study"] = "x"
        with pytest.raises(ValueError, match=key):
            check(broken, "c")
    with pytest.raises(ValueError, match="studies"):
        check({"study": "x", "studies": {}}, "c")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": []}, "metrics"),
        ({"metrics": ["mAP", "mAP"]}, "once"),
        ({"datasets": []}, "datasets"),
        ({"subsets": []}, "subsets"),
    ],
)
def test_tables_without_columns_are_refused(
    content: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    content["studies"]["demo"]["tables"]["table3"].update(change)
    with pytest.raises(ValueError, match=message):
        check(content, "c")


def test_a_table_may_not_take_another_outputs_name(content: dict[str, Any]) -> None:
    tables = content["studies"]["demo"]["tables"]
    tables["compare"] = tables["table3"]
    with pytest.raises(ValueError, match="another output file has this name"):
        check(content, "c")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("milestones", [10, 5], "must be in increasing order"),
        ("lr", float("inf"), "finite"),
        ("train_sizes", [0], "greater than or equal to 32"),
        ("max_size", 100, "smaller than a short side"),
    ],
)
def test_recipes_that_cannot_work_are_refused(
    content: dict[str, Any], key: str, value: Any, message: str
) -> None:
    demo = content["studies"]["demo"]
    demo["recipe"][key] = value
    for dataset in demo["datasets"].values():
        dataset["recipe"].pop(key, None)
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "c"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": {"cuont": 3}}, "did you mean 'count'"),
        ({"stands_for": "ISBI2015"}, "no published numbers on 'ISBI2015'"),
        ({"maps": {"rasterize": "points"}}, "needs polygons"),
        ({"detector": {"backbone": {"weights": "imagenet"}}}, "width 64"),
    ],
)
def test_data_set_blocks_that_cannot_work_are_refused(
    content: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    content["studies"]["demo"]["datasets"]["synthetic-cells"].update(change)
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "c"))


def test_names_are_fit_for_paths(content: dict[str, Any]) -> None:
    datasets = content["studies"]["demo"]["datasets"]
    datasets["../x"] = datasets["synthetic-cells"]
    with pytest.raises(ValueError, match="pattern"):
        check(content, "c")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": [0, 1, 0]}, "seeds must be distinct"),
        ({"seeds": [-1]}, "seeds must be distinct and not negative"),
        ({"methods": {"gains": {"images_factor_on": {"cels": 2}}}}, "images_factor_on.*'cels'"),
        ({"methods": {"gains": {"images_factor_on": {"synthetic-cells": 0}}}}, "greater than 0"),
        ({"methods": {"gians": {}}}, "unknown method 'gians'"),
        ({"variants": {"gains": {"a": {}, "b": {"method": {"gall": True}}}}}, "unknown key 'gall'"),
        ({"figure3": {"dataset": "cels"}}, "figure3.dataset: there is no 'cels'"),
        ({"predictions": {"table": "tt"}}, "predictions.table: there is no 'tt'"),
        ({"predictions": {"dataset": "cels"}}, "predictions.dataset: there is no 'cels'"),
        (
            {"differences": {"between": ["mask_rcnn/default", "mask_rcn/default"]}},
            "differences.between: there is no 'mask_rcn/default'",
        ),
        (
            {"differences": {"between": ["mask_rcnn/default", "mask_rcnn/default"]}},
            "differences.between: mask_rcnn/default is named twice",
        ),
        ({"predictions": {"number": 0}}, "predictions.number: .*greater than or equal to 1"),
        ({"clean_score_threshold": 1.0}, "less than 1"),
    ],
)
def test_blocks_of_a_study_that_cannot_work_are_refused(
    content: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    demo = content["studies"]["demo"]
    demo["tables"] = {"t": {"title": "t", "rows": [{"method": "mask_rcnn"}]}}
    demo.update(change)
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "c"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"datasets": ["cels"]}, r"tables\.t\.datasets: there is no 'cels'"),
        ({"datasets": ["synthetic-cells"] * 2}, "each name may occur only once"),
        ({"subsets": ["average", "average"]}, "each name may occur only once"),
        (
            {
                "datasets": ["synthetic-cells"],
                "rows": [{"method": "gains", "datasets": ["synthetic-nuclei"]}],
            },
            r"gains/default\.datasets: there is no 'synthetic-nuclei'",
        ),
        (
            {"rows": [{"method": "gains", "datasets": ["synthetic-cells"]}]},
            "no row with a method has the data set 'synthetic-chromosomes'",
        ),
    ],
)
def test_data_sets_and_columns_of_tables_that_cannot_be_are_refused(
    content: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    table = {"title": "t", "rows": [{"method": "mask_rcnn"}], **change}
    content["studies"]["demo"]["tables"] = {"t": table}
    with pytest.raises(ValueError, match=message):
        check(content, "c")


def test_an_unknown_detector_key_of_a_data_set_is_refused(content: dict[str, Any]) -> None:
    content["studies"]["demo"]["datasets"]["synthetic-nuclei"]["detector"] = {"box_dimm": 1}
    with pytest.raises(ValueError, match=r"synthetic-nuclei\.detector: unknown key 'box_dimm'"):
        from_config(check(content, "c"))


def test_every_reserved_name_of_a_table_is_refused(content: dict[str, Any]) -> None:
    for name in ("compare", "data_audit", "summary", "figure3", "predictions"):
        table = {"title": "t", "rows": [{"method": "mask_rcnn"}]}
        content["studies"]["demo"]["tables"] = {name: table}
        with pytest.raises(ValueError, match=f"tables.{name}: another output file"):
            check(content, "c")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("t", {"paper": "DoNets"}, "tables.t.paper: unknown paper 'DoNets'; did you mean 'DoNet'"),
        ("donet_table1", {"paper": "GAInS"}, "the name of a table of DoNet, but `paper` is GAInS"),
        ("table3", {"paper": "DoNet"}, "the name of a table of GAInS, but `paper` is DoNet"),
    ],
)
def test_a_table_of_an_unknown_or_another_paper_is_refused(
    content: dict[str, Any], name: str, change: dict[str, Any], message: str
) -> None:
    table = {"title": "t", "rows": [{"method": "mask_rcnn"}], **change}
    content["studies"]["demo"]["tables"] = {name: table}
    with pytest.raises(ValueError, match=message):
        check(content, "c")


def test_the_paper_of_a_table_is_that_of_its_name(content: dict[str, Any]) -> None:
    rows = [{"method": "mask_rcnn"}]
    content["studies"]["demo"]["tables"] = {
        "donet_table1": {"title": "t", "rows": rows},
        "table3": {"title": "t", "rows": rows},
        "mine": {"title": "t", "rows": rows},
        "other": {"title": "t", "rows": rows, "paper": "Layering"},
    }
    tables = check(content, "c").studies["demo"].tables
    assert {name: table.paper for name, table in tables.items()} == {
        "donet_table1": "DoNet",
        "table3": "GAInS",
        "mine": "GAInS",
        "other": "Layering",
    }


def test_a_training_cannot_start_from_a_model_of_its_own_study(content: dict[str, Any]) -> None:
    """Snakemake would delete the model before it trains."""
    block = content["studies"]["demo"]
    block["recipe"]["start_from"] = "results/demo/runs/synthetic-cells/gains/default/model.pt"
    with pytest.raises(ValueError, match="which this study makes itself and may delete"):
        from_config(check(content, "config.yaml"))
    block["recipe"]["start_from"] = "results/other/runs/synthetic-cells/gains/default/model.pt"
    from_config(check(content, "config.yaml"))
