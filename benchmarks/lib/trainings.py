"""Trainings in the function of ``gains train``, timed from a certain iteration on."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gains.anomaly.build import build_maps
from gains.config.data import SplitSettings
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from gains.datasets.make_split import make_split
from gains.training import train as training
from gains.training.job import Job
from lib.timing import Gauge, free_memory, wait


class Measured(NamedTuple):
    """Time and memory of some iterations of a training.

    Attributes:
        seconds: seconds per iteration.
        busy: share of the time that the device computed, or None if it is unknown.
        memory_gib: maximum memory allocated on a GPU in GiB, or None on a CPU.
    """

    seconds: float
    busy: float | None
    memory_gib: float | None


def train_all(coco: Path, folder: Path) -> Path:
    """Write a split in which every image but one is in the training part, and return its path."""
    names = [record.file_name for record in read_coco(coco).images.values()]
    lists, split = folder / "lists.json", folder / "split.json"
    fold = {"train": names[:-1], "val": [], "test": names[-1:]}  # a test part must not be empty
    lists.write_text(json.dumps({"folds": [fold]}))
    make_split(coco, SplitSettings(file=str(lists)), split)
    return split


def maps_of(coco: Path, settings: MapSettings, jobs: int) -> Path:
    """Return the file of anomaly maps beside a COCO file; make it if it does not exist."""
    path = coco.parent / f"{settings.key}.npz"
    if not path.is_file():
        content = read_coco(coco)
        build_maps(content, settings, list(content.images.values()), path, jobs=jobs)
    return path


def measure(job: Job, skip: int) -> Measured:
    """Train and measure; the first ``skip`` iterations and the saving of the model do not count."""
    free_memory()
    recipe = job.settings.recipe
    cuda = recipe.device == "cuda"
    loop: Any = training  # the functions of this module are replaced during the measurement
    plain, plain_file = loop.step, loop._model_file
    started: list[float] = []
    ended: list[float] = []
    gauge = Gauge(recipe.device)

    def timed(*arguments: Any) -> Any:
        if len(started) == skip:
            wait(recipe.device)
            if cuda:
                torch.cuda.reset_peak_memory_stats()
            gauge.start()
        started.append(time.perf_counter())
        return plain(*arguments)

    def saved(*arguments: Any) -> Any:
        wait(recipe.device)
        ended.append(time.perf_counter())
        return plain_file(*arguments)

    loop.step, loop._model_file = timed, saved
    try:
        training.train(job)
    finally:
        busy = gauge.stop()
        loop.step, loop._model_file = plain, plain_file
    memory = torch.cuda.max_memory_allocated() / 2**30 if cuda else None
    return Measured((ended[0] - started[skip]) / (recipe.iterations - skip), busy, memory)
