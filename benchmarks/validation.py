"""Measure which share of a demo training its validations take, for several methods.

    python benchmarks/validation.py [--methods mask_rcnn gains ...] [--times 3]

The data set is `synthetic-cells` of the study `demo`, with the recipes of its rows. Each training
picks the best of ``--times`` validations at equal intervals. Time with them is divided by time
without them, both from one training, so that other work on the machine matters little.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import replace
from pathlib import Path

from gains.config.file import load_config
from gains.config.prediction import ValidationSettings
from gains.datasets.convert import convert
from gains.datasets.make_split import make_split
from gains.methods.run_settings import RunSettings
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.support.files import read_json
from gains.training.job import Job
from gains.training.train import train
from gains.validation.validation import Validation
from lib.timing import machine
from lib.trainings import maps_of

ROOT = Path(__file__).parents[1]
DATASET = "synthetic-cells"
METHODS = ("mask_rcnn", "gains", "donet", "fastinst", "condinst", "htc")


def settings_of(method: str, times: int) -> RunSettings:
    """Return the settings of a row of the demo that is validated several times."""
    settings = open_study(ROOT / "config.yaml", "demo").run_settings(
        Run(DATASET, method, "default", 0)
    )
    every = math.ceil(settings.recipe.iterations / times)
    recipe = settings.recipe.model_copy(update={"select": "best", "validate_every": every})
    how = ValidationSettings(**settings.prediction.model_dump(), metric="mAP")
    return replace(settings, recipe=recipe, validation=how)


def report(method: str, coco: Path, split: Path, times: int) -> str:
    """Train a row of the demo and return a line of the report."""
    settings = settings_of(method, times)
    maps = maps_of(coco, settings.maps, 1) if settings.maps else None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model.pt"
        job = Job(settings, coco, split, maps, 0, 0, out, Path(folder) / "scratch")
        train(job, Validation(settings, coco, split, 0))
        record = read_json(out.with_name("run.json"))
    found = record["validation"]
    own = record["seconds"] - found["seconds"]
    return (
        f"{method:20}{own:9.1f}{found['validations']:6}{found['seconds']:9.2f}"
        f"{record['seconds'] / own:8.3f}{found['value']:9.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--times", type=int, default=3, help="number of validations of a training")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        coco, split = Path(folder) / "cells.json", Path(folder) / "split.json"
        block = load_config(ROOT / "config.yaml").studies["demo"].datasets[DATASET]
        convert(DATASET, DATASET, dict(block.options), coco)
        make_split(coco, block.split, split)
        print("method              training, s  n  valid., s   ratio      mAP")
        for method in options.methods:
            print(report(method, coco, split, options.times), flush=True)


if __name__ == "__main__":
    main()
