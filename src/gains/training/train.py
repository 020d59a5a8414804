"""The training loop, which is the same for every method and can be resumed at any time.

An iteration depends only on the seed and its number. Samples, augmentation and sampling draw from
generators seeded with both, and the learning rate is a function of the number. A checkpoint
therefore holds weights, momentum and losses, but no state of random generators.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

import gains
from gains.anomaly.store import MapStore
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.methods.initial_weights import load_weights
from gains.methods.run_settings import RunSettings, build_method
from gains.models import checkpoint
from gains.models.contract import Detector
from gains.models.device import choose_device, to_device
from gains.support.claims import claimed, require_claim
from gains.support.files import check_output, settings_hash, write_json
from gains.support.progress import progress
from gains.training.checkpoint_timer import CheckpointTimer
from gains.training.cost import TrainingCost
from gains.training.job import Job, provenance
from gains.training.loss_log import LossRecord
from gains.training.optimiser import learning_rate, make_optimiser
from gains.training.samples import Sample, Samples
from gains.training.scratch import LOSSES, MODEL, RECORD, Scratch
from gains.training.step import step
from gains.training.unlearnt import FirstPass

logger = logging.getLogger(__name__)

SAMPLING = 3
"""The stream of random numbers for the model's sampling; samples.py has the other streams."""


def train(job: Job) -> None:
    """Train a model, or continue an interrupted training of the same job.

    Raises:
        ValueError: settings or data are not valid, or a loss is not finite.
        FileNotFoundError: an input is missing.
    """
    check_output(job.out)
    recipe = job.settings.recipe
    torch.set_num_threads(recipe.threads)
    coco = read_coco(job.coco)
    device = choose_device(recipe.device)
    samples = samples_of_job(job, coco, device)
    inputs = job.inputs()
    key = settings_hash([job.settings.recorded_json(), job.seed, job.fold, job.code, inputs])
    scratch = Scratch(job.scratch)
    # another process that trains here remains from a killed run, so wait for it
    with claimed(job.out), scratch.turn():
        if scratch.holds(key):
            logger.info("this training is finished already: its result is in %s", scratch.finished)
        else:
            scratch.begin()
            model = to_device(build_model(job.settings, sorted(coco.categories), job.seed), device)
            record, cost = _loop(model, samples, recipe, job, key, device)
            _save(model, record, scratch.finished, job, coco)
            how = {"images": len(samples.records), "iterations": recipe.iterations}
            content = {**provenance(job, inputs, device), **how, **cost.to_json()}
            write_json(scratch.finished / RECORD, content)
            scratch.finish(key)
        scratch.deliver(job.out, job.name)
        # with the hash of the code, the caller can find the result again, and removes it
        if not job.code and not scratch.is_awaited():
            scratch.clear()


def _save(model: Detector, record: LossRecord, folder: Path, job: Job, coco: CocoDataset) -> None:
    categories = {str(i): coco.categories[i] for i in sorted(coco.categories)}
    checkpoint.save(folder / MODEL, _model_file(model, job, categories))
    record.write(folder / LOSSES)


def samples_of_job(job: Job, coco: CocoDataset, device: torch.device) -> Samples:
    """Return the samples of a job.

    Args:
        job: the job.
        coco: content of its COCO file.
        device: device of the training.

    Raises:
        ValueError: the maps are missing or were made with other settings, or no image has objects.
        FileNotFoundError: an input is missing.
    """
    recipe = job.settings.recipe
    records = coco.by_name(read_split(job.split).names("train", job.fold))
    maps = None
    expected = job.settings.maps
    if expected is not None:
        if job.maps is None:
            raise ValueError("the method reads gradient anomaly maps: give them with --maps")
        maps = MapStore(job.maps)
        if maps.settings != expected:
            raise ValueError(
                f"{job.maps}: made with {maps.settings.key}, the run expects {expected.key}"
            )
    archive = ImageArchive(job.coco.with_suffix(".zip"))
    archive.check()
    length = recipe.iterations * recipe.batch_size
    return Samples(coco, archive, records, recipe, maps, job.seed, length, device)


def build_model(settings: RunSettings, categories: list[int], seed: int) -> Detector:
    """Build a method's detector with initial weights drawn from the seed, then pretrained ones.

    Args:
        settings: settings of the run.
        categories: ids of the data set, ascending.
        seed: seed of the initial weights; the global random state does not change.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_method(settings, categories)
    load_weights(model, settings)
    return model


def _loop(
    model: Detector,
    samples: Samples,
    recipe: RecipeSettings,
    job: Job,
    key: str,
    device: torch.device,
) -> tuple[LossRecord, TrainingCost]:
    optimiser = make_optimiser(model, recipe, model.encoder)
    scratch = Scratch(job.scratch)
    start, record, cost = _resumed(scratch, key, model, optimiser, device)
    generator, timer = torch.Generator(device), CheckpointTimer(recipe.checkpoint_every)
    model.train()
    first_pass = FirstPass(samples.coco, len(samples.records))
    with progress(job.name or job.out.name, recipe.iterations, start) as advance:
        for iteration, batch in enumerate(_batches(samples, recipe, start, device), start):
            first_pass.add(model, batch)
            rate, losses = _take_step(model, optimiser, batch, job, iteration, generator)
            record.add(iteration, rate, [s.name for s in batch], losses)
            done = iteration + 1
            advance(done, record.last)
            if done < recipe.iterations and timer.due(done):
                record.flush()
                state = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
                kept = {"key": key, "iteration": done, "losses": record.rows, **state}
                with timer.saving():
                    checkpoint.save(scratch.checkpoint, {**kept, "cost": cost.to_json()})
                require_claim(job.out)  # a later call waits, and continues from this checkpoint
    first_pass.warn(model)
    record.flush()
    _check_finite(model)
    return record, cost


def _take_step(
    model: Detector,
    optimiser: torch.optim.Optimizer,
    batch: list[Sample],
    job: Job,
    iteration: int,
    generator: torch.Generator,
) -> tuple[float, dict[str, Tensor]]:
    """Take the step of one iteration; return its learning rate and losses."""
    rate = learning_rate(job.settings.recipe, iteration)
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
    generator.manual_seed(int(settings_hash([job.seed, SAMPLING, iteration]), 16) % 2**63)
    return rate, step(model, optimiser, batch, job.settings.recipe, generator, generator.device)


def _resumed(
    scratch: Scratch,
    key: str,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    device: torch.device,
) -> tuple[int, LossRecord, TrainingCost]:
    """Load a checkpoint of the same job if there is one; return the iteration to continue at."""
    path = scratch.checkpoint
    if path.exists():
        try:
            kept = checkpoint.load(path, device)
        except ValueError:
            logger.warning(
                "%s: the checkpoint is cut off or damaged; it is now %s, and the training starts "
                "again at iteration 0",
                path,
                scratch.set_checkpoint_aside().name,
            )
            return 0, LossRecord(), TrainingCost(device)
        if kept.get("key") == key:
            advice = "remove the file, and train again with a lower learning rate or clip_norm"
            checkpoint.check_finite(kept["model"], f"{path}: weights", advice)
            model.load_state_dict(kept["model"])
            optimiser.load_state_dict(kept["optimiser"])
            logger.info("resume at iteration %d", kept["iteration"])
            return (
                kept["iteration"],
                LossRecord(kept["losses"]),
                TrainingCost(device, kept["cost"]),
            )
        logger.info(
            "the checkpoint in %s belongs to another job; the training starts again", path.parent
        )
    return 0, LossRecord(), TrainingCost(device)


def _check_finite(model: nn.Module) -> None:
    broken = [name for name, value in model.state_dict().items() if not value.isfinite().all()]
    if broken:
        raise ValueError(
            f"after the last iteration {len(broken)} weights are not finite, first {broken[0]!r}; "
            "lower the learning rate, or set clip_norm"
        )


def _batches(
    samples: Samples, recipe: RecipeSettings, start: int, device: torch.device
) -> Iterator[list[Sample]]:
    workers = 0 if samples.cached else recipe.workers
    return iter(
        DataLoader(
            samples,
            batch_size=recipe.batch_size,
            sampler=range(start * recipe.batch_size, len(samples)),
            num_workers=workers,
            collate_fn=list,
            multiprocessing_context="spawn" if workers and device.type == "cuda" else None,
        )
    )


def _model_file(model: nn.Module, job: Job, categories: dict[str, str]) -> dict[str, Any]:
    return {
        "format": checkpoint.MODEL_FORMAT,
        "gains": gains.__version__,
        "settings": job.settings.recorded_json(),
        "categories": categories,
        "seed": job.seed,
        "state": {name: value.cpu() for name, value in model.state_dict().items()},
    }
