"""Time, memory and disk of what a study still has to make, from what was measured of its runs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gains.datasets.split_file import Split, read_split
from gains.study.measured import Measurement, measured_file, measurement_of, read_measurements
from gains.study.plan import estimates, record_of
from gains.study.runs import Run
from gains.study.starts import start_of
from gains.study.study import Study

StartOf = Callable[[Run], Run | None]
"""Function that returns the training from which another one starts, or None."""


@dataclass(frozen=True)
class Work:
    """Time in s of one job, and the bytes of disk that its files take."""

    seconds: float
    bytes: float


@dataclass(frozen=True)
class StudyCost:
    """What a study still takes on this machine.

    Attributes:
        at_once: number of jobs that run at the same time.
        seconds: time of all jobs in s, so many at a time.
        one_by_one: time of all jobs in s, one after the other.
        maps: time of the anomaly maps alone in s, one after the other.
        trainings: time of the trainings alone in s, one after the other.
        predictions: time of the predictions alone in s, one after the other.
        host_mb: largest memory of a job in MB.
        device_mb: largest GPU memory of a job in MB; None on a CPU.
        disk: bytes of the files that these jobs write.
        archives: bytes of the converted data, which are there already.
        checkpoints: bytes of the checkpoints while trainings run.
    """

    at_once: int
    seconds: float
    one_by_one: float
    maps: float
    trainings: float
    predictions: float
    host_mb: int
    device_mb: int | None
    disk: float
    archives: int
    checkpoints: float


def jobs_at_once(study: Study, cores: int, memory_mb: int) -> int:
    """Return how many trainings of a study run at the same time: at most one on a GPU.

    Args:
        study: the study, which says what a training needs.
        cores: number of CPU cores for all jobs.
        memory_mb: memory for all jobs in MB.
    """
    threads = max((study.run_settings(r).recipe.threads for r in study.trainings()), default=1)
    limits = [cores // threads, memory_mb // study.settings.mem_mb]
    return max(1, min(limits)) if not study.settings.gpu else 1


def unmeasured(study: Study) -> list[Run]:
    """Return a run of each kind that is still to train or to predict, each a training.

    A kind is a data set, a method and a variant. A finished training is named by the run whose
    model still has to predict.
    """
    left = [*_to_train(study), *(study.trained(run) for run in _to_predict(study))]
    kinds: dict[tuple[str, str, str], Run] = {}
    for run in left:
        kinds.setdefault((run.dataset, run.method, run.variant), run)
    return list(kinds.values())


def cost_of(study: Study, at_once: int) -> StudyCost | None:
    """Return what a study still takes, or None if a run of it has not been measured.

    Args:
        study: the study, whose data are converted and divided.
        at_once: number of jobs that run at the same time.

    Raises:
        FileNotFoundError: a data set is not divided yet.
    """
    kept, runs = read_measurements(measured_file(study)), unmeasured(study)
    found = {(r.dataset, r.method, r.variant): measurement_of(study, r, kept) for r in runs}
    known = {kind: m for kind, m in found.items() if m is not None}
    if len(known) < len(found):
        return None
    splits = {name: read_split(study.split(name)) for name in {r.dataset for r in runs}}
    return _Sum(study, at_once, known, splits).total()


@dataclass(frozen=True)
class _Sum:
    study: Study
    at_once: int
    measured: dict[tuple[str, str, str], Measurement]
    splits: dict[str, Split]

    def total(self) -> StudyCost:
        left = _to_train(self.study)
        trainings = {run: self._training(run, seconds) for run, seconds in left.items()}
        to_predict = _to_predict(self.study)
        predictions = [(self.study.trained(run), self._prediction(run)) for run in to_predict]
        maps = self._maps(left)
        after = {run: sum(p.seconds for model, p in predictions if model == run) for run in left}
        chains = [work.seconds for work in maps]
        own = {run: work.seconds + after[run] for run, work in trainings.items()}
        chains += one_after_other(own, partial(start_of, self.study))
        chains += [p.seconds for model, p in predictions if model not in left]
        works = [*maps, *trainings.values(), *(p for _, p in predictions)]
        trained = [m.training for m in self.measured.values() if m.training is not None]
        hosts = [m.predict_host_mb for m in self.measured.values()]
        devices = [t.device_mb for t in trained if t.device_mb is not None]
        return StudyCost(
            at_once=self.at_once,
            seconds=together(chains, self.at_once),
            one_by_one=sum(chains),
            maps=sum(work.seconds for work in maps),
            trainings=sum(work.seconds for work in trainings.values()),
            predictions=sum(p.seconds for _, p in predictions),
            host_mb=max([*hosts, *(t.host_mb for t in trained)], default=0),
            device_mb=max(devices, default=None),
            disk=sum(work.bytes for work in works),
            archives=sum(_size(path) for name in self.splits for path in self._data(name)),
            checkpoints=self.at_once * max((t.checkpoint_bytes for t in trained), default=0),
        )

    def _data(self, dataset: str) -> tuple[Path, Path]:
        coco = self.study.coco(dataset)
        return coco, coco.with_suffix(".zip")

    def _of(self, run: Run) -> Measurement:
        return self.measured[run.dataset, run.method, run.variant]

    def _training(self, run: Run, seconds: float | None) -> Work:
        training = self._of(run).training
        return Work(seconds or 0, 0 if training is None else training.model_bytes)

    def _prediction(self, run: Run) -> Work:
        measured = self._of(self.study.trained(run))
        images = len(self.splits[run.dataset].names("test", run.fold))
        seconds = measured.start_seconds + images * measured.predict_seconds
        return Work(seconds, images * measured.prediction_bytes)

    def _maps(self, runs: Iterable[Run]) -> list[Work]:
        """Return the making of each file of maps that is missing."""
        missing = {path: run for run in runs if (path := self.study.maps(run))}
        found = []
        for run in (run for path, run in missing.items() if not path.is_file()):
            measured = self._of(run)
            images = len(self.splits[run.dataset].names("train", run.fold))
            seconds, size = measured.map_seconds or 0, measured.map_bytes or 0
            found.append(Work(images * seconds, images * size))
        return found


def _to_train(study: Study) -> dict[Run, float | None]:
    """Return the trainings that are not finished, each with its time in s."""
    every = estimates(study).items()
    return {run: seconds for run, seconds in every if not record_of(study, run).is_file()}


def _to_predict(study: Study) -> list[Run]:
    folders = ((run, study.run_folder(run)) for run in study.runs())
    return [run for run, at in folders if not (at / "test.predictions.json.gz").is_file()]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def one_after_other(seconds: Mapping[Run, float], start_of: StartOf) -> list[float]:
    """Return the time in s of each chain of trainings that start from one another.

    Trainings that start from the same one belong to one chain. A training that starts from none of
    these is a chain of its own.

    Args:
        seconds: time of the trainings to do in s.
        start_of: the training from which another one starts, or None.
    """
    found: dict[Run, float] = {}
    for run, own in seconds.items():
        first = run
        while (start := start_of(first)) is not None and start in seconds:
            first = start
        found[first] = found.get(first, 0.0) + own
    return list(found.values())


def together(seconds: Iterable[float], at_once: int) -> float:
    """Return when the last job ends, if the longest job that waits starts whenever one ends.

    Args:
        seconds: time of each job in s.
        at_once: number of jobs that run at the same time.
    """
    ends = [0.0] * at_once
    for job in sorted(seconds, reverse=True):
        heapq.heapreplace(ends, ends[0] + job)
    return max(ends)
