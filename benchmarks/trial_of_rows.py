"""Try whether the rows of a study learn at their learning rates, or diverge.

    python benchmarks/trial_of_rows.py --images my_images --labels my_annotations.json
                [--study paper] [--table table3] [--methods donet] [--steps 300] [--warmup 100]

    on a CPU: --size 160 --backbone resnet18 --rois 32 --mask-channels 64 --steps 150 --warmup 50

Every distinct row trains in the function of ``gains train``, with its own optimiser, learning rate,
batch and clipping, on the images of a COCO JSON file. The trial is shorter than the study's
training and may be smaller: ``--size`` is the short side of the images, to which anchors and FCOS'
sizes of interest are scaled, and ``--backbone``, ``--rois`` and ``--mask-channels`` limit the
model. Rows that become equal are tried once. The learning rate does not drop. It reaches its full
value after ``--warmup`` steps, or after the row's own warm-up if that is shorter; a short warm-up
makes the trial harder than the study's training.

For each row the script prints the learning rate, the number of images per step, the mean loss of
the first and of the last tenth of the steps, the largest loss, the median and the largest norm of
the gradient before it is clipped, and the share of the steps that were clipped. A row *diverged* if
a loss or a gradient was not finite, and *rises* if the loss at the end is not below that at the
start. The script then exits with status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gains.datasets.convert import convert
from gains.methods.run_settings import RunSettings
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.study.study import Study
from gains.training import step as step_module
from gains.training.job import Job
from gains.training.train import train
from lib.timing import machine
from lib.trainings import maps_of, train_all

ROOT = Path(__file__).parent.parent


@dataclass
class Trial:
    """The course of a training.

    Attributes:
        losses: the sum of the losses of each step.
        parts: the single losses of each step.
        norms: the norm of the gradient of each step, before clipping.
        error: why the training ended early, or an empty text.
    """

    losses: list[float] = field(default_factory=list)
    parts: list[dict[str, float]] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    error: str = ""

    def mean(self, last: bool) -> float:
        """Return the mean loss of the last or of the first tenth of the steps."""
        tenth = max(1, len(self.losses) // 10)
        part = self.losses[-tenth:] if last else self.losses[:tenth]
        return statistics.fmean(part) if part else float("nan")

    @property
    def verdict(self) -> str:
        """Say ``learns``, ``rises`` or ``diverged``."""
        if self.error:
            return f"diverged after {len(self.norms)} steps"
        return "learns" if self.mean(last=True) < self.mean(last=False) else "rises"


def smaller(settings: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of a run with the sizes, steps and device of the trial."""
    method, recipe = settings["method"], settings["recipe"]
    scale = options.size / recipe["test_size"]
    for key in ("anchor_sizes", "sizes_of_interest"):
        if key in method:
            method[key] = [scale * length for length in method[key]]
    if options.rois and "rois_per_image" in method:
        method["rois_per_image"] = min(options.rois, method["rois_per_image"])
    if options.mask_channels and "mask_channels" in method:
        method["mask_channels"] = min(options.mask_channels, method["mask_channels"])
    if options.backbone:
        method["backbone"]["name"] = options.backbone
    if options.weights:
        method["backbone"]["weights"] = str(options.weights)
    recipe |= {
        "iterations": options.steps,
        "milestones": [],
        "warmup_iterations": min(options.warmup, recipe["warmup_iterations"]),
        "train_sizes": [options.size],
        "test_size": options.size,
        "max_size": 2 * options.size,
        "device": options.device,
        "threads": options.threads,
        "clip_norm": recipe["clip_norm"] or options.clip_norm,
        "workers": 0,
        "checkpoint_every": 10 * options.steps,
        **{"select": "last", "validate_every": None, "early_stopping": None},
    }
    settings.pop("validation", None)
    return settings


def rows(study: Study, options: argparse.Namespace) -> dict[str, RunSettings]:
    """Return the rows of the tables by name; rows whose trials would be equal are joined."""
    found: dict[str, RunSettings] = {}
    for table in options.table or study.tables:
        runs = study.table_runs(table)
        for run in runs:
            if run.dataset == runs[0].dataset and (
                not options.methods or run.method in options.methods
            ):
                _add(found, run, study.run_settings(run), options)
    return found


def _add(
    found: dict[str, RunSettings], run: Run, full: RunSettings, options: argparse.Namespace
) -> None:
    name = f"{run.method}/{run.variant}"
    settings = RunSettings.from_json(smaller(full.to_json(), options), f"settings of {run.path}")
    if settings not in found.values():
        found[name] = settings


@contextlib.contextmanager
def followed(trial: Trial) -> Iterator[None]:
    """Record loss and gradient norm of every step, and end the training at once if it diverges."""
    module: Any = step_module  # its function is replaced during the trial
    plain = module._gradients

    def noted(model: nn.Module, *arguments: Any) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = plain(model, *arguments)
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        trial.parts.append({name: float(value) for name, value in losses.items()})
        trial.losses.append(sum(trial.parts[-1].values()))
        trial.norms.append(float(nn.utils.get_total_norm(gradients)))
        if not math.isfinite(trial.losses[-1]) or not math.isfinite(trial.norms[-1]):
            raise ValueError(f"the norm of the gradient is {trial.norms[-1]:.3g}")
        return losses

    module._gradients = noted
    try:
        yield
    finally:
        module._gradients = plain


def try_row(settings: RunSettings, coco: Path, options: argparse.Namespace) -> Trial:
    """Train a row and follow its losses and gradients."""
    folder, trial = coco.parent, Trial()
    maps = maps_of(coco, settings.maps, options.threads) if settings.maps else None
    out = folder / "model.pt"
    job = Job(settings, coco, train_all(coco, folder), maps, 0, 0, out, folder / "scratch")
    with followed(trial):
        try:
            train(job)
        except ValueError as error:
            trial.error = str(error)
    return trial


def report(name: str, settings: RunSettings, trial: Trial) -> str:
    """Return the line of a row, and a second line with the single losses if it does not learn."""
    recipe = settings.recipe
    norms = [x for x in trial.norms if math.isfinite(x)] or [math.nan]
    losses = [x for x in trial.losses if math.isfinite(x)] or [math.nan]
    line = f"{name:28}{recipe.optimiser:>6}{recipe.lr:>9.3g}{recipe.batch_size:>3}"
    line += f"{trial.mean(last=False):9.3g}{trial.mean(last=True):9.3g}{max(losses):9.3g}"
    clipped = statistics.fmean(x > (recipe.clip_norm or math.inf) for x in trial.norms)
    line += f"{statistics.median(norms):9.3g}{max(norms):9.3g}{clipped:9.0%}  {trial.verdict}"
    if trial.verdict == "learns":
        return line
    worst = -1 if trial.error else trial.losses.index(max(losses))
    parts = ", ".join(f"{key} {value:.3g}" for key, value in trial.parts[worst].items())
    return f"{line}\n    {trial.error or 'at the largest loss'}: {parts}"


HEADER = (
    f"{'row':28}{'':6}{'rate':>9}{'n':>3}{'first':>9}{'last':>9}{'largest':>9}"
    f"{'norm':>9}{'largest':>9}{'clipped':>9}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=Path, required=True, help="Folder of images.")
    parser.add_argument("--labels", type=Path, required=True, help="File or folder of labels.")
    parser.add_argument("--study", default="paper")
    parser.add_argument("--table", nargs="*", help="Tables of the study; by default all.")
    parser.add_argument("--methods", nargs="*", default=[], help="By default those of all rows.")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--warmup", type=int, default=100, help="Longest warm-up in steps.")
    parser.add_argument("--size", type=int, default=800, help="Short side of the images in px.")
    parser.add_argument("--backbone", help="ResNet of all rows.")
    parser.add_argument("--weights", type=Path, help="File of its weights.")
    parser.add_argument("--rois", type=int, help="Maximum number of RoIs per image.")
    parser.add_argument("--mask-channels", type=int, help="Maximum number of channels.")
    parser.add_argument("--clip-norm", type=float, help="Clip the gradients of rows without it.")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    study, failed = open_study(ROOT / "config.yaml", options.study), False
    print(f"{machine(options.device)}; study {study.name}, {options.steps} steps")
    print(HEADER, flush=True)
    with tempfile.TemporaryDirectory() as name:
        coco = Path(name) / "images.json"
        content = {"images": str(options.images), "labels": str(options.labels)}
        convert("images", "folder", content, coco)
        for row, settings in rows(study, options).items():
            trial = try_row(settings, coco, options)
            failed |= trial.verdict != "learns"
            print(report(row, settings, trial), flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
