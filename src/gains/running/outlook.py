"""What a person is told before the first training: how much, how long, where."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from gains.running.choice import ChosenStudy
from gains.running.forecast import Forecast
from gains.running.measure import measure_apart
from gains.study.cost import StudyCost, cost_of, jobs_at_once
from gains.study.plan import estimates, record_of
from gains.study.runs import Run
from gains.study.starts import start_of
from gains.study.study import Study
from gains.support.durations import duration
from gains.workflow.memory import memory_mb

LONG = 12 * 3600
"""Time in s from which a person is asked before the trainings begin."""


def forecast(choice: ChosenStudy, trainings: Sequence[Run], cores: int) -> Forecast:
    """Return what is known of the trainings to do.

    Methods of which nothing is known are measured first.

    Args:
        choice: the study.
        trainings: the trainings to do.
        cores: number of cores.
    """
    study = choice.study
    at_once = min(jobs_at_once(study, cores, memory_mb()), len(trainings))
    known = estimates(study)
    unknown = [run for run in trainings if known.get(run) is None]
    if unknown:
        measure_apart(choice, unknown, at_once)
        known = estimates(study)
    seconds = {run: value for run in trainings if (value := known.get(run)) is not None}
    return Forecast(trainings, seconds, at_once, partial(start_of, study))


def outlook_lines(study: Study, expected: Forecast) -> Iterator[str]:
    """Yield what a person should know before the trainings begin.

    Args:
        study: the study.
        expected: what is known of the trainings to do.
    """
    total, todo = len(list(study.trainings())), len(expected.trainings)
    done = (
        f"{total - todo} of {total} trainings of the study are done"
        if todo < total
        else f"The study has {total} {'training' if total == 1 else 'trainings'}"
    )
    yield f"{done}; {todo} to do, {expected.slots} at a time, on {device(study, expected)}."
    seconds = expected.all
    if seconds is None:
        yield "How long they take is not known before one of them has finished."
    else:
        cost = _cost(study, expected)
        more = f"; with predictions and anomaly maps about {duration(cost.seconds)}" if cost else ""
        yield f"They take about {duration(seconds)}{more}."
        yield from _needs(cost) if cost else ()
    allowed = expected.slots * study.settings.mem_mb / 1000
    yield f"The study allows {allowed:.1f} GB of memory for trainings at the same time (mem_mb)."
    yield f"The results will be in {Path(study.results).absolute()}"


def _cost(study: Study, expected: Forecast) -> StudyCost | None:
    """Return what the whole study still takes, if these are its trainings and all were measured."""
    missing = {run for run in study.trainings() if not record_of(study, run).is_file()}
    return cost_of(study, expected.slots) if missing == set(expected.trainings) else None


def _needs(cost: StudyCost) -> Iterator[str]:
    """Yield a sentence about the memory and the disk that a study takes."""
    memory, disk = cost.at_once * cost.host_mb / 1000, (cost.disk + cost.checkpoints) / 1e9
    free = shutil.disk_usage(".").free / 1e9
    more = ", which is too little: free some first" if free < disk else ""
    yield (
        f"They use up to {memory:.1f} GB of memory, and {disk:.2g} GB of the disk, of which "
        f"{free:.2g} GB are free{more}."
    )


def device(study: Study, expected: Forecast) -> str:
    """Return where the trainings run, in words."""
    wanted = {study.run_settings(run).recipe.device for run in expected.trainings}
    if wanted == {"cpu"}:
        return "the CPU"
    # torch takes seconds to import, and this process does not need it
    code = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    ).stdout.strip()
    return f"the GPU ({found})" if found else "the CPU, because torch finds no GPU"
