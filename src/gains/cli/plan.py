"""The verb ``plan``: show how far a study is, and how long the rest of it takes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli import printing
from gains.cli.app import app
from gains.cli.options import CONFIG, Config, StudyName
from gains.support.durations import duration

if TYPE_CHECKING:
    from gains.study.cost import StudyCost
    from gains.study.measured import Measurement
    from gains.study.plan import MethodPlan
    from gains.study.study import Study

COLUMNS = ("method", "done", "trainings", "time, s", "memory, MB", "GPU, MB")
"""Titles of the columns of ``cells``."""


@app.command()
def plan(
    config: Config = CONFIG,
    study: StudyName = None,
    gpu_memory: Annotated[
        int | None,
        typer.Option(min=1, help="Memory of the GPU in MB; by default that of this machine."),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Measure each method by a short training on this machine."),
    ] = False,
    cores: Annotated[
        int | None,
        typer.Option(min=1, help="Number of CPU cores; by default those of this machine."),
    ] = None,
) -> None:
    """Show how many trainings of a study are done, how long the rest takes, and how many fit a GPU.

    With --measure, each method that no finished training has measured is trained for 20 iterations,
    or for a minute, on the converted data. The verb then states time, memory and disk of the whole
    study. What was measured is kept in the folder scratch, and used by later calls.

    To a file or a pipe, the verb writes the rows of its table with tabs between the cells.

    \b
    Examples:
      gains plan --study paper --gpu-memory 80000
      gains plan --study first --measure --cores 2
    """
    from gains.models.device import gpu_megabytes
    from gains.running.check import quick_problems
    from gains.study.cost import cost_of, jobs_at_once
    from gains.study.opening import open_study
    from gains.study.plan import plan as plan_of
    from gains.support.parallel import available_cores
    from gains.workflow.memory import memory_mb

    chosen = open_study(config, study)
    if gpu_memory is None and chosen.settings.gpu:
        gpu_memory = gpu_megabytes()
    at_once = jobs_at_once(chosen, cores or available_cores(), memory_mb())
    if measure:
        _measure(chosen, at_once)
    plans, cost = plan_of(chosen), cost_of(chosen, at_once)
    typer.echo(headline(chosen.tag, plans))
    if console := printing.terminal():
        printing.show_table(console, COLUMNS, map(cells, plans), numbers=len(COLUMNS) - 1)
    else:
        printing.print_lines(map(cells, plans))
    for sentence in outlook(plans, gpu_memory, cost):
        typer.echo(sentence)
    if cost is not None and cost.one_by_one:
        for sentence in costs(cost, chosen.settings.mem_mb):
            typer.echo(sentence)
    for sentence in quick_problems(chosen):
        typer.echo(sentence)
    for name in chosen.absent:
        typer.echo(f"{chosen.absence(name)}. Its trainings are not counted.")


def _measure(study: Study, at_once: int) -> None:
    """Measure what no finished training has measured, and print a line for each kind of run."""
    from gains.measuring.measure import SECONDS, measure, require_data
    from gains.study.cost import unmeasured

    def report(kind: str, found: Measurement, kept: bool) -> None:
        typer.echo(f"{kind}: {measured_line(found)}{', measured before' if kept else ''}")

    runs = unmeasured(study)
    require_data(study, runs)
    if runs:
        together = f", {at_once} at the same time" if at_once > 1 else ""
        typer.echo(
            f"measuring {len(runs)} kinds of runs{together}; each trains and predicts for about "
            f"{duration(2 * SECONDS)} at most:"
        )
    measure(study, runs, at_once, report)


def measured_line(found: Measurement) -> str:
    """Return what was measured of a kind of run."""
    predicted = f"{found.predict_seconds:.2g} s per predicted image ({found.predicted} predicted)"
    training = found.training
    if training is None:
        return f"trained already, {predicted}"
    gpu = "" if training.device_mb is None else f" and {training.device_mb} MB of the GPU"
    return (
        f"{training.iteration_seconds:.2g} s per iteration ({training.iterations} timed), "
        f"{predicted}, {training.host_mb} MB of memory{gpu}"
    )


def costs(cost: StudyCost, allowed_mb: int) -> Iterator[str]:
    """Yield sentences about time, memory and disk of what a study still has to make.

    Args:
        cost: the sum over all jobs.
        allowed_mb: memory of a job in MB that the study states.
    """
    yield (
        f"All jobs together take about {duration(cost.one_by_one)}: trainings "
        f"{duration(cost.trainings)}, predictions {duration(cost.predictions)}, anomaly maps "
        f"{duration(cost.maps)}. With {cost.at_once} at the same time they take about "
        f"{duration(cost.seconds)}."
    )
    gpu = "" if cost.device_mb is None else f" and {cost.device_mb} MB of the GPU"
    more = ", which is more: raise mem_mb" if cost.host_mb > allowed_mb else ""
    yield (
        f"A job takes up to {cost.host_mb} MB of memory{gpu}; the study allows {allowed_mb} MB "
        f"(mem_mb){more}."
    )
    yield (
        f"The files take about {cost.disk / 1e9:.2g} GB, beside {cost.archives / 1e9:.2g} GB of "
        f"converted data; checkpoints take up to {cost.checkpoints / 1e9:.2g} GB while trainings "
        "run."
    )


def headline(tag: str, plans: list[MethodPlan]) -> str:
    """Return how many trainings of a study are done.

    Args:
        tag: name of the study, with its label.
        plans: the plan of each method.
    """
    return f"study {tag}: {_done(plans)} of {_total(plans)} trainings done"


def cells(plan: MethodPlan) -> tuple[str, ...]:
    """Return the cells of a method's row; a cell without a value is empty.

    Seconds are the median of the finished trainings; memory is their maximum.
    """
    row = [plan.method, str(plan.done), str(plan.total)]
    if not plan.measured:
        return (*row, "", "", "")
    seconds = statistics.median(m.seconds for m in plan.measured)
    peaks = [m.device_mb for m in plan.measured if m.device_mb is not None]
    memory = max(m.host_mb for m in plan.measured)
    return (*row, f"{seconds:.0f}", str(memory), str(max(peaks)) if peaks else "")


def outlook(
    plans: list[MethodPlan], gpu_mb: int | None, cost: StudyCost | None = None
) -> Iterator[str]:
    """Yield sentences about the remaining trainings; nothing if all are done.

    Args:
        plans: the plan of each method.
        gpu_mb: memory of the GPU for these trainings in MB, or None to say nothing about it.
        cost: what was measured of these trainings, or None.
    """
    if _done(plans) == _total(plans):
        return
    seconds = [p.left_seconds for p in plans if p.left_seconds is not None]
    if len(seconds) < len(plans):
        yield (
            "The remaining time is unknown, because no training is finished: finish one first, or "
            "measure with --measure."
        )
        return
    rest = duration(sum(seconds))
    yield f"The rest takes about {rest}, one training after the other at the same speed."
    if gpu_mb is not None:
        yield _packing(plans, gpu_mb, None if cost is None else cost.device_mb)


def _done(plans: list[MethodPlan]) -> int:
    return sum(p.done for p in plans)


def _total(plans: list[MethodPlan]) -> int:
    return sum(p.total for p in plans)


def _packing(plans: list[MethodPlan], gpu_mb: int, measured_mb: int | None) -> str:
    from gains.study.plan import trainings_that_fit

    fit = trainings_that_fit(plans, gpu_mb, measured_mb)
    if fit is None:
        return "The number of trainings that fit the GPU is unknown: none has run on a GPU yet."
    if fit == 0:
        return (
            f"The largest training does not fit {gpu_mb} MB: lower batch_size or raise accumulate."
        )
    return (
        f"{fit} of the largest trainings fit {gpu_mb} MB at the same time: use at most "
        f"--resources gpu={fit}. benchmarks/packing.py measures which number is the fastest."
    )
