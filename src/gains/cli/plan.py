"""The verb ``plan``: show how far a study is, and how long the rest of it takes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli import printing
from gains.cli.app import app
from gains.cli.options import CONFIG, Config, StudyName

if TYPE_CHECKING:
    from gains.study.plan import MethodPlan

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
) -> None:
    """Show how many trainings of a study are done, how long the rest takes, and how many fit a GPU.

    To a file or a pipe, the verb writes the rows of its table with tabs between the cells.

    \b
    Example:
      gains plan --study paper --gpu-memory 80000
    """
    from gains.models.device import gpu_megabytes
    from gains.study.opening import open_study
    from gains.study.plan import plan as plan_of

    chosen = open_study(config, study)
    if gpu_memory is None and chosen.settings.gpu:
        gpu_memory = gpu_megabytes()
    plans = plan_of(chosen)
    typer.echo(headline(chosen.tag, plans))
    if console := printing.terminal():
        printing.show_table(console, COLUMNS, map(cells, plans), numbers=len(COLUMNS) - 1)
    else:
        printing.print_lines(map(cells, plans))
    for sentence in outlook(plans, gpu_memory):
        typer.echo(sentence)
    for name in chosen.absent:
        typer.echo(f"{chosen.absence(name)}. Its trainings are not counted.")


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


def outlook(plans: list[MethodPlan], gpu_mb: int | None) -> Iterator[str]:
    """Yield sentences about the remaining trainings; nothing if all are done.

    Args:
        plans: the plan of each method.
        gpu_mb: memory of the GPU for these trainings in MB, or None to say nothing about it.
    """
    if _done(plans) == _total(plans):
        return
    seconds = [p.left_seconds for p in plans if p.left_seconds is not None]
    if len(seconds) < len(plans):
        yield "The remaining time is unknown, because no training is finished: finish one first."
        return
    hours = sum(seconds) / 3600
    yield f"The rest takes about {hours:.1f} h, one training after the other at the same speed."
    if gpu_mb is not None:
        yield _packing(plans, gpu_mb)


def _done(plans: list[MethodPlan]) -> int:
    return sum(p.done for p in plans)


def _total(plans: list[MethodPlan]) -> int:
    return sum(p.total for p in plans)


def _packing(plans: list[MethodPlan], gpu_mb: int) -> str:
    from gains.study.plan import trainings_that_fit

    fit = trainings_that_fit(plans, gpu_mb)
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
