"""Measurements of the runs of a study, each in a process of its own, kept for the next call."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import torch

import gains
from gains.anomaly.build import build_maps
from gains.config.settings_file import read_settings
from gains.datasets.coco import read_coco
from gains.datasets.split_file import read_split
from gains.measuring.few_images import few_images
from gains.measuring.request import Request
from gains.models.device import choose_device
from gains.models.imagenet import require_weights
from gains.study.measured import (
    Measurement,
    Measurements,
    RunMeasurement,
    comparable,
    kind_of,
    measured_file,
    read_measurements,
)
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.files import settings_hash, sha256, write_json
from gains.workflow.ask import command
from gains.workflow.code_hash import code_hash

ITERATIONS = 20
"""Number of timed iterations of a training."""
SECONDS = 60.0
"""Time in s after which no further iteration of a training is timed."""

Report = Callable[[str, Measurement, bool], None]
"""Function that is told the kind of run, its measurement, and whether it was kept from before."""


@dataclass(frozen=True)
class Limits:
    """How long a training is measured.

    Attributes:
        iterations: number of timed iterations.
        seconds: time in s after which no further iteration is timed.
    """

    iterations: int = ITERATIONS
    seconds: float = SECONDS


def measure(
    study: Study,
    runs: Sequence[Run],
    at_once: int,
    report: Report,
    limits: Limits = Limits(),
) -> None:
    """Measure runs, and keep the measurements in the file of the study.

    A run that was measured with the same settings, data, code and device is not measured again. A
    finished training only predicts.

    Args:
        study: the study, whose data are converted and divided.
        runs: one run of each data set, method and variant, each a training.
        at_once: number of processes that run at the same time, because they slow each other down.
        report: is called for each run as soon as its measurement is known.
        limits: how long a training is measured.

    Raises:
        FileNotFoundError: a data set is not converted or not divided; the message says how to.
        ValueError: a short training failed; the message gives its last words.
    """
    require_data(study, runs)
    path = measured_file(study)
    kept = read_measurements(path).runs
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        trials = [
            _Trial(study, run, Path(folder) / str(number), _key(study, run, at_once))
            for number, run in enumerate(runs)
        ]
        new = [t for t in trials if t.kind not in kept or kept[t.kind].key != t.key]
        for trial in trials:
            if trial not in new:
                report(trial.kind, kept[trial.kind], True)
        for trial in new:
            trial.prepare()
        for trial, found in _all_measured(new, at_once, limits):
            kept[trial.kind] = found
            write_json(path, Measurements(runs=kept).model_dump(mode="json"))
            report(trial.kind, found, False)


def _all_measured(
    trials: Sequence[_Trial], at_once: int, limits: Limits
) -> Iterator[tuple[_Trial, Measurement]]:
    """Yield trials as soon as they are measured; after a failure no further one begins."""
    failed = Event()

    def measured(trial: _Trial) -> Measurement:
        if failed.is_set():
            raise CancelledError
        try:
            return trial.measured(limits)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(at_once) as pool:
        waiting = {pool.submit(measured, trial): trial for trial in trials}
        for future in as_completed(waiting):
            if not isinstance(future.exception(), CancelledError):
                yield waiting[future], future.result()


def require_data(study: Study, runs: Sequence[Run]) -> None:
    """Refuse to measure without the converted data and the initial weights.

    Raises:
        FileNotFoundError: a data set is not converted or not divided, or a file of weights is
            missing; the message says how to get it.
    """
    needed = {run.dataset: (study.coco(run.dataset), study.split(run.dataset)) for run in runs}
    missing = {
        name: str(path) for name, paths in needed.items() for path in paths if not path.is_file()
    }
    if missing:
        asked = (command(str(study.split(name)), study.name, None) for name in missing)
        raise FileNotFoundError(
            f"{', '.join(missing.values())}: time and memory are measured on the converted data; "
            f"make them with {', '.join(f'`{text}`' for text in asked)}"
        )
    for run in runs:
        weights = study.run_settings(run).initial_weights
        if weights is not None and _finished_model(study, run) is None:
            require_weights(weights)


class _Trial:
    """A run to measure, and its few images and maps.

    Args:
        study: the study.
        run: the run.
        folder: folder for files that are not kept.
        key: hash of all that the measurement depends on.
    """

    def __init__(self, study: Study, run: Run, folder: Path, key: str) -> None:
        self.study, self.run, self.folder, self.key = study, run, folder, key
        self.kind, self.settings = kind_of(run), study.run_settings(run)
        self.coco = study.coco(run.dataset)
        self.split, self.maps = folder / "split.json", study.maps(run)
        self.model = _finished_model(study, run)
        self.map_cost: tuple[float, float] | None = None

    def prepare(self) -> None:
        """Choose a few images, and make their maps if those of the study are not made yet.

        All runs are prepared before the first is timed, so that only trainings share the machine.
        """
        self.folder.mkdir()
        coco, split = read_coco(self.coco), read_split(self.study.split(self.run.dataset))
        few = few_images(coco, split, self.run.fold)
        self.parts = {part: len(split.names(part, self.run.fold)) for part in ("train", "val")}
        write_json(self.split, {"folds": [few]})
        if self.settings.maps is None or self.maps is None or self.maps.is_file() or self.model:
            return
        self.maps, began = self.folder / "maps.npz", time.monotonic()
        build_maps(coco, self.settings.maps, coco.by_name(few["train"]), self.maps)
        seconds, size = time.monotonic() - began, self.maps.stat().st_size
        self.map_cost = seconds / len(few["train"]), size / len(few["train"])

    def measured(self, limits: Limits) -> Measurement:
        """Return the measurement that a process makes."""
        found = self._run(limits)
        seconds, size = self.map_cost or (None, None)
        return Measurement(
            **found.model_dump(),
            key=self.key,
            settings=comparable(self.settings),
            images=self.parts["train"],
            validation_images=self.parts["val"],
            map_seconds=seconds,
            map_bytes=size,
        )

    def _run(self, limits: Limits) -> RunMeasurement:
        asked, answer = self.folder / "request.json", self.folder / "answer.json"
        request = Request(
            settings=self.settings.to_json(),
            coco=str(self.coco),
            split=str(self.split),
            maps=None if self.maps is None else str(self.maps),
            model=None if self.model is None else str(self.model),
            images=self.parts["train"],
            iterations=limits.iterations,
            seconds=limits.seconds,
            began=time.time(),
        )
        write_json(asked, request.model_dump(mode="json"))
        worker = [sys.executable, "-m", "gains.measuring.worker", str(asked), str(answer)]
        done = subprocess.run(
            worker, capture_output=True, text=True, check=False, env=_environment()
        )
        if done.returncode:
            words = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
            raise ValueError(
                f"{self.kind}: the short run that measures time and memory failed: {words[-1]}"
            )
        return read_settings(RunMeasurement, answer)


def _finished_model(study: Study, run: Run) -> Path | None:
    model = study.model(run)
    return model if model.is_file() else None


def _environment() -> dict[str, str]:
    """Return the environment of a process that imports the package as this process does."""
    paths = [str(Path(gains.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _key(study: Study, run: Run, at_once: int) -> str:
    """Return the hash of all that a measurement depends on."""
    settings, coco = study.run_settings(run), study.coco(run.dataset)
    device = choose_device(settings.recipe.device)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    code = code_hash("gains.measuring.worker", settings.record.build.__module__)
    model = _finished_model(study, run)
    content = [comparable(settings), sha256(coco), code, where, os.cpu_count(), at_once]
    return settings_hash([*content, None if model is None else sha256(model)])
