"""The plan of a study, from the records of finished trainings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gains.config.study import StudySettings
from gains.study.opening import open_study
from gains.study.plan import plan, trainings_that_fit
from gains.study.runs import Run
from gains.study.study import Study
from helpers.paths import ROOT


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(tmp_path)
    return open_study(ROOT / "config.yaml", "demo")


def finish(study: Study, run: Run, seconds: float, **memory: int) -> None:
    """Write the record of a finished training."""
    folder = study.run_folder(run)
    folder.mkdir(parents=True)
    record: dict[str, Any] = {
        "settings": study.run_settings(run).to_json(),
        "iterations": study.run_settings(run).recipe.iterations,
        "seconds": seconds,
        "memory_mb": memory,
    }
    (folder / "run.json").write_text(json.dumps(record))


def test_nothing_trained_yet(study: Study) -> None:
    plans = plan(study)
    assert sum(p.done for p in plans) == 0
    assert sum(p.total for p in plans) == len(list(study.runs()))
    assert [p.left_seconds for p in plans] == [None] * len(plans)


def test_the_rest_takes_as_long_per_image_as_what_is_done(study: Study) -> None:
    cells = Run("synthetic-cells", "gains", "default", 0)
    seen = study.run_settings(cells).recipe.images_seen
    finish(study, cells, seconds=2.0 * seen, host=900)
    plans = {p.method: p for p in plan(study)}
    assert (plans["gains"].done, plans["mask_rcnn"].done) == (1, 0)
    others = [r for r in study.runs() if r.method == "gains" and r != cells]
    images = sum(study.run_settings(run).recipe.images_seen for run in others)
    assert plans["gains"].left_seconds == pytest.approx(2 * images)
    # no training of the other method is done, so any method serves as estimate; then its own does
    of_mask_rcnn = [r for r in study.runs() if r.method == "mask_rcnn"]
    images = sum(study.run_settings(run).recipe.images_seen for run in of_mask_rcnn)
    assert plans["mask_rcnn"].left_seconds == pytest.approx(2 * images)
    first, *rest = of_mask_rcnn
    finish(study, first, seconds=5.0 * study.run_settings(first).recipe.images_seen, host=700)
    images = sum(study.run_settings(run).recipe.images_seen for run in rest)
    found = {p.method: p for p in plan(study)}["mask_rcnn"]
    assert found.left_seconds == pytest.approx(5 * images)


def test_a_training_that_ended_early_counts_the_images_that_it_saw(study: Study) -> None:
    first, *rest = [r for r in study.trainings() if r.method == "mask_rcnn"]
    finish(study, first, seconds=60.0, host=700)
    path = study.run_folder(first) / "run.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "iterations": 10}))
    batch = study.run_settings(first).recipe.batch_size
    images = sum(study.run_settings(run).recipe.images_seen for run in rest)
    found = {p.method: p for p in plan(study)}["mask_rcnn"]
    assert found.left_seconds == pytest.approx(60 / (10 * batch) * images)


def test_the_estimate_is_the_median_of_the_same_variant_on_any_data_set(study: Study) -> None:
    runs = [r for r in study.trainings() if r.method == "gains"]
    default = [r for r in runs if r.variant == "default"]
    deep = [r for r in runs if r.variant == "deep"]
    for run, per_image in zip([default[0], *deep], (3, 1, 2, 9), strict=True):
        seen = study.run_settings(run).recipe.images_seen
        finish(study, run, seconds=per_image * seen, host=900)
    others = [study.run_settings(r).recipe.images_seen for r in default[1:]]
    # w3 to f0.75, alrm and gal have no training of their own: the median of 3, 1, 2 and 9
    rest = [r for r in runs if r not in default and r not in deep]
    of_others = [study.run_settings(r).recipe.images_seen for r in rest]
    found = {p.method: p for p in plan(study)}["gains"]
    assert found.left_seconds == pytest.approx(3 * sum(others) + 2.5 * sum(of_others))
    assert sorted(m.seconds / m.images for m in found.measured) == [1, 2, 3, 9]
    # the third deep training serves as estimate of nothing but its own variant
    (study.run_folder(deep[0]) / "run.json").unlink()
    found = {p.method: p for p in plan(study)}["gains"]
    left = study.run_settings(deep[0]).recipe.images_seen
    assert found.left_seconds == pytest.approx(
        3 * sum(others) + 3 * sum(of_others) + (2 + 9) / 2 * left
    )


def test_runs_that_share_a_model_are_one_training(study: Study) -> None:
    content = study.settings.model_dump()
    content["variants"]["gains"]["sure"] = {"method": {"score_threshold": 0.5}}
    row = {"method": "gains", "variant": "sure", "label": "sure"}
    content["tables"]["table3"]["rows"] = [*content["tables"]["table3"]["rows"], row]
    more = Study("demo", StudySettings.model_validate(content))
    assert len(list(more.runs())) == len(list(study.runs())) + 3
    assert [(p.method, p.total) for p in plan(more)] == [(p.method, p.total) for p in plan(study)]


def test_what_fits_a_gpu(study: Study) -> None:
    runs = list(study.runs())
    finish(study, runs[0], 10, host=900)
    assert trainings_that_fit(plan(study), 80_000) is None
    finish(study, runs[1], 10, host=900, device=3300)
    finish(study, runs[2], 10, host=900, device=2000)
    assert trainings_that_fit(plan(study), 80_000) == 20  # 3300 and 700 for CUDA itself
    assert trainings_that_fit(plan(study), 3000) == 0


def test_a_finished_study(study: Study) -> None:
    runs = list(study.runs())
    for run in runs:
        finish(study, run, 10, host=900)
    plans = plan(study)
    assert sum(p.done for p in plans) == sum(p.total for p in plans) == len(runs)
    assert [p.left_seconds for p in plans] == [0] * len(plans)
