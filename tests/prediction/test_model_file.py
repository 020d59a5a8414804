"""Model files whose content is not what a training writes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gains.methods.run_settings import build_method
from gains.models import checkpoint
from gains.prediction.predictor import Predictor
from helpers.tiny import settings_of

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """Return the content of a model file as a training writes it."""
    settings = settings_of("mask_rcnn")
    torch.manual_seed(0)
    return {
        "format": checkpoint.MODEL_FORMAT,
        "gains": "0.1.0",
        "settings": settings.training_json(),
        "categories": {"1": "cell", "2": "nucleus"},
        "seed": 0,
        "state": dict(build_method(settings, [1, 2]).state_dict()),
    }


def changed(whole: dict[str, Any], path: Path, change: Change) -> Path:
    content = {**copy.deepcopy({k: v for k, v in whole.items() if k != "state"})}
    content["state"] = dict(whole["state"])
    change(content)
    checkpoint.save(path, content)
    return path


def test_a_whole_model_is_read(whole: dict[str, Any], tmp_path: Path) -> None:
    predictor = Predictor(changed(whole, tmp_path / "m.pt", lambda _: None))
    assert predictor.categories == {1: "cell", 2: "nucleus"}
    found = predictor.model.state_dict()
    assert all(torch.equal(found[name], value) for name, value in whole["state"].items())


def method(**values: Any) -> Change:
    return lambda content: content["settings"]["method"].update(values)


def backbone(**values: Any) -> Change:
    return lambda content: content["settings"]["method"]["backbone"].update(values)


def recipe(**values: Any) -> Change:
    return lambda content: content["settings"]["recipe"].update(values)


def put(**values: Any) -> Change:
    return lambda content: content.update(values)


def state(name: str, value: Any) -> Change:
    return lambda content: content["state"].update({name: value})


BIAS = "boxes.head.classes.bias"
CASES: dict[str, tuple[Change, str]] = {
    "no settings": (lambda c: c.pop("settings"), "the key 'settings' is missing"),
    "no categories": (lambda c: c.pop("categories"), "the key 'categories' is missing"),
    "no state": (lambda c: c.pop("state"), "expected a model of format 1"),
    "unknown part": (put(extra=1), "unknown key 'extra'"),
    "settings list": (put(settings=[1]), r"\.settings: Input should be a valid dict"),
    "settings empty": (put(settings={}), "expected the keys method, recipe, maps"),
    "unknown setting": (
        lambda c: c["settings"].update(recipes=1),
        "there is no 'recipes'; did you mean 'recipe'",
    ),
    "unknown method": (method(name="mask_rcn"), "unknown method 'mask_rcn'; did you mean"),
    "unknown method key": (method(box_dims=4), "unknown key 'box_dims'"),
    "wrong type": (method(box_dim="many"), r"box_dim: .*found 'many'"),
    "out of range": (method(box_dim=-1), r"box_dim: .*greater than or equal to 4"),
    "not a number": (method(mask_weight=float("nan")), r"mask_weight: .*finite"),
    "infinite": (recipe(lr=float("inf")), r"lr: .*finite"),
    "size of images": (recipe(test_size=10**9, max_size=10**9), r"test_size: .*less than or"),
    "threads": (recipe(threads=10**9), r"threads: .*less than or equal"),
    "deep settings": (
        lambda c: c["settings"].update(maps={"a": nested(400)}),
        "unknown key 'a'",
    ),
    "wide layer": (method(box_dim=2**40), "larger than the weights in it"),
    "wide pyramid": (backbone(fpn_channels=2**22), "larger than the weights in it"),
    "wide stem": (backbone(width=2**16), "larger than the weights in it"),
    "other width": (method(box_dim=64), r"of another shape, first boxes\.head\.fc1\.weight"),
    "no category": (put(categories={}), r"\.categories: .*at least 1"),
    "categories list": (put(categories=["cell"]), r"\.categories: Input should be a valid dict"),
    "negative category": (put(categories={"-1": "a", "2": "b"}), r"\.categories\.-1"),
    "category 01": (put(categories={"01": "a", "2": "b"}), r"\.categories\.01"),
    "category x": (put(categories={"x": "a", "2": "b"}), r"\.categories\.x"),
    "name of category": (put(categories={"1": 7, "2": "b"}), r"\.categories\.1: .*found 7"),
    "more categories": (
        put(categories={"1": "a", "2": "b", "3": "c"}),
        r"of another shape, first boxes\.head\.classes\.weight",
    ),
    "many categories": (
        put(categories={str(n): "a" for n in range(200_000)}),
        "larger than the weights in it",
    ),
    "seed": (put(seed=-1), r"\.seed: .*found -1"),
    "seed as text": (put(seed="0"), r"\.seed: .*found '0'"),
    "state list": (put(state=[torch.zeros(1)]), r"\.state: Input should be a valid dict"),
    "state of numbers": (state(BIAS, 1.0), rf"\.state\.{BIAS}: .*Tensor"),
    "missing weight": (lambda c: c["state"].pop(BIAS), rf"1 missing, first {BIAS}"),
    "unknown weight": (state("none.bias", torch.zeros(1)), "1 unknown, first none.bias"),
    "whole numbers": (
        state(BIAS, torch.zeros(3, dtype=torch.int64)),
        rf"1 of another kind, first {BIAS} torch.int64",
    ),
    "no memory": (
        state(BIAS, torch.zeros(3, device="meta")),
        rf"1 of another kind, first {BIAS}",
    ),
    "NaN": (
        state(BIAS, torch.tensor([0, float("nan"), 0])),
        rf"weights: 1 of \d+ are not finite, first '{BIAS}'; train the model again",
    ),
    "infinity": (
        state(BIAS, torch.tensor([0, 0, float("-inf")])),
        rf"1 of \d+ are not finite, first '{BIAS}'",
    ),
    "huge view": (
        state(BIAS, torch.zeros(1).expand(10**12)),
        rf"of another shape, first {BIAS} \[1000000000000\]",
    ),
}


def nested(depth: int) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_a_training_does_not_write_is_refused(
    case: str, whole: dict[str, Any], tmp_path: Path
) -> None:
    change, message = CASES[case]
    path = changed(whole, tmp_path / "m.pt", change)
    with pytest.raises(ValueError, match=message) as error:
        Predictor(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert "train the model again" in str(error.value) or "written by `gains train`" in str(
        error.value
    )
