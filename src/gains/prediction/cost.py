"""What a trained model costs: its size, its work per image, its time, and that of its training."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.models.device import peak_memory
from gains.prediction.predictor import Predictor
from gains.support.files import read_json, require_file

IMAGES = 20
"""Largest number of test images that are measured."""


Costs = dict[str, int | float | dict[str, int]]
"""Numbers by name; a memory has one for the host, and one for a GPU."""


def measure_cost(predictor: Predictor, coco: Path, split: Path, fold: int) -> Costs:
    """Return the cost of a model on the first test images of a fold.

    Args:
        predictor: the model, from a file that has its ``run.json`` beside it.
        coco: COCO JSON file, with the images in a ``.zip`` archive beside it.
        split: split file.
        fold: fold of the split.

    Returns:
        ``parameters``; ``multiply_adds`` of convolutions and matrix products, the mean over images;
        ``seconds_per_image``, the median with one image at a time; ``memory_mb`` of the prediction;
        ``training_seconds`` and ``training_memory_mb``; ``images``, the number that was measured.

    Raises:
        FileNotFoundError: ``run.json`` or another input is missing.
    """
    record = require_file(
        predictor.path.with_name("run.json"),
        "no such file; it is written with the model by `gains train`, so keep the two together",
    )
    training = read_json(record)
    archive = ImageArchive(coco.with_suffix(".zip"))
    names = sorted(read_split(split).names("test", fold))[:IMAGES]
    images = [archive.read(image.file_name) for image in read_coco(coco).by_name(names)]
    torch.set_num_threads(predictor.recipe.threads)
    counter = FlopCounterMode(display=False)
    with counter:  # the first prediction is slower than the others, so it is not timed
        for image in images:
            predictor(image)
    seconds = []
    for image in images:
        began = time.perf_counter()
        predictor(image)
        seconds.append(time.perf_counter() - began)
    return {
        "parameters": sum(p.numel() for p in predictor.model.parameters()),
        "multiply_adds": counter.get_total_flops() // 2 // len(images),
        "seconds_per_image": round(statistics.median(seconds), 4),
        "memory_mb": peak_memory(predictor.device),
        "training_seconds": training["seconds"],
        "training_memory_mb": training["memory_mb"],
        "images": len(images),
    }
