"""The file of what `gains plan --measure` has measured of the runs of a study on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from gains.config.base import Settings
from gains.config.settings_file import read_settings
from gains.methods.run_settings import RunSettings
from gains.study.runs import Run
from gains.support.files import settings_hash

if TYPE_CHECKING:
    from gains.study.study import Study

SCHEDULE = (
    "iterations",
    "warmup_iterations",
    "milestones",
    "decay_every",
    "validate_every",
    "checkpoint_every",
)
"""Settings of a recipe on which the time of an iteration does not depend."""


class TrainingMeasurement(Settings):
    """Time, memory and disk of a training."""

    iterations: int = Field(description="number of timed iterations, without those before them")
    iteration_seconds: float = Field(description="time of an iteration in s")
    load_seconds: float = Field(description="time to read an image for the first time in s")
    cached: bool = Field(description="whether an image that was read stays in memory")
    host_mb: int = Field(description="peak of the resident memory in MB")
    device_mb: int | None = Field(description="peak of the GPU memory in MB; none on a CPU")
    model_bytes: int = Field(description="size of a model file")
    checkpoint_bytes: int = Field(description="size of a checkpoint")


class RunMeasurement(Settings):
    """What one process measured."""

    start_seconds: float = Field(
        description="time from the start of the process to the first iteration or prediction in s"
    )
    training: TrainingMeasurement | None = Field(description="none: a trained model was given")
    predicted: int = Field(description="number of predicted images")
    predict_seconds: float = Field(description="time to predict an image in s")
    predict_host_mb: int = Field(description="peak of the resident memory in MB")
    prediction_bytes: float = Field(description="size of the predictions of an image in the file")


class Measurement(RunMeasurement):
    """Time, memory and disk of a run on this machine."""

    key: str = Field(description="hash of settings, data, code and device")
    settings: str = Field(description="hash of the settings without the schedule")
    images: int = Field(description="number of training images")
    validation_images: int = Field(description="number of validation images")
    map_seconds: float | None = Field(
        description="time to make the maps of an image in s; none: the method reads no maps, or "
        "they were there"
    )
    map_bytes: float | None = Field(description="size of the maps of an image in the file")

    def training_seconds(self, settings: RunSettings) -> float | None:
        """Return the time of a whole training in s; None if only a prediction was measured."""
        measured, recipe = self.training, settings.recipe
        if measured is None:
            return None
        scenes = 0 if recipe.clusters is None else recipe.clusters.scenes
        shown = self.images + scenes
        first = shown * len(recipe.train_sizes) if measured.cached else 0
        every = recipe.validation_interval
        validations = 0 if every is None else -(-recipe.iterations // every)
        return (
            self.start_seconds
            + recipe.iterations * measured.iteration_seconds
            + min(first, recipe.images_seen) * measured.load_seconds
            + validations * self.validation_images * self.predict_seconds
        )


class Measurements(Settings):
    """Measurements by data set, method and variant, with slashes between them."""

    runs: dict[str, Measurement] = Field(default_factory=dict, description="by kind of run")


def kind_of(run: Run) -> str:
    """Return the data set, method and variant of a run, which all seeds and folds share."""
    return f"{run.dataset}/{run.method}/{run.variant}"


def comparable(settings: RunSettings) -> str:
    """Return a hash of the settings on which time and memory of an iteration depend."""
    content = {key: value for key, value in settings.to_json().items() if key != "start"}
    recipe = {key: value for key, value in content["recipe"].items() if key not in SCHEDULE}
    return settings_hash({**content, "recipe": recipe})


def measured_file(study: Study) -> Path:
    """Return the path of the measurements of a study."""
    return Path(f"scratch/{study.tag}/measured.json")


def read_measurements(path: Path) -> Measurements:
    """Return the measurements of a file; there are none if it is missing, or of another version."""
    try:
        return read_settings(Measurements, path)
    except (FileNotFoundError, ValueError):  # they are only measured again
        return Measurements()


def measurement_of(study: Study, run: Run, kept: Measurements) -> Measurement | None:
    """Return the measurement of a run with its present settings, or None."""
    found = kept.runs.get(kind_of(run))
    if found is None or found.settings != comparable(study.run_settings(run)):
        return None
    return found
