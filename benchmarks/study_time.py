"""Estimate how long the trainings of a study take on this machine.

    python benchmarks/study_time.py [--study paper] [--table table3] [--methods gains]
                                    [--iterations 20] [--device cpu] [--coco isbi2014.json]

    on a GPU: --device cuda --skip 300 --iterations 300 --coco isbi2014.json (of `gains convert`)
    one complete schedule: --device cuda --methods gains --skip 0 --iterations 20000 --coco ...

Every row of a table trains for some iterations in the function of ``gains train`` with the settings
of the study: image sizes, batch, anomaly maps, loading. Only the initial weights of the ResNet are
random, and the learning rate is so small that nothing diverges, unless the complete schedule is
requested. The time of the table is the sum of the time per iteration times the iterations, data
sets and seeds of the study, one training after the other. ``--at-once 1.8`` divides it by the
speed-up of several trainings at the same time, which ``packing.py`` measures.

The result is an estimate. ``--skip`` leaves out the iterations in which most samples are read for
the first time. A model that has learnt nothing has fewer foreground RoIs, so its mask branch does
less. The time on one data set is used for all: the images of ``--coco``, or drawn cells of the size
of ISBI2014.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import torch
import torchvision
from torchvision.ops import FrozenBatchNorm2d

from gains.methods.run_settings import RunSettings
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.study.study import Study
from gains.training.job import Job
from lib.datasets import write_cells
from lib.models import halve_norms
from lib.timing import machine
from lib.trainings import Measured, maps_of, measure, train_all

ROOT = Path(__file__).parent.parent


def rows(study: Study, table: str, methods: list[str]) -> list[Run]:
    """Return one run of each row, on the first data set of the table that is not absent."""
    runs = study.table_runs(table)
    own: dict[tuple[str, str], Run] = {}
    for run in runs:
        if run.dataset == runs[0].dataset and (not methods or run.method in methods):
            own.setdefault((run.method, run.variant), run)
    return list(own.values())


def settings_of(study: Study, run: Run, options: argparse.Namespace, folder: Path) -> RunSettings:
    """Return the settings of a run with the iterations, device and threads of this benchmark."""
    settings = study.run_settings(run).to_json()
    backbone, recipe = settings["method"]["backbone"], settings["recipe"]
    backbone["weights"] = str(random_weights(backbone["name"], folder))
    whole = options.skip + options.iterations >= recipe["iterations"]
    recipe |= {
        "iterations": options.skip + options.iterations,
        "device": options.device,
        "threads": options.threads,
        # benchmarks/validation.py measures validations
        **{"select": "last", "validate_every": None, "early_stopping": None},
    }
    settings.pop("validation", None)
    if not whole:
        recipe |= {"lr": 1e-9, "milestones": []}
    return RunSettings.from_json(settings, f"settings of {run.path}")


def random_weights(name: str, folder: Path) -> Path:
    """Write a file of random weights of a ResNet."""
    path = folder / f"{name}.pt"
    if not path.is_file():
        torch.manual_seed(0)
        model = torchvision.models.get_model(name, weights=None, norm_layer=FrozenBatchNorm2d)
        torch.save(halve_norms(model).state_dict(), path)
    return path


def time_row(study: Study, run: Run, coco: Path, options: argparse.Namespace) -> Measured:
    """Train the run of a row for some iterations."""
    folder = coco.parent
    settings = settings_of(study, run, options, folder)
    maps = maps_of(coco, settings.maps, options.threads) if settings.maps else None
    split = train_all(coco, folder)
    out = folder / "model.pt"
    return measure(Job(settings, coco, split, maps, 0, 0, out, folder / "scratch"), options.skip)


def report(study: Study, coco: Path, options: argparse.Namespace) -> None:
    """Print a line per row and the time of the whole table."""
    total, trainings = 0.0, 0
    for run in rows(study, options.table, options.methods):
        alike = [
            other
            for other in study.table_runs(options.table)
            if (other.method, other.variant) == (run.method, run.variant)
        ]
        found = time_row(study, run, coco, options)
        hours = sum(
            found.seconds * study.run_settings(other).recipe.iterations / 3600 for other in alike
        )
        total, trainings = total + hours, trainings + len(alike)
        batch = study.run_settings(run).recipe.batch_size
        line = f"  {run.method + '/' + run.variant:28}{batch / found.seconds:8.2f} images/s"
        line += f"   {hours / len(alike):6.2f} h each   {hours:7.1f} h for {len(alike)}"
        line += f"   busy {found.busy:.0%}" if found.busy is not None else ""
        line += f"   {found.memory_gib:.1f} GiB" if found.memory_gib is not None else ""
        print(line, flush=True)
    print(f"{trainings} trainings: {total:.1f} h one after the other", end="")
    packed = total / options.at_once
    print(f", {packed:.1f} h several at once" if options.at_once > 1 else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--study", default="paper")
    parser.add_argument("--table", default="table3")
    parser.add_argument(
        "--methods", nargs="*", default=[], help="Methods to time; by default those of all rows."
    )
    parser.add_argument("--iterations", type=int, default=20, help="Number of timed iterations.")
    parser.add_argument(
        "--skip", type=int, default=2, help="Number of iterations before the timed ones."
    )
    parser.add_argument(
        "--coco", type=Path, help="COCO JSON file, with the images in a .zip archive beside it."
    )
    parser.add_argument(
        "--images", type=int, default=4, help="Number of drawn images without --coco."
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--at-once", type=float, default=1.0, help="Speed-up that packing.py measured."
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.disable()
    study = open_study(ROOT / "config.yaml", options.study)
    print(f"{machine(options.device)}; study {study.name}, {options.table}")
    with tempfile.TemporaryDirectory() as name:
        if options.coco is None:
            coco = write_cells(Path(name), options.images, 512)
        else:
            coco = Path(name) / options.coco.name
            for suffix in (".json", ".zip"):
                coco.with_suffix(suffix).symlink_to(options.coco.with_suffix(suffix).resolve())
        report(study, coco, options)


if __name__ == "__main__":
    main()
