"""The measurement of each method of which no training has finished, in a process of its own.

``python -m gains.running.measure`` is that process: measuring needs torch, `gains run` does not.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from gains.running.choice import ChosenStudy, choose
from gains.study.runs import Run
from gains.support.durations import duration

SILENCE = 30
"""Time in s after which a line says that measuring still goes on."""


def measure_apart(choice: ChosenStudy, runs: Iterable[Run], at_once: int) -> None:
    """Measure a run of each method in another process, and say how it goes.

    If it fails, the other process says why, and the times stay unknown.

    Args:
        choice: the study.
        runs: the trainings to do, of which one of each method is measured.
        at_once: number of trainings that run at the same time.
    """
    first = {run.method: run for run in reversed(list(runs))}
    names = [f"{run.dataset}/{run.method}/{run.variant}/{run.seed}" for run in first.values()]
    print(f"Measuring {len(names)} methods by short trainings ...", file=sys.stderr, flush=True)
    file = "" if choice.file is None else str(choice.file)
    words = [file, choice.study.name, str(at_once), *names]
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "gains.running.measure", *words]) as process:
        while process.poll() is None:
            try:
                process.wait(SILENCE)
            except subprocess.TimeoutExpired:
                passed = duration(time.monotonic() - began)
                print(f"  measuring, since {passed}", file=sys.stderr, flush=True)
            except BaseException:
                process.terminate()
                raise


def _main(file: str, name: str, at_once: str, *names: str) -> None:
    """Measure runs of a study; the present folder is that of the project."""
    from gains.measuring.measure import measure
    from gains.study.measured import Measurement

    def report(kind: str, found: Measurement, _: bool) -> None:
        if found.training is not None:
            seconds = f"{found.training.iteration_seconds:.2g} s per iteration"
            print(f"  {kind}: {seconds}", file=sys.stderr, flush=True)

    study = choose(file or name, name, Path.cwd()).study
    parts = (text.split("/") for text in names)
    runs = [Run(dataset, method, variant, int(seed)) for dataset, method, variant, seed in parts]
    measure(study, runs, int(at_once), report)


if __name__ == "__main__":
    try:
        _main(*sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"  The times could not be measured: {error}")
