"""The process that measures one run, by a short training and a few predictions.

Each run has a process of its own, because the peak of the memory belongs to a process.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from gains.clusters.scenes import cluster_scenes
from gains.config.recipe import RecipeSettings
from gains.config.settings_file import read_settings
from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.measuring.request import Request
from gains.methods.run_settings import RunSettings, build_method
from gains.models.device import choose_device, peak_memory, to_device
from gains.prediction.files import write_predictions
from gains.prediction.image_predictor import ImagePredictor, Picture
from gains.prediction.predictor import Predictor
from gains.study.measured import RunMeasurement, TrainingMeasurement
from gains.support.files import write_json
from gains.training.job import Job
from gains.training.samples import Samples, fits_cache
from gains.training.scratch import Scratch
from gains.training.state import TrainingState
from gains.training.train import batches, build_model, prepare, samples_of_job, take_step


def answer_request(request: str, answer: str) -> None:
    """Measure what a request file names, and write the measurement to another file."""
    with tempfile.TemporaryDirectory(dir=Path(answer).parent) as folder:
        found = measured(read_settings(Request, request), Path(folder))
    write_json(Path(answer), found.model_dump(mode="json"))


def measured(request: Request, folder: Path) -> RunMeasurement:
    """Return the measurement of a request.

    Args:
        request: what to measure.
        folder: folder for files that are not kept.
    """
    settings = RunSettings.from_json(request.settings, "request")
    torch.set_num_threads(settings.recipe.threads)
    if request.model is not None:
        predictor: ImagePredictor = Predictor(request.model)
        start, training = time.time() - request.began, None
    else:
        predictor, start, training = _trained(request, settings, folder)
    predicted, seconds, size = _predicted(predictor, request, folder)
    return RunMeasurement(
        start_seconds=start,
        training=training,
        predicted=predicted,
        predict_seconds=seconds,
        predict_host_mb=peak_memory(predictor.device)["host"],
        prediction_bytes=size,
    )


def _trained(
    request: Request, settings: RunSettings, folder: Path
) -> tuple[ImagePredictor, float, TrainingMeasurement]:
    """Train for a few iterations; return the model, the time before them, and the measurement."""
    recipe = _short(settings.recipe, request)
    maps = None if request.maps is None else Path(request.maps)
    scratch = Scratch(folder / "scratch")
    job = Job(
        RunSettings(**{**vars(settings), "recipe": recipe}),
        *(Path(request.coco), Path(request.split), maps, 0, 0, folder / "model.pt", scratch.folder),
    )
    coco, device = read_coco(job.coco), choose_device(recipe.device)
    samples = samples_of_job(job, coco, device, cluster_scenes)
    whole = samples.bytes * request.images // len(samples.records)
    samples.cached = fits_cache(whole, device)
    categories = sorted(coco.categories)
    if settings.start is None:
        model = build_model(settings.while_training, categories, job.seed)
    else:
        # the run from which it starts may not be trained yet, and time depends on no initial value
        model = build_method(settings.while_training, categories)
    state = TrainingState(to_device(model, device), recipe, device)
    prepare(state.model, samples, job.seed)
    start = time.time() - request.began
    times = _timed(state, samples, job, request)
    state.losses.flush()
    scratch.folder.mkdir()
    state.save(scratch, "measured")
    training = TrainingMeasurement(
        **times._asdict(),
        cached=samples.cached,
        **_memory(device, whole - samples.bytes if samples.cached else 0),
        model_bytes=sum(v.numel() * v.element_size() for v in model.state_dict().values()),
        checkpoint_bytes=scratch.checkpoint.stat().st_size,
    )
    return ImagePredictor(model.eval(), settings, coco.categories, device), start, training


def _short(recipe: RecipeSettings, request: Request) -> RecipeSettings:
    """Return the recipe of the measurement.

    It has few scenes for the few images, in the proportion of the whole training. Before the timed
    iterations are those that see each image and scene once, at least 2.
    """
    images = len(read_split(request.split).names("train"))
    clusters, scenes = recipe.clusters, 0
    if clusters is not None:
        scenes = math.ceil(clusters.scenes * images / request.images)
        clusters = clusters.model_copy(update={"scenes": scenes})
    warmup = max(2, math.ceil((images + scenes) / recipe.batch_size))
    planned = warmup + request.iterations
    return recipe.model_copy(update={"iterations": planned, "clusters": clusters})


class _Times(NamedTuple):
    iterations: int
    iteration_seconds: float
    load_seconds: float


def _timed(state: TrainingState, samples: Samples, job: Job, request: Request) -> _Times:
    """Train, and return the times; the first iterations and the reading of images count apart."""
    warmup = job.settings.recipe.iterations - request.iterations
    generator = torch.Generator(state.device)
    state.model.train()
    waits, steps, began = [], [], time.monotonic()
    last = began
    for batch in batches(samples, job.settings.recipe, 0, state.device):
        waits.append(time.monotonic() - last)
        take_step(state, batch, job, generator)
        _wait_for(state.device)
        steps.append(time.monotonic() - last - waits[-1])
        last = time.monotonic()
        if last - began > request.seconds and len(steps) > 1:
            break
    first = warmup if len(steps) > warmup else len(steps) // 2
    load = sum(waits[:first]) / (first * job.settings.recipe.batch_size)
    step = statistics.fmean(steps[first:])
    if not samples.cached:
        step += statistics.fmean(waits[first:])
    return _Times(len(steps) - first, step, load)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _memory(device: torch.device, further: int) -> dict[str, int | None]:
    """Return the peaks of memory, with the bytes of the samples that the whole training caches."""
    peak, more = peak_memory(device), further // 10**6
    on_device = peak.get("device")
    if on_device is None:
        return {"host_mb": peak["host"] + more, "device_mb": None}
    return {"host_mb": peak["host"], "device_mb": on_device + more}


def _predicted(
    predictor: ImagePredictor, request: Request, folder: Path
) -> tuple[int, float, float]:
    """Predict the few test images; return their number, and time and bytes per image."""
    coco = read_coco(request.coco)
    records = coco.by_name(read_split(request.split).names("test"))
    archive = ImageArchive(Path(request.coco).with_suffix(".zip"))

    def pictures(number: int) -> Iterator[Picture]:
        return ((record, archive.read(record.file_name)) for record in records[:number])

    began = time.monotonic()
    list(predictor.each(pictures(1)))
    number = int(request.seconds / (time.monotonic() - began))
    began = time.monotonic()
    found = list(predictor.each(pictures(max(1, number))))
    seconds = (time.monotonic() - began) / len(found)
    out = folder / "predictions.json.gz"
    write_predictions(out, found, {})
    return len(found), seconds, out.stat().st_size / len(found)


if __name__ == "__main__":
    try:
        answer_request(*sys.argv[1:])
    except (ValueError, OSError) as error:
        sys.exit(str(error))
