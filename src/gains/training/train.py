"""The training loop, which is the same for every method and can be resumed at any time.

An iteration depends only on the seed and its number. Samples, augmentation and sampling draw from
generators seeded with both, and the learning rate is a function of the number. A checkpoint
therefore holds weights, momentum, losses and validations, but no state of random generators.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

import gains
from gains.anomaly.store import MapStore
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import CocoDataset, read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.methods.initial_weights import load_weights, start_record
from gains.methods.run_settings import RunSettings, build_method
from gains.models import checkpoint
from gains.models.contract import Detector
from gains.models.device import choose_device, to_device
from gains.support.claims import claimed, require_claim
from gains.support.files import check_output, settings_hash, write_json
from gains.support.progress import progress
from gains.training.checkpoint_timer import CheckpointTimer
from gains.training.extra_scenes import MakeScenes
from gains.training.job import Job, provenance
from gains.training.optimiser import learning_rate
from gains.training.samples import Sample, Samples, with_objects
from gains.training.scratch import LOSSES, MODEL, RECORD, VALIDATION, Scratch
from gains.training.state import LAYOUT, TrainingState
from gains.training.step import step
from gains.training.unlearnt import FirstPass
from gains.training.validations import Validate

logger = logging.getLogger(__name__)

SAMPLING, PREPARATION = 3, 4
"""The model's streams of random numbers; samples.py and augment.py have the other streams."""


def train(
    job: Job, validate: Validate | None = None, make_scenes: MakeScenes | None = None
) -> None:
    """Train a model, or continue an interrupted training of the same job.

    Args:
        job: the job.
        validate: the function that validates the model, if the recipe asks for it.
        make_scenes: the function that makes synthetic clusters, if the recipe asks for them.

    Raises:
        ValueError: settings or data are not valid, a loss is not finite, or the recipe validates
            and no function is given, or the other way round.
        FileNotFoundError: an input is missing.
    """
    check_output(job.out)
    recipe = job.settings.recipe
    _check_hook(recipe, validate)
    torch.set_num_threads(recipe.threads)
    coco = read_coco(job.coco)
    device = choose_device(recipe.device)
    samples = samples_of_job(job, coco, device, make_scenes)
    inputs = job.inputs()
    content = [job.settings.recorded_json(), job.seed, job.fold, job.code, inputs]
    key = settings_hash([LAYOUT, *content])
    scratch = Scratch(job.scratch)
    # another process that trains here remains from a killed run, so wait for it
    with claimed(job.out), scratch.turn():
        if scratch.holds(key):
            logger.info("this training is finished already: its result is in %s", scratch.finished)
        else:
            scratch.begin()
            settings = job.settings.while_training
            model = build_model(settings, sorted(coco.categories), job.seed, job.start)
            model = to_device(model, device)
            start = start_record(model, settings, coco.categories, job.start)
            state = TrainingState(model, recipe, device)
            _loop(state, samples, job, key, validate)
            how = {"images": len(samples.records), **start, **state.to_json()}
            if samples.scenes is not None:
                how["clusters"] = samples.scenes.to_json()
            record = {**provenance(job, inputs, device), **how}
            _save(state, scratch.finished, job, samples, record)
            scratch.finish(key)
        scratch.deliver(job.out, job.name)
        # with the hash of the code, the caller can find the result again, and removes it
        if not job.code and not scratch.is_awaited():
            scratch.clear()


def _check_hook(recipe: RecipeSettings, validate: Validate | None) -> None:
    every = recipe.validation_interval
    if (validate is None) != (every is None):
        found = "none is given" if validate is None else "one is given"
        rule = "does not validate" if every is None else f"validates every {every} iterations"
        raise ValueError(
            f"the recipe {rule}, but of functions that validate {found}; give `validate` to "
            "`train` exactly if the recipe validates"
        )


def _save(
    state: TrainingState, folder: Path, job: Job, samples: Samples, record: dict[str, Any]
) -> None:
    checkpoint.save(folder / MODEL, _model_file(state.model, job, samples))
    state.losses.write(folder / LOSSES)
    state.validations.write(folder / VALIDATION)
    write_json(folder / RECORD, record)


def samples_of_job(
    job: Job, coco: CocoDataset, device: torch.device, make_scenes: MakeScenes | None = None
) -> Samples:
    """Return the samples of a job.

    Args:
        job: the job.
        coco: content of its COCO file.
        device: device of the training.
        make_scenes: the function that makes synthetic clusters; without clusters in the recipe it
            is not called.

    Raises:
        ValueError: the maps are missing or were made with other settings, no image has objects, or
            the recipe asks for clusters and no function is given.
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
    scenes = None
    if recipe.clusters is not None:
        if make_scenes is None:
            raise ValueError(
                "the recipe adds clusters, but no function that makes them is given; give "
                "`make_scenes` (gains.clusters.scenes)"
            )
        scenes = make_scenes(coco, archive, with_objects(coco, records), job.settings, job.seed)
    length = recipe.iterations * recipe.batch_size
    return Samples(coco, archive, records, recipe, maps, job.seed, length, device, scenes)


def build_model(
    settings: RunSettings, categories: list[int], seed: int, start: Path | None = None
) -> Detector:
    """Build a method's detector with initial weights drawn from the seed, then pretrained ones.

    Args:
        settings: settings of the run.
        categories: ids of the data set, ascending.
        seed: seed of the initial weights; the global random state does not change.
        start: model file of the run from which the training starts, or None.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed reseeds GPUs too
        model = build_method(settings, categories)
    load_weights(model, settings, categories, start)
    return model


def _loop(
    state: TrainingState, samples: Samples, job: Job, key: str, validate: Validate | None
) -> None:
    recipe, scratch = job.settings.recipe, Scratch(job.scratch)
    state.resume(scratch, key)
    if state.done == 0:
        prepare(state.model, samples, job.seed)
    generator, timer = torch.Generator(state.device), CheckpointTimer(recipe.checkpoint_every)
    state.model.train()
    first_pass = FirstPass(len(samples.shown))
    with progress(job.name or job.out.name, recipe.iterations, state.done) as advance:
        for batch in batches(samples, recipe, state.done, state.device):
            first_pass.add(state.model, batch)
            take_step(state, batch, job, generator)
            if validate is not None and state.validations.due(state.done):
                state.losses.flush()
                state.validations.add(validate, state.model, state.done)
            advance(state.done, state.note)
            if state.validations.exhausted:
                break
            if state.done < recipe.iterations and timer.due(state.done):
                state.losses.flush()
                with timer.saving():
                    state.save(scratch, key)
                require_claim(job.out)  # a later call waits, and continues from this checkpoint
    first_pass.warn(state.model)
    state.losses.flush()
    _check_finite(state.model)
    state.validations.restore(state.model)


def prepare(model: Detector, samples: Samples, seed: int) -> None:
    """Let a model learn what it must know before the first iteration; see ``Detector.prepare``."""
    generator = torch.Generator()
    generator.manual_seed(_seed_of(seed, PREPARATION))
    model.prepare(samples.targets(), generator)


def _seed_of(*content: int) -> int:
    return int(settings_hash(list(content)), 16) % 2**63


def take_step(
    state: TrainingState, batch: list[Sample], job: Job, generator: torch.Generator
) -> None:
    """Take the step of the next iteration.

    Args:
        state: the training so far.
        batch: samples of the iteration.
        job: recipe and seed.
        generator: source of the model's random numbers, on its device; it is seeded here.
    """
    iteration, recipe = state.done, job.settings.recipe
    rate = learning_rate(recipe, iteration)
    for group in state.optimiser.param_groups:
        group["lr"] = rate * group["factor"]
    generator.manual_seed(_seed_of(job.seed, SAMPLING, iteration))
    losses = step(state.model, state.optimiser, batch, recipe, generator, state.device)
    state.losses.add(iteration, rate, [sample.name for sample in batch], losses)
    state.done += 1


def _check_finite(model: nn.Module) -> None:
    broken = [name for name, value in model.state_dict().items() if not value.isfinite().all()]
    if broken:
        raise ValueError(
            f"after the last iteration {len(broken)} weights are not finite, first {broken[0]!r}; "
            "lower the learning rate, or set clip_norm"
        )


def batches(
    samples: Samples, recipe: RecipeSettings, start: int, device: torch.device
) -> Iterator[list[Sample]]:
    """Yield the batches of a training.

    Args:
        samples: stream of samples.
        recipe: size of a batch, and number of loading processes.
        start: number of iterations that are done already.
        device: device of the training.
    """
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


def _model_file(model: nn.Module, job: Job, samples: Samples) -> dict[str, Any]:
    names = samples.coco.categories
    return {
        "format": checkpoint.MODEL_FORMAT,
        "gains": gains.__version__,
        "settings": job.settings.recorded_json(),
        "categories": {str(i): names[i] for i in sorted(names)},
        "seed": job.seed,
        "scale": samples.scale().model_dump(),
        "state": {name: value.cpu() for name, value in model.state_dict().items()},
    }
