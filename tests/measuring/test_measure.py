"""Measurements of runs by short trainings: what is timed, what is kept, and what follows for a study."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gains.anomaly.build import build_maps
from gains.cli.main import app
from gains.cli.plan import costs
from gains.config.base import merge, validated
from gains.config.clusters import ClusterSettings
from gains.config.data import SplitSettings
from gains.config.recipe import RecipeSettings
from gains.config.study import StudySettings
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.make_split import make_split
from gains.datasets.split_file import read_split
from gains.measuring.few_images import FEW, few_images
from gains.measuring.measure import Limits, _Trial, measure, require_data
from gains.measuring.request import Request
from gains.measuring.worker import _short, measured
from gains.study.cost import cost_of, jobs_at_once, unmeasured
from gains.study.measured import (
    Measurement,
    Measurements,
    TrainingMeasurement,
    comparable,
    kind_of,
    measured_file,
)
from gains.study.opening import open_study
from gains.study.plan import estimates, plan
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.files import write_json
from helpers.paths import ROOT

MASK_RCNN, GAINS = (
    Run("synthetic-cells", method, "default", 0) for method in ("mask_rcnn", "gains")
)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """Return the tiny study, in a folder of its own, with converted and divided data."""
    monkeypatch.chdir(tmp_path)
    opened = open_study(ROOT / "tests/studies/tiny.yaml")
    coco, block = opened.coco("synthetic-cells"), opened.dataset("synthetic-cells")
    convert("synthetic-cells", "synthetic-cells", block.options, coco)
    make_split(coco, SplitSettings(), opened.split("synthetic-cells"))
    return opened


def measurement(study: Study, run: Run, **changes: object) -> Measurement:
    """Return a measurement with whole numbers."""
    training = TrainingMeasurement(
        iterations=20,
        iteration_seconds=2,
        load_seconds=0.5,
        cached=True,
        host_mb=900,
        device_mb=None,
        model_bytes=1000,
        checkpoint_bytes=3000,
    )
    content = {
        "start_seconds": 3,
        "training": training,
        "predicted": 2,
        "predict_seconds": 4,
        "predict_host_mb": 700,
        "prediction_bytes": 10,
        "key": "k",
        "settings": comparable(study.run_settings(run)),
        "images": 8,
        "validation_images": 2,
        "map_seconds": None if run.method == "mask_rcnn" else 1.5,
        "map_bytes": None if run.method == "mask_rcnn" else 100,
    }
    return Measurement.model_validate({**content, **changes})


def keep(study: Study, *runs: Run) -> None:
    """Write measurements of runs to the file of the study."""
    content = Measurements(runs={kind_of(run): measurement(study, run) for run in runs})
    measured_file(study).parent.mkdir(parents=True)
    measured_file(study).write_text(content.model_dump_json())


def test_a_process_times_training_and_prediction_and_leaves_nothing(
    study: Study, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    coco = study.coco("synthetic-cells")
    split = study.split("synthetic-cells")
    maps = tmp_path / "maps.npz"
    settings = study.run_settings(GAINS)
    data = read_coco(coco)
    assert settings.maps is not None
    build_maps(data, settings.maps, data.by_name(read_split(split).names("train")), maps)
    request = Request(
        settings=settings.to_json(),
        coco=str(coco),
        split=str(split),
        maps=str(maps),
        model=None,
        images=8,
        iterations=3,
        seconds=600,
        began=0,
    )
    found = measured(request, work)
    assert found.training is not None
    assert found.training.iterations == 3
    assert found.training.cached
    assert found.training.iteration_seconds > found.training.load_seconds > 0
    assert found.training.checkpoint_bytes > found.training.model_bytes > 10_000
    assert found.start_seconds > 1e9  # since 1970, because the process began then
    assert found.predicted == len(read_split(split).names("test"))
    assert found.predict_seconds > 0
    # the time limit ends the timing after two iterations, of which the first is not counted
    found = measured(request.model_copy(update={"seconds": 1e-9}), tmp_path)
    assert found.training is not None
    assert (found.training.iterations, found.predicted) == (1, 1)


def test_a_measurement_has_scenes_in_the_proportion_of_the_images(tmp_path: Path) -> None:
    write_json(tmp_path / "split.json", {"folds": [{"train": ["a", "b", "c"], "test": ["d"]}]})
    request = Request(
        settings={},
        coco="x.json",
        split=str(tmp_path / "split.json"),
        maps=None,
        model=None,
        images=12,
        iterations=5,
        seconds=1,
        began=0,
    )
    recipe = RecipeSettings(batch_size=2, clusters=ClusterSettings(scenes=17))
    found = _short(recipe, request)
    assert found.clusters is not None
    assert found.clusters.scenes == 5  # 17 * 3 / 12
    assert found.iterations == 4 + 5
    assert _short(recipe.model_copy(update={"clusters": None}), request).iterations == 2 + 5


def test_a_second_call_measures_nothing(study: Study) -> None:
    lines: list[tuple[str, bool]] = []

    def report(kind: str, found: Measurement, kept: bool) -> None:
        assert found.map_seconds is not None
        assert (found.images, found.validation_images) == (8, 2)
        lines.append((kind, kept))

    for _ in range(2):
        measure(study, [GAINS], 1, report, Limits(2, 60))
    assert lines == [
        ("synthetic-cells/gains/default", False),
        ("synthetic-cells/gains/default", True),
    ]
    assert [path.name for path in measured_file(study).parent.iterdir()] == ["measured.json"]
    assert not Path("data/tiny/maps").exists()
    assert not Path("results").exists()
    assert estimates(study)[GAINS] is not None


def test_a_run_is_measured_without_the_model_that_it_starts_from(study: Study) -> None:
    """Neither that model nor how it was trained changes the time of an iteration."""

    def second(lr: float) -> Study:
        variant = {"recipe": {"start_from": {"method": "mask_rcnn"}}}
        changes = {"variants": {"gains": {"second": variant}}, "methods": {}}
        content = merge(study.settings.model_dump(exclude_unset=True), changes)
        content["methods"] = {"mask_rcnn": {"recipe": {"lr": lr}}}
        return Study(study.name, validated(StudySettings, content, "t"))

    run, other = replace(GAINS, variant="second"), second(0.002)
    found: list[Measurement] = []
    measure(other, [run], 1, lambda _, one, __: found.append(one), Limits(2, 60))
    assert found[0].training is not None and found[0].training.iterations == 2
    assert not other.model(MASK_RCNN).exists()
    hashes = {comparable(each.run_settings(run)) for each in (other, second(0.003))}
    assert hashes == {found[0].settings}


def test_a_failure_is_told_in_the_words_of_the_training(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gains.measuring.measure._key", lambda *_: "k")
    archive = study.coco("synthetic-cells").with_suffix(".zip")
    archive.write_bytes(b"no archive")
    words = "synthetic-cells/mask_rcnn/default: the short run .* failed: .*damaged archive"
    with pytest.raises(ValueError, match=words):
        measure(study, [MASK_RCNN], 1, lambda *_: None)


def test_after_a_failure_no_other_run_is_measured(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def fails(trial: _Trial, _: Limits) -> Measurement:
        begun.append(trial.kind)
        raise ValueError("no memory")

    monkeypatch.setattr(_Trial, "measured", fails)
    with pytest.raises(ValueError, match="no memory"):
        measure(study, [MASK_RCNN, GAINS], 1, lambda *_: None)
    assert begun == [kind_of(MASK_RCNN)]


def test_missing_initial_weights_are_named_before_anything_is_measured(study: Study) -> None:
    content = study.settings.model_dump()
    content["detector"] = {"backbone": {"name": "resnet50", "weights": "imagenet"}}
    pretrained = Study("tiny", study.settings.model_validate(content))
    with pytest.raises(FileNotFoundError, match="Run `gains fetch imagenet-resnet50`"):
        require_data(pretrained, [MASK_RCNN])


def test_data_that_are_not_converted_are_named_with_the_command(study: Study) -> None:
    study.split("synthetic-cells").unlink()
    command = "snakemake --cores 8 data/tiny/splits/synthetic-cells.json --config study=tiny"
    with pytest.raises(FileNotFoundError, match=command):
        measure(study, [MASK_RCNN], 1, lambda *_: None)
    call = CliRunner().invoke(
        app, ["plan", "--config", str(ROOT / "tests/studies/tiny.yaml"), "--measure"]
    )
    assert call.exception and command in str(call.exception)
    assert "measuring" not in call.output


def test_few_images_span_the_numbers_of_objects(study: Study) -> None:
    coco, split = (
        read_coco(study.coco("synthetic-cells")),
        read_split(study.split("synthetic-cells")),
    )
    everything = split.names("train")
    empty = everything[0]
    coco.annotations[coco.by_name([empty])[0].id] = []
    counts = {n: len(coco.annotations[coco.by_name([n])[0].id]) for n in everything}
    few = few_images(coco, split, 0)
    assert len(few["train"]) == min(FEW, len(everything) - 1)
    assert empty not in few["train"]
    assert counts[few["train"][0]] == min(n for n in counts.values() if n)
    assert counts[few["train"][-1]] == max(counts.values())
    for image in coco.images:
        coco.annotations[image] = []
    with pytest.raises(ValueError, match="no training image of fold 0 has objects"):
        few_images(coco, split, 0)


def test_the_time_of_a_training_by_hand(study: Study) -> None:
    found = measurement(study, MASK_RCNN)
    # 3 to start, 6 iterations of 2 s, 8 images that are read once
    assert found.training_seconds(study.run_settings(MASK_RCNN)) == 3 + 12 + 4
    # and two validations on 2 images of 4 s
    assert found.training_seconds(study.run_settings(GAINS)) == 3 + 12 + 4 + 16
    # each of 3 scenes is read once, as the images are
    plain = study.run_settings(MASK_RCNN)
    recipe = plain.recipe.model_copy(update={"clusters": ClusterSettings(scenes=3)})
    assert found.training_seconds(replace(plain, recipe=recipe)) == 3 + 12 + 5.5
    alone = measurement(study, MASK_RCNN, training=None)
    assert alone.training_seconds(study.run_settings(MASK_RCNN)) is None
    assert found.training is not None
    uncached = found.training.model_copy(update={"cached": False})
    seconds = measurement(study, MASK_RCNN, training=uncached).training_seconds
    assert seconds(study.run_settings(MASK_RCNN)) == 3 + 12


def test_a_plan_uses_measurements_of_the_present_settings_alone(study: Study) -> None:
    keep(study, MASK_RCNN)
    plans = {p.method: p for p in plan(study)}
    assert plans["mask_rcnn"].left_seconds == 2 * 19  # two seeds
    assert plans["gains"].left_seconds is None
    content = study.settings.model_dump()
    longer = Study(
        "tiny",
        study.settings.model_validate(content | {"recipe": {**content["recipe"], "iterations": 7}}),
    )
    assert estimates(longer)[MASK_RCNN] == 21
    larger = Study(
        "tiny",
        study.settings.model_validate(content | {"recipe": {**content["recipe"], "test_size": 96}}),
    )
    assert estimates(larger)[MASK_RCNN] is None


def test_the_cost_of_a_study_by_hand(study: Study) -> None:
    keep(study, MASK_RCNN)
    assert cost_of(study, 2) is None  # gains is not measured
    measured_file(study).unlink()
    measured_file(study).parent.rmdir()
    keep(study, MASK_RCNN, GAINS)
    cost = cost_of(study, 2)
    assert cost is not None
    test = len(read_split(study.split("synthetic-cells")).names("test"))
    train = len(read_split(study.split("synthetic-cells")).names("train"))
    prediction = 3 + 4 * test
    assert cost.trainings == 2 * 19 + 2 * 35
    assert cost.predictions == 4 * prediction
    assert cost.maps == train * 1.5
    assert cost.one_by_one == cost.trainings + cost.predictions + cost.maps
    # two jobs at a time, the longest first: both of gains, then both of Mask R-CNN, then the maps
    assert cost.seconds == 35 + 19 + 2 * prediction + cost.maps
    assert (cost.host_mb, cost.device_mb, cost.checkpoints) == (900, None, 6000)
    assert cost.disk == 4 * 1000 + 4 * test * 10 + train * 100
    coco = study.coco("synthetic-cells")
    assert cost.archives == coco.stat().st_size + coco.with_suffix(".zip").stat().st_size
    time, memory, disk = costs(cost, 1000)
    assert "With 2 at the same time they take about" in time
    assert memory == "A job takes up to 900 MB of memory; the study allows 1000 MB (mem_mb)."
    assert "raise mem_mb" in list(costs(cost, 800))[1]
    assert "checkpoints take up to 6e-06 GB" in disk


def test_a_finished_training_only_predicts(study: Study) -> None:
    keep(study, MASK_RCNN, GAINS)
    folder = study.run_folder(MASK_RCNN)
    folder.mkdir(parents=True)
    record = {"settings": study.run_settings(MASK_RCNN).to_json(), "iterations": 6, "seconds": 120}
    (folder / "run.json").write_text(json.dumps(record))
    assert estimates(study)[MASK_RCNN] == 120
    other = Run("synthetic-cells", "mask_rcnn", "default", 1)
    assert estimates(study)[other] == 120  # the finished training counts, and not the measurement
    assert [kind_of(run) for run in unmeasured(study)] == [kind_of(other), kind_of(GAINS)]


def test_cores_threads_memory_and_gpu_limit_the_jobs(study: Study) -> None:
    assert jobs_at_once(study, 4, 100_000) == 4
    assert jobs_at_once(study, 4, 2500) == 2  # a job takes 1000 MB
    assert jobs_at_once(study, 1, 500) == 1
    content = study.settings.model_dump()
    threads = study.settings.model_validate(
        content | {"recipe": {**content["recipe"], "threads": 2}}
    )
    assert jobs_at_once(Study("tiny", threads), 4, 100_000) == 2
    gpu = study.settings.model_validate(content | {"gpu": 1})
    assert jobs_at_once(Study("tiny", gpu), 4, 100_000) == 1


def test_the_plan_states_what_was_measured(study: Study) -> None:
    keep(study, MASK_RCNN, GAINS)
    config = str(ROOT / "tests/studies/tiny.yaml")
    lines = (
        CliRunner().invoke(app, ["plan", "--config", config, "--cores", "1"]).output.splitlines()
    )
    assert "The rest takes about" in lines[3]
    assert "All jobs together take about" in lines[4]
    assert "(mem_mb)" in lines[5]
    assert "The files take about" in lines[6]
