"""Trainings by ``gains train``'s own function, timed from an iteration on."""

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
    """What some iterations of a training took.

    Args:
        seconds: per iteration.
        busy: share of the time that the device computed, or None where nothing tells.
        memory_gib: most that was allocated on a GPU, or None.
    """

    seconds: float
    busy: float | None
    memory_gib: float | None


def train_all(coco: Path, folder: Path) -> Path:
    """Write a split in which every image but one is trained on, and return it."""
    names = [record.file_name for record in read_coco(coco).images.values()]
    lists, split = folder / "lists.json", folder / "split.json"
    fold = {"train": names[:-1], "val": [], "test": names[-1:]}  # a test part must not be empty
    lists.write_text(json.dumps({"folds": [fold]}))
    make_split(coco, SplitSettings(file=str(lists)), split)
    return split


def maps_of(coco: Path, settings: MapSettings, jobs: int) -> Path:
    """Return the anomaly maps of all images beside their COCO file, made if they are not there."""
    path = coco.parent / f"{settings.key}.npz"
    if not path.is_file():
        content = read_coco(coco)
        build_maps(content, settings, list(content.images.values()), path, jobs=jobs)
    return path


def measure(job: Job, skip: int) -> Measured:
    """Train; neither the first ``skip`` iterations count, nor the saving of the final model."""
    free_memory()
    recipe = job.settings.recipe
    cuda = recipe.device == "cuda"
    loop: Any = training  # whose functions are replaced while this one measures
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
