"""The settings of a run travel as JSON and back, and a method need not have a ResNet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gains.config.base import Settings
from gains.config.file import check
from gains.config.prediction import ValidationSettings
from gains.methods import METHODS
from gains.methods.base import Method
from gains.methods.run_settings import RunSettings
from gains.models.contract import Detections, Detector, Task
from gains.study.opening import from_config
from gains.study.study import Study
from gains.tables.of_study import table_spec
from gains.training.train import build_model
from helpers.tiny import settings_of

CASES = [(method.name, v) for method in METHODS for v in ("default", *method.variants)]


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_settings_come_back_from_json(method: str, variant: str) -> None:
    settings = settings_of(method, variant)
    content = json.loads(json.dumps(settings.to_json()))
    again = RunSettings.from_json(content, "test")
    assert again == settings
    assert again.to_json() == content


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_a_training_does_not_depend_on_settings_of_prediction(method: str, variant: str) -> None:
    settings = settings_of(method, variant)
    fields = type(settings.model).model_fields
    thresholds = {"score_threshold": 0.7, "nms": 0.3}
    changes = {"max_detections": 7, **{k: v for k, v in thresholds.items() if k in fields}}
    other = settings.with_prediction(changes)
    assert other != settings
    assert other.training_json() == settings.training_json()
    assert other.prediction.model_dump(exclude_none=True) == changes
    trained = RunSettings.from_json(other.training_json(), "test")
    assert trained.prediction.max_detections == 100
    assert trained.with_prediction(changes) == other


HOW = ValidationSettings(metric="AJI", score_threshold=0.3, nms=0.4, clean_score_threshold=0.5)


def validated_run(how: ValidationSettings = HOW, **recipe: Any) -> RunSettings:
    return replace(settings_of("mask_rcnn", **recipe), validation=how)


def test_a_choice_of_weights_depends_on_how_it_validates() -> None:
    settings = validated_run(select="best", validation_metric="AJI", early_stopping=2)
    content = settings.training_json()
    assert content["recipe"] == {
        **settings_of("mask_rcnn").training_json()["recipe"],
        "select": "best",
        "early_stopping": 2,
    }
    assert content["validation"] == HOW.model_dump()
    other = replace(settings, validation=HOW.model_copy(update={"score_threshold": 0.2}))
    assert other.training_json() != settings.training_json()
    again = RunSettings.from_json(content, "test", strict=True)
    assert again.validation == HOW
    assert again.training_json() == content
    assert RunSettings.from_json(settings.to_json(), "test", strict=True) == settings


def test_a_setting_of_a_method_that_is_off_is_in_no_record() -> None:
    """Records of trainings stay equal when a method gets such a setting."""
    settings = settings_of("gains")
    content = settings.training_json()
    assert "anomaly_bias" not in content["method"]
    assert RunSettings.from_json(content, "test", strict=True).training_json() == content
    model = settings.model.model_copy(update={"anomaly_bias": 1.0})
    assert replace(settings, model=model).training_json() == {
        **content,
        "method": {**content["method"], "anomaly_bias": 1.0},
    }


def test_a_curve_depends_on_its_interval_alone() -> None:
    settings = validated_run(validate_every=5, validation_metric="AJI", validation_threshold=0.3)
    content = settings.training_json()
    plain = settings_of("mask_rcnn").training_json()
    assert content == {**plain, "recipe": {**plain["recipe"], "validate_every": 5}}
    assert RunSettings.from_json(content, "test", strict=True).validation is None
    assert settings.to_json()["validation"]["metric"] == "AJI"


def test_a_training_builds_its_model_with_the_thresholds_of_its_validation() -> None:
    settings = validated_run(select="best").while_training
    assert settings.prediction.model_dump() == {
        "score_threshold": 0.3,
        "nms": 0.4,
        "max_detections": 100,
    }
    assert settings.training_json() == validated_run(select="best").training_json()
    plain = settings_of("mask_rcnn")
    assert plain.while_training is plain


def test_a_threshold_that_a_method_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="fastinst has no setting nms"):
        settings_of("fastinst").with_prediction({"nms": 0.5})
    with pytest.raises(ValueError, match=r"predict\.score_threshold: .* less than 1, found 1\.5"):
        settings_of("gains").with_prediction({"score_threshold": 1.5})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": {"lr": -1}}, r"test\.recipe\.lr: .* greater than 0"),
        ({"method": {"name": "gain"}}, "did you mean 'gains'"),
        ({"method": {}}, r"test\.method: expected a mapping with the name"),
        ({"method": "gains"}, r"test\.method: .*found gains"),
        ({"method": {"name": "gains", "alarm": 1}}, r"test\.method: .* did you mean 'alrm'"),
        ({"maps": {"variant": "isbi"}}, r"test\.maps: key 'variant' is now called 'program'"),
        ({"max_detections": "many"}, r"test\.max_detections: .* from 1 up, found 'many'"),
        ({"max_detections": 0}, r"test\.max_detections: .* from 1 up, found 0"),
        ({"validation": {"metrics": "AJI"}}, r"test\.validation: .* did you mean 'metric'"),
        ({"cell_category": -1}, r"test\.cell_category: .* from 0 up, found -1"),
    ],
)
def test_settings_from_json_are_checked(change: dict[str, object], message: str) -> None:
    content = {**settings_of("gains").to_json(), **change}
    with pytest.raises(ValueError, match=message):
        RunSettings.from_json(content, "test")


class PixelSettings(Settings):
    """Settings of a model that has neither a ResNet nor RoIs."""

    depth: int = 2
    start: str = "none"


class PixelModel(Detector):
    """A model of one parameter, which its method fills from a file."""

    def __init__(self) -> None:
        super().__init__()
        self.value = torch.nn.Parameter(torch.zeros(()))

    def losses(self, *_: object) -> dict[str, Tensor]:
        return {"loss": self.value.square()}

    def detect(self, *_: object) -> list[Detections]:
        return []


def build(_settings: PixelSettings, _task: Task) -> Detector:
    return PixelModel()


def load_weights(model: PixelModel, settings: PixelSettings) -> None:
    model.value.data.fill_(float(Path(settings.start).read_text()))


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    """Yield a study of a method without a ``backbone``."""
    record = Method(
        name="pixel",
        title="Pixel net",
        citation="Nobody 2026",
        settings=PixelSettings,
        build=build,
        label=lambda settings: f"D{settings.depth}" if settings.depth > 1 else "",
        weights=lambda settings: Path(settings.start),
        load_weights=load_weights,
    )
    (tmp_path / "start.txt").write_text("3")
    block = {
        "title": "t",
        "datasets": {"cells": {"source": "synthetic-cells"}},
        "methods": {"pixel": {"method": {"start": str(tmp_path / "start.txt")}}},
        "variants": {"pixel": {"flat": {"method": {"depth": 1}}}},
        "tables": {
            "t": {
                "title": "t",
                "rows": [{"method": "pixel"}, {"method": "pixel", "variant": "flat"}],
            }
        },
    }
    with METHODS.with_record(record):
        yield from_config(check({"study": "s", "studies": {"s": block}}, "test"))


def test_a_table_names_a_method_as_its_record_does(study: Study) -> None:
    assert [row.label for row in table_spec(study, "t").rows] == ["Pixel net (D2)", "Pixel net"]


def test_initial_weights_are_read_as_the_record_says(study: Study, tmp_path: Path) -> None:
    run, _ = study.runs()
    settings = study.run_settings(run)
    assert settings.record.weights(settings.model) == tmp_path / "start.txt"
    model = build_model(settings, [1], seed=0)
    assert isinstance(model, PixelModel)
    assert model.value.item() == 3
