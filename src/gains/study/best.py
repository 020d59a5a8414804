"""The run of a study that is best on the validation part of a data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gains.datasets.split_file import read_split
from gains.methods.run_settings import RunSettings
from gains.study.runs import Run, with_validation
from gains.study.study import Study
from gains.support.progress import progress

ValueOf = Callable[[Run, RunSettings, Path], tuple[float, int]]
"""Function of a run, its settings with those of the validation, and the file that keeps the value;
it returns the value and the number of images of the validation part."""


class Choice(NamedTuple):
    """The run that was chosen, and a sentence about it."""

    run: Run
    sentence: str


def best_run(study: Study, dataset: str, value_of: ValueOf) -> Choice:
    """Return the run of a data set whose model has the best value on the validation part.

    The value is that of the metric by which the recipe validates. No other part is looked at. Of
    equal values, the first run in the order of the study is chosen.

    Args:
        study: the study.
        dataset: the data set.
        value_of: function that gives the value of a run.

    Raises:
        FileNotFoundError: no run of the data set is trained.
        ValueError: there is no such data set, no run of it, or its runs have different metrics.
    """
    study.dataset(dataset)  # this call refuses an unknown data set
    runs = [run for run in study.runs() if run.dataset == dataset]
    trained = [run for run in runs if study.model(run).is_file()]
    if not trained:
        raise FileNotFoundError(
            f"study {study.name!r}: none of its {len(runs)} runs on {dataset!r} is trained (the "
            f"first would be {study.model(runs[0])}); run the study first"
            if runs
            else f"study {study.name!r}: no table shows a run on {dataset!r}, so there is none to "
            "choose; add a row to a table"
        )
    _refuse_without_validation(study, dataset, trained)
    settings = [with_validation(study.settings, study.run_settings(run)) for run in trained]
    metrics = {s.validation.metric for s in settings if s.validation is not None}
    if len(metrics) > 1:
        raise ValueError(
            f"study {study.name!r}: its runs on {dataset!r} are validated by different metrics, "
            f"{', '.join(sorted(metrics))}, which cannot be compared; name a run with --method"
        )
    (metric,) = metrics
    values: list[tuple[float, int]] = []
    with progress("validate", len(trained)) as advance:
        for run, own in zip(trained, settings, strict=True):
            values.append(value_of(run, own, _memory(study, run)))
            advance(len(values), run.path)
    place = max(range(len(values)), key=lambda k: values[k][0])
    return Choice(trained[place], _sentence(runs, trained, place, values[place], metric))


def _memory(study: Study, run: Run) -> Path:
    return Path(f"scratch/{study.tag}/values/{run.path}.json")


def _refuse_without_validation(study: Study, dataset: str, runs: list[Run]) -> None:
    split = read_split(study.split(dataset))
    for run in runs:
        if not split.names("val", run.fold):
            raise ValueError(
                f"{study.split(dataset)}: the validation part (val) of fold {run.fold} has no "
                "images, so no run can be chosen by it; name a run with --method, or make a split "
                "with a validation part"
            )


def _sentence(
    runs: list[Run], trained: list[Run], place: int, best: tuple[float, int], metric: str
) -> str:
    run, (value, images) = trained[place], best
    missing = len(runs) - len(trained)
    return (
        f"the best run is {run.path}: {metric} {100 * value:.1f} on the {images} images "
        f"of the validation part, the largest of {len(trained)} trained runs"
        + (f"; {missing} runs of the study are not trained yet" if missing else "")
    )
