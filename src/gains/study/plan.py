"""What is left of a study to train, how long it may take, and how many trainings fit a GPU."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from gains.study.runs import Run, images_seen
from gains.study.study import Study
from gains.support.files import read_json

CONTEXT_MB = 700
"""What CUDA takes of a GPU for each process, beside the tensors."""


@dataclass(frozen=True)
class Measured:
    """What a finished training took.

    Args:
        seconds: of wall clock.
        images: seen, repetitions counted.
        host_mb: peak of resident memory, MB.
        device_mb: peak of GPU memory, MB; None on a CPU.
    """

    seconds: float
    images: int
    host_mb: int
    device_mb: int | None


@dataclass(frozen=True)
class MethodPlan:
    """The trainings of one method in a study.

    Args:
        method: registered name.
        done: trainings that are finished.
        total: trainings of the study.
        left_seconds: of those to come, one after the other; None where nothing tells.
        measured: what the finished ones took.
    """

    method: str
    done: int
    total: int
    left_seconds: float | None
    measured: tuple[Measured, ...]


def plan(study: Study) -> list[MethodPlan]:
    """Return the plan of each method, in the order of the study's tables.

    A training counts as done when its record is there; Snakemake knows whether it is still of the
    settings and code in force. One to come is given the seconds per image of those done: of the
    same method and variant, else of the same method, else of any.
    """
    runs = list(study.runs())
    found = {run: measured for run in runs if (measured := _measured(study, run))}
    plans = []
    for method in dict.fromkeys(run.method for run in runs):
        own = [run for run in runs if run.method == method]
        left = [_estimate(study, run, found) for run in own if run not in found]
        known = [seconds for seconds in left if seconds is not None]
        plans.append(
            MethodPlan(
                method,
                len(own) - len(left),
                len(own),
                sum(known) if len(known) == len(left) else None,
                tuple(found[run] for run in own if run in found),
            )
        )
    return plans


def _measured(study: Study, run: Run) -> Measured | None:
    path = study.run_folder(run) / "run.json"
    if not path.is_file():
        return None
    record = read_json(path)
    memory = record.get("memory_mb", {})
    images = images_seen(record["settings"]["recipe"])
    return Measured(record["seconds"], images, memory.get("host", 0), memory.get("device"))


def _estimate(study: Study, run: Run, found: dict[Run, Measured]) -> float | None:
    alike = [
        [m for r, m in found.items() if (r.method, r.variant) == (run.method, run.variant)],
        [m for r, m in found.items() if r.method == run.method],
        list(found.values()),
    ]
    nearest = next((group for group in alike if group), None)
    if nearest is None:
        return None
    return statistics.median(m.seconds / m.images for m in nearest) * (
        study.run_settings(run).images_seen
    )


def trainings_that_fit(plans: list[MethodPlan], gpu_mb: int) -> int | None:
    """Return how many of the largest trainings fit the memory of a GPU; None if none is known."""
    peaks = [m.device_mb for p in plans for m in p.measured if m.device_mb is not None]
    return gpu_mb // (max(peaks) + CONTEXT_MB) if peaks else None


def report(study: Study, gpu_mb: int | None) -> Iterator[str]:
    """Yield the plan as lines of text.

    Args:
        study: whose finished trainings are looked at.
        gpu_mb: memory of the GPU that the rest is for, MB; None to leave that out.
    """
    plans = plan(study)
    done, total = sum(p.done for p in plans), sum(p.total for p in plans)
    yield f"study {study.tag}: {done} of {total} trainings done"
    yield from map(_line, plans)
    if done == total:
        return
    left = [p.left_seconds for p in plans if p.left_seconds is not None]
    if len(left) < len(plans):
        yield "no training is finished, so nothing tells how long the rest takes: make one first"
        return
    yield f"to do: about {sum(left) / 3600:.1f} h one after the other, as long as those done took"
    if gpu_mb is not None:
        yield _packing(plans, gpu_mb)


def _line(plan: MethodPlan) -> str:
    line = f"  {plan.method:20} {plan.done:3} of {plan.total:3}"
    if not plan.measured:
        return line
    seconds = statistics.median(m.seconds for m in plan.measured)
    line += f"   {seconds:7.0f} s each   {max(m.host_mb for m in plan.measured):6} MB"
    peaks = [m.device_mb for m in plan.measured if m.device_mb is not None]
    return line + (f", {max(peaks)} MB of the GPU" if peaks else "")


def _packing(plans: list[MethodPlan], gpu_mb: int) -> str:
    fit = trainings_that_fit(plans, gpu_mb)
    if fit is None:
        return "no training has run on a GPU yet, so nothing tells how many fit"
    if fit == 0:
        return f"the largest does not fit {gpu_mb} MB: lower batch_size, or raise accumulate"
    return (
        f"{fit} of the largest fit {gpu_mb} MB at once: at most --resources gpu={fit}; how "
        "many pay: benchmarks/packing.py"
    )
