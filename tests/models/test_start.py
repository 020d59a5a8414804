"""Fine-tuning: which values of a whole model another one starts from."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from gains.methods import METHODS
from gains.methods.initial_weights import start_record
from gains.methods.run_settings import RunSettings, build_method
from gains.models import checkpoint
from gains.models.contract import Detector
from gains.models.pretrained import load_pretrained
from gains.support.files import read_json
from gains.training.train import build_model, train
from helpers.tiny import Tiny, job_of, settings_of


def saved(path: Path, settings: RunSettings, categories: dict[int, str]) -> Detector:
    """Save an untrained model as a training does, and return it."""
    torch.manual_seed(11)
    model = build_method(settings, sorted(categories))
    content = {
        "format": 1,
        "settings": settings.recorded_json(),
        "categories": {str(number): name for number, name in categories.items()},
        "state": model.state_dict(),
    }
    checkpoint.save(path, content)
    return model


def with_backbone(settings: RunSettings, **changes: Any) -> RunSettings:
    content = settings.to_json()
    content["method"]["backbone"].update(changes)
    return RunSettings.from_json(content, "test")


def equal(a: Detector, b: Detector) -> list[str]:
    """Return the names of the values that two models share."""
    other = b.state_dict()
    return [
        k
        for k, v in a.state_dict().items()
        if k in other and other[k].shape == v.shape and torch.equal(v, other[k])
    ]


TWO, THREE = {1: "cell", 2: "nucleus"}, {1: "cell", 2: "nucleus", 3: "waste"}


@pytest.mark.parametrize("method", METHODS.names())
def test_every_method_starts_from_a_model_of_its_own(method: str, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    source = saved(path, settings_of(method), TWO)
    settings = settings_of(method, start_from=str(path))
    same = build_model(settings, [1, 2], seed=0)
    assert len(equal(source, same)) == len(source.state_dict())
    # another number of categories: only the layers that depend on it are drawn anew
    other, drawn = build_model(settings, [1, 2, 3], seed=0), source.state_dict()
    rows = [k for k, v in other.state_dict().items() if v.shape != drawn[k].shape]
    assert 0 < len(rows) < 15
    assert len(equal(source, other)) == len(drawn) - len(rows)
    fresh = build_model(settings_of(method), [1, 2, 3], seed=0).state_dict()
    assert all(torch.equal(other.state_dict()[name], fresh[name]) for name in rows)


def test_a_model_of_another_method_gives_what_both_have(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source = saved(tmp_path / "m.pt", settings_of("mask_rcnn"), TWO)
    for method in ("gains", "fastinst"):
        model = build_model(settings_of(method, start_from=str(tmp_path / "m.pt")), [1, 2], seed=0)
        shared = equal(source, model)
        assert [k for k in source.state_dict() if k.startswith(model.encoder)] <= shared
        assert f"{len(shared)} of {len(model.state_dict())} values of the model" in caplog.text
    assert "values are drawn anew, because the file does not have them" in caplog.text


def test_a_training_says_what_it_took_over(
    tiny: Tiny, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = saved(tmp_path / "m.pt", settings_of("mask_rcnn"), {1: "cat", 2: "dog"})
    settings = settings_of("mask_rcnn", start_from=str(tmp_path / "m.pt"), iterations=1)
    train(job_of(tiny, tmp_path / "out", settings))
    record = read_json(tmp_path / "out/run.json")
    total = len(source.state_dict())
    assert record["start_from"] == {"taken_over": total, "values": total, "drawn_anew": []}
    assert record["weights"] == "m.pt"
    assert record["settings"]["recipe"]["start_from"] == "m.pt"
    assert "knows the categories cat, dog, the data set has" in caplog.text


def test_a_recipe_without_it_is_recorded_as_before() -> None:
    settings = settings_of("mask_rcnn")
    assert "start_from" not in settings.recorded_json()["recipe"]
    assert "start_from" in settings_of("mask_rcnn", start_from="x").recorded_json()["recipe"]


def test_a_converted_detector_gives_the_same_model_as_weights_of_the_backbone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ours.pt"
    torch.manual_seed(11)
    model = build_method(settings_of("mask_rcnn"), [1, 2, 3])
    checkpoint.save(path, {"state": model.state_dict(), "source": "model_final.pkl"})
    started = build_model(settings_of("mask_rcnn", start_from=str(path)), [1, 2], seed=0)
    other = build_model(settings_of("mask_rcnn"), [1, 2], seed=0)
    load_pretrained(other, str(path), "resnet18")
    assert len(equal(started, other)) == len(other.state_dict())


def test_a_model_of_one_category_starts_a_method_that_needs_two(tmp_path: Path) -> None:
    source = saved(tmp_path / "m.pt", settings_of("mask_rcnn"), {1: "cell"})
    settings = settings_of("donet", "mrp", start_from=str(tmp_path / "m.pt"))
    model = build_model(settings, [1, 2], seed=0)
    shared = equal(source, model)
    assert [k for k in source.state_dict() if k.startswith(model.encoder)] <= shared
    assert "boxes.head.classes.weight" not in shared


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm": "bn"}, r"has norm: gn, but the one of this run norm: bn; set backbone: \{norm"),
        ({"width": 8}, "has width: 16, but the one of this run width: 8"),
        ({"channel_order": "bgr"}, "has channel_order: rgb, but the one of this run"),
    ],
)
def test_another_backbone_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    saved(tmp_path / "m.pt", settings_of("mask_rcnn"), TWO)
    settings = settings_of("mask_rcnn", start_from=str(tmp_path / "m.pt"))
    with pytest.raises(ValueError, match=message):
        build_model(with_backbone(settings, **changes), [1, 2], seed=0)


def test_other_numbers_of_channels_are_refused(tmp_path: Path) -> None:
    content = settings_of("mask_rcnn").to_json()
    content["method"]["mask_channels"] = 24
    saved(tmp_path / "m.pt", RunSettings.from_json(content, "test"), TWO)
    settings = settings_of("mask_rcnn", start_from=str(tmp_path / "m.pt"))
    with pytest.raises(ValueError, match=r"first 'branch\.head\..* here, .* in the file\); give"):
        build_model(settings, [1, 2], seed=0)


def test_another_size_of_a_layer_of_all_categories_is_refused(tmp_path: Path) -> None:
    """Its shape also depends on the number of categories, which is equal here."""
    content = settings_of("layering").to_json()
    content["method"]["layers"] += 1
    saved(tmp_path / "m.pt", RunSettings.from_json(content, "test"), {1: "cell"})
    settings = settings_of("layering", start_from=str(tmp_path / "m.pt"))
    with pytest.raises(ValueError, match=r"start_from: 2 of .* do not fit .*other sizes"):
        build_model(settings, [1], seed=0)


def test_layers_of_another_number_of_categories_are_drawn_anew_though_they_fit(
    tmp_path: Path,
) -> None:
    """Eight layers of one class have the shape of four layers of each of two."""
    content = settings_of("layering").to_json()
    content["method"]["layers"] = 8
    source = saved(tmp_path / "m.pt", RunSettings.from_json(content, "test"), {1: "cell"})
    content["method"]["layers"] = 4
    content["recipe"]["start_from"] = str(tmp_path / "m.pt")
    settings = RunSettings.from_json(content, "test")
    model = build_model(settings, [1, 2], seed=0)
    last = [name for name in source.state_dict() if name.startswith("branches.layers.6.")]
    assert "branches.layers.6.weight" not in equal(source, model)
    record: Any = start_record(model, settings, {1: "cell", 2: "nucleus"})["start_from"]
    assert {*last} <= {*record["drawn_anew"]}


def test_what_is_made_anew_before_the_first_iteration_may_have_another_size(
    tmp_path: Path,
) -> None:
    content = settings_of("vrsp_net").to_json()
    content["method"]["codes"] += 8
    saved(tmp_path / "m.pt", RunSettings.from_json(content, "test"), TWO)
    settings = settings_of("vrsp_net", start_from=str(tmp_path / "m.pt"))
    build_model(settings, [1, 2], seed=0)


def test_a_file_is_named_by_the_setting_that_takes_it(tmp_path: Path) -> None:
    model = saved(tmp_path / "m.pt", settings_of("mask_rcnn"), TWO)
    with pytest.raises(ValueError, match="is a whole model of `gains train`, but backbone.weights"):
        load_pretrained(model, str(tmp_path / "m.pt"), "resnet18")
    body = {k: v for k, v in model.state_dict().items() if k.startswith(model.encoder)}
    checkpoint.save(tmp_path / "b.pt", {"state": body})
    settings = settings_of("mask_rcnn", start_from=str(tmp_path / "b.pt"))
    with pytest.raises(ValueError, match="holds no whole model.* as backbone.weights"):
        build_model(settings, [1, 2], seed=0)
