"""Recipes of single methods: the number of images that they see, and the notes of tables about it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from torch import nn

from gains.config.file import check
from gains.config.recipe import RecipeSettings
from gains.study.inputs import parse_settings
from gains.study.opening import from_config, open_study
from gains.study.runs import Run
from gains.study.study import Study
from gains.tables.notes import notes_of as notes_of_table
from gains.tables.of_study import table_spec
from gains.tables.write import write_table
from gains.training.optimiser import make_optimiser
from helpers.paths import ROOT
from helpers.table_scenes import spec_of, study, write_scores

COMMON = {"iterations": 100, "batch_size": 4, "warmup_iterations": 20, "milestones": [60, 90]}


def study_with(methods: dict[str, Any], **recipe: Any) -> Study:
    return study([0], recipe={**COMMON, **recipe}, methods=methods)


def recipe_of(found: Study, method: str) -> dict[str, Any]:
    return found.run_settings(Run("cells", method, "default", 0)).recipe.model_dump(mode="json")


def test_another_batch_size_sees_the_same_images() -> None:
    found = study_with({"gains": {"recipe": {"batch_size": 2}}})
    changed, common = recipe_of(found, "gains"), recipe_of(found, "mask_rcnn")
    assert (changed["iterations"], changed["batch_size"]) == (200, 2)
    assert changed["milestones"] == [120, 180]
    assert changed["warmup_iterations"] == 40
    assert (common["iterations"], common["batch_size"]) == (100, 4)


def test_more_images_are_asked_for_as_a_multiple() -> None:
    found = study_with({"gains": {"images_factor": 2.5, "recipe": {"lr": 0.001}}})
    changed = recipe_of(found, "gains")
    assert changed["iterations"] == 250
    assert changed["milestones"] == [150, 225]
    assert changed["lr"] == 0.001
    assert recipe_of(found, "mask_rcnn")["lr"] == 0.015


def test_a_variant_sees_a_multiple_of_the_images_of_its_method() -> None:
    variants = {"gains": {"half": {"images_factor": 0.5, "recipe": {"warmup_iterations": 3}}}}
    methods = {"gains": {"images_factor": 3}}
    found = study([0], recipe=COMMON, methods=methods, variants=variants)
    run = Run("cells", "gains", "half", 0)
    changed = found.run_settings(run).recipe
    # 100 x 3 x 0.5, milestones likewise; what the variant states itself stays
    assert (changed.iterations, changed.milestones) == (150, (90, 135))
    assert changed.warmup_iterations == 3
    assert recipe_of(found, "gains")["iterations"] == 300


def test_equal_intervals_between_drops_are_scaled_too() -> None:
    methods = {"gains": {"images_factor": 2.5}, "pisa": {"recipe": {"decay_every": 7}}}
    found = study_with(methods, milestones=[], decay_every=9)
    # 9 times 2.5 is 22.5, and halves go to the even number
    rates = [recipe_of(found, method)["decay_every"] for method in ("gains", "pisa", "mask_rcnn")]
    assert rates == [22, 7, 9]


def test_what_the_method_states_wins() -> None:
    found = study_with({"gains": {"images_factor": 2, "recipe": {"milestones": [7]}}})
    assert recipe_of(found, "gains")["milestones"] == [7]


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ({"gain": {}}, "did you mean 'gains'"),
        ({"gains": {"images_facter": 3}}, "did you mean 'images_factor'"),
        ({"gains": {"images_factor": 0}}, "greater than 0"),
        ({"gains": {"recipe": {"batch_size": 0}}}, "batch_size"),
        ({"gains": {"recipe": {"optimizer": "adamw"}}}, "did you mean 'optimiser'"),
        ({"gains": {"method": {"alarm": True}}}, "did you mean 'alrm'"),
    ],
)
def test_bad_blocks_are_refused(methods: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        study_with(methods)


def test_a_variant_wins_over_its_methods_block() -> None:
    block = {"method": {"mask_weight": 3.0, "score_threshold": 0.2}}
    found = study_with({"gains": block}, iterations=100)
    baseline = found.run_settings(Run("cells", "gains", "baseline", 0)).model.model_dump()
    assert (baseline["mask_weight"], baseline["score_threshold"]) == (1.0, 0.2)


def test_every_layer_wins_over_the_one_before() -> None:
    found = study(
        [0],
        detector={
            "nms": 0.1,
            "rpn_nms": 0.1,
            "box_dim": 10,
            "anomaly_weight": 10,
            "mask_weight": 10,
        },
        recipe={"lr": 0.1, "momentum": 0.1, "gamma": 0.1, "weight_decay": 0.1},
        dataset={
            "detector": {"rpn_nms": 0.2, "box_dim": 20, "anomaly_weight": 20, "mask_weight": 20},
            "recipe": {"momentum": 0.2, "gamma": 0.2, "weight_decay": 0.2},
        },
        methods={
            "gains": {
                "method": {"box_dim": 30, "anomaly_weight": 30, "mask_weight": 30},
                "recipe": {"gamma": 0.3, "weight_decay": 0.3},
            }
        },
        variants={
            "gains": {
                "alrm": {
                    "method": {"mask_weight": 40, "gal": True},
                    "recipe": {"weight_decay": 0.4},
                }
            }
        },
    ).run_settings(Run("cells", "gains", "alrm", 0))
    model, recipe = found.model.model_dump(), found.recipe
    keys = ("nms", "rpn_nms", "box_dim", "anomaly_weight", "mask_weight", "alrm", "gal")
    assert [model[key] for key in keys] == [0.1, 0.2, 30, 30, 40, True, True]
    assert (recipe.lr, recipe.momentum, recipe.gamma, recipe.weight_decay) == (0.1, 0.2, 0.3, 0.4)


def test_scaled_schedules_are_rounded_and_have_at_least_one_step() -> None:
    methods = {
        "gains": {"images_factor": 0.51},
        "mask_rcnn": {"images_factor": 0.001},
        "pisa": {"images_factor": 3.0, "images_factor_on": {"cells": 0.5}},
    }
    found = study_with(methods, iterations=101, warmup_iterations=25, milestones=[61, 90])
    names = ("iterations", "warmup_iterations", "milestones")
    schedules = {method: [recipe_of(found, method)[name] for name in names] for method in methods}
    # 101, 25, 61 and 90 times 0.51 are 51.5, 12.8, 31.1 and 45.9; halves go to the even number
    assert schedules["gains"] == [52, 13, [31, 46]]
    assert schedules["mask_rcnn"] == [1, 0, [1, 1]]
    assert schedules["pisa"] == [50, 12, [30, 45]]


def test_the_cell_category_is_the_maps_target_unless_said() -> None:
    block: dict[str, Any] = {
        "title": "t",
        "datasets": {
            "a": {"source": "synthetic-cells", "maps": {"target_category": 2}},
            "b": {
                "source": "synthetic-cells",
                "maps": {"target_category": 2},
                "cell_category": 1,
            },
            "c": {
                "source": "synthetic-cells",
                "maps": {"target_category": 2},
                "cell_category": 0,
            },
        },
        "variants": {"mask_rcnn": {"clusters": {"recipe": {"clusters": {"scenes": 5}}}}},
        "tables": {"t": {"title": "t", "rows": [{"method": "mask_rcnn"}, {"method": "donet"}]}},
    }
    found = from_config(check({"study": "s", "studies": {"s": block}}, "test"))
    cells = [found.run_settings(Run(d, "donet", "default", 0)).cell_category for d in "abc"]
    assert cells == [2, 1, 0]
    assert found.run_settings(Run("b", "mask_rcnn", "default", 0)).cell_category is None
    # clusters of any method need the category too
    assert found.run_settings(Run("b", "mask_rcnn", "clusters", 0)).cell_category == 1


def notes_of(found: Study, tmp_path: Any) -> str:
    table = spec_of(found)
    write_scores(table, {"": 0.5})
    write_table(table, tmp_path / "t.csv")
    return str((tmp_path / "t.md").read_text())


HEAD = "Training (optimiser, learning rate, steps × images per step = images seen"
COMMON_TEXT = "SGD, 0.015, 100 × 4 = 400"


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ({}, f"all rows: {COMMON_TEXT}"),
        # the same images, but not the same training
        (
            {"gains": {"recipe": {"batch_size": 2}}},
            f"Mask R-CNN (R18): {COMMON_TEXT}; GAInS (R18): SGD, 0.015, 200 × 2 = 400",
        ),
        (
            {"gains": {"images_factor": 3, "recipe": {"optimiser": "adamw", "lr": 7.5e-5}}},
            f"Mask R-CNN (R18): {COMMON_TEXT}; GAInS (R18): AdamW, 7.5e-05, 300 × 4 = 1200",
        ),
    ],
)
def test_a_table_says_how_each_row_was_trained(
    methods: dict[str, Any], expected: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = notes_of(study_with(methods), tmp_path)
    assert f"{HEAD}): {expected}." in text


def test_rows_of_equal_training_are_named_together(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"method": m} for m in ("mask_rcnn", "pisa", "htc", "fastinst", "donet")]
    sgd, adamw = {"recipe": {"lr": 0.001}}, {"recipe": {"optimiser": "adamw", "lr": 1e-4}}
    methods = {"donet": sgd, "pisa": sgd, "fastinst": adamw}
    found = study([0], recipe=COMMON, methods=methods, table={"table": None, "rows": rows})
    text = notes_of(found, tmp_path)
    assert (
        f"{HEAD}): PISA (R18), DoNet (R18): SGD, 0.001, 100 × 4 = 400; "
        "FastInst (R18): AdamW, 0.0001, 100 × 4 = 400; all other rows: SGD, 0.015, 100 × 4 = 400."
    ) in text


def test_schedules_that_differ_between_data_sets_are_given_in_turn() -> None:
    spec = table_spec(open_study(ROOT / "config.yaml", "demo"), "table3")
    note = next(note for note in notes_of_table(spec) if note.startswith("Training"))
    assert note.startswith(f"{HEAD} for each data set in turn): ")
    assert note.endswith("all other rows: AdamW, 0.002, 150/220/100 × 3 = 450/660/300.")
    assert "Occlusion R-CNN (R18): SGD, 0.02, 150/220/100 × 3 = 450/660/300; " in note
    assert "FastInst (R18): AdamW, 0.001, 450/660/450 × 2 = 900/1320/900; " in note


class Net(nn.Module):
    """A backbone, a norm, an embedding and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.body = nn.Conv2d(3, 4, 1)
        self.norm = nn.LayerNorm(4)
        self.queries = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 2)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_groups_of_the_optimiser(name: str) -> None:
    recipe = RecipeSettings.model_validate(
        {"optimiser": name, "lr": 0.5, "weight_decay": 0.05, "backbone_lr_factor": 0.1}
    )
    net = Net()
    optimiser = make_optimiser(net, recipe)
    assert type(optimiser).__name__.lower() == name
    found = {
        id(p): (group["weight_decay"], group["factor"], group["lr"])
        for group in optimiser.param_groups
        for p in group["params"]
    }
    assert len(found) == len(list(net.parameters()))
    assert found[id(net.backbone.body.weight)] == (0.05, 0.1, 0.05)
    assert found[id(net.head.weight)] == (0.05, 1.0, 0.5)
    assert found[id(net.head.bias)] == (0.05, 1.0, 0.5)
    assert found[id(net.norm.weight)] == found[id(net.queries.weight)] == (0.0, 1.0, 0.5)


def test_the_command_line_hands_on_all_settings_of_a_run() -> None:
    settings = study([0]).run_settings(Run("cells", "donet", "default", 0)).to_json()
    assert settings["cell_category"] == 1
    assert parse_settings(json.dumps({**settings, "study": "small"})).to_json() == settings
    for key in settings.keys() - {"max_detections"}:  # a training does not depend on it
        with pytest.raises(ValueError, match=f"expected the keys .*{key}"):
            parse_settings(json.dumps({k: v for k, v in settings.items() if k != key}))
