"""How the runs of a study validate: what is resolved, what is refused, what shares a training."""

from __future__ import annotations

from typing import Any

import pytest

from gains.config.prediction import ValidationSettings
from gains.study.runs import Run
from gains.study.study import Study
from helpers.table_scenes import study

BEST = {"select": "best", "validate_every": 50}
LOOSE = {"loose": {"method": {"score_threshold": 0.01}}}


def small(recipe: dict[str, Any], **changes: Any) -> Study:
    return study([0], recipe=recipe, **changes)


def how(found: Study, method: str = "mask_rcnn", variant: str = "default") -> Any:
    return found.run_settings(Run("cells", method, variant, 0)).validation


def test_what_a_recipe_does_not_choose_is_as_in_the_prediction() -> None:
    assert how(small({})) is None
    block = {"max_detections": 30}
    assert how(small(BEST, dataset=block)) == ValidationSettings(
        metric="mAP", score_threshold=0.05, nms=0.5, max_detections=30
    )
    chosen = {**BEST, "validation_metric": "AJI", "validation_threshold": 0.4}
    assert how(small(chosen, clean_score_threshold=0.6)) == ValidationSettings(
        metric="AJI", score_threshold=0.4, nms=0.5, max_detections=100, clean_score_threshold=0.6
    )
    assert how(small({"validate_every": 9}), "fastinst").nms is None


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("mAPs", "validation_metric: no metric 'mAPs' in clean mode; did you mean 'mAP'"),
        ("FDR", "validation_metric: no metric 'FDR' in clean mode"),
        ("FNo", "a smaller FNo is better, but .* choose one of mAP, AP50, AP75, AJI"),
    ],
)
def test_a_metric_that_cannot_pick_is_refused(metric: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small({**BEST, "validation_metric": metric})


def test_runs_that_validate_alike_share_a_training() -> None:
    changes: dict[str, Any] = {"variants": {"mask_rcnn": LOOSE}}

    def trained(recipe: dict[str, Any]) -> str:
        return small(recipe, **changes).trained_variant("cells", "mask_rcnn", "loose")

    assert trained({}) == "default"
    assert trained({"validate_every": 50}) == "default"
    assert trained(BEST) == "loose"
    assert trained({**BEST, "validation_threshold": 0.05}) == "default"


def test_a_metric_of_a_curve_retrains_nothing() -> None:
    def settings(**recipe: Any) -> Any:
        return small(recipe).run_settings(Run("cells", "gains", "default", 0)).training_json()

    assert settings(validate_every=5) == settings(validate_every=5, validation_metric="AJI")
    assert settings(**BEST) != settings(**BEST, validation_metric="AJI")
    assert settings() == settings(validation_metric="AJI", validation_threshold=0.2)
    assert settings() != settings(validate_every=5)


def test_the_interval_follows_the_number_of_images() -> None:
    found = small({"iterations": 100, **BEST}, methods={"gains": {"images_factor": 3}})
    recipe = found.run_settings(Run("cells", "gains", "default", 0)).recipe
    assert (recipe.iterations, recipe.validate_every) == (300, 150)


def test_the_default_interval_equals_the_same_number() -> None:
    rows = {
        name: {"recipe": {"validate_every": n}} for name, n in {"same": 20, "other": 21}.items()
    }
    found = small({"select": "best", "iterations": 200}, variants={"gains": rows})
    trained = [found.trained_variant("cells", "gains", v) for v in ("default", "same", "other")]
    assert trained == ["default", "default", "other"]
