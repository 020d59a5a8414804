"""The verbs ``train``, ``predict`` and ``cost``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gains.cli.app import app
from gains.cli.export import TO
from gains.cli.options import (
    CONFIG,
    Coco,
    Config,
    Dataset,
    Device,
    Fold,
    Images,
    MaxDetections,
    Method,
    More,
    Nms,
    Orientation,
    Part,
    Percentiles,
    ScoreThreshold,
    Seed,
    Split,
    StudyName,
    Variant,
    given,
    text_or_file,
)


@app.command()
def train(
    out: Annotated[
        Path,
        typer.Option(
            help="Model file to write, with losses.csv, validation.csv and run.json beside it."
        ),
    ],
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Dataset = None,
    method: Method = None,
    variant: Variant = "default",
    seed: Seed = 0,
    fold: Fold = 0,
    coco: Coco = None,
    split: Split = None,
    maps: Annotated[Path | None, typer.Option(help="Anomaly maps of the training images.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="Model file of the run that `start_from` of the recipe names."),
    ] = None,
    settings: Annotated[
        Any,
        typer.Option(
            parser=text_or_file,
            metavar="FILE",
            help="File with the settings of the run, as `gains config show` prints them, or these "
            "settings themselves: a value with a line break or a { at its start is no file.",
        ),
    ] = None,
    scratch: Annotated[
        Path | None,
        typer.Option(help="Folder for checkpoints during the training; by default beside OUT."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the run in the log and in run.json.")] = "",
    code: Annotated[
        str, typer.Option(help="Hash of the code; a checkpoint of other code is not continued.")
    ] = "",
) -> None:
    """Train one model; the same command continues a training that was interrupted.

    Study, data set, method, variant and seed name the run. The data, and the model of the run from
    which the training starts, are read from where the workflow puts them, unless --coco, --split,
    --maps and --start name other files. The settings can ask for
    validations during the training, and for the weights of the best one.

    \b
    Example:
      gains train --study demo --dataset synthetic-cells --method gains --seed 0 --out model.pt
    """
    from gains.study.inputs import NamedRun, training_inputs
    from gains.training.job import Job
    from gains.training.train import train as run_training

    named = NamedRun(config, study, dataset, method, variant, seed, fold)
    read = training_inputs(named, settings, coco, split, maps, start)
    folder = scratch or out.with_name(f"{out.name}.scratch")
    data = read.coco, read.split, read.maps
    label = name or read.name
    job = Job(read.settings, *data, seed, fold, out, folder, label, code, read.start)
    hooks: dict[str, Any] = {}
    if read.settings.recipe.validation_interval is not None:
        from gains.validation.validation import Validation

        hooks["validate"] = Validation(job.settings, job.coco, job.split, fold)
    if read.settings.recipe.clusters is not None:
        from gains.clusters.scenes import cluster_scenes

        hooks["make_scenes"] = cluster_scenes
    run_training(job, **hooks)


@app.command()
def predict(
    out: Annotated[Path, typer.Option(help="COCO result list to write, .json or .json.gz.")],
    model: Annotated[
        Path | None,
        typer.Option(
            help="Model file that `gains train` wrote, or best: the run of --dataset with the best "
            "value on the validation part."
        ),
    ] = None,
    images: Images = None,
    more: More = None,
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Dataset = None,
    method: Method = None,
    variant: Variant = "default",
    seed: Seed = 0,
    fold: Fold = 0,
    coco: Coco = None,
    split: Split = None,
    part: Part = "test",
    device: Device = None,
    score_threshold: ScoreThreshold = None,
    nms: Nms = None,
    max_detections: MaxDetections = None,
    tiles: Annotated[
        str | None,
        typer.Option(
            help="auto, the default: --images that are larger than those of the training are cut "
            "into tiles; never; or the side of a tile in px."
        ),
    ] = None,
    orientation: Orientation = None,
    percentiles: Percentiles = None,
    to: Annotated[str | None, typer.Option(help=TO)] = None,
) -> None:
    """Predict the objects in own images, or in one part of a data set.

    A file beside OUT lists the images and their ids, for example x.images.json beside x.json. The
    images of files, folders and their subfolders are numbered from 1 in the order of their names;
    each frame of a file is an image. All are read once before the first prediction, so a damaged
    image costs no work. Images that are larger than those of the training are cut into tiles that
    overlap, and each object is listed once.

    A run of a study is predicted with the study's thresholds, also if its model file is named, and
    another model file with the defaults of its method; the options change them. The file beside OUT
    says which were used.

    Read a folder as the training images were read: --orientation and --percentiles are the options
    of the data set `folder`. A run of a study takes them from its data set. Another model file does
    not know them.

    With --to, the predictions are also written in formats that other programs open, as `gains
    export` does it, into the folder OUT with the ending .export, for example x.export beside
    x.json. It holds the objects with a score of at least 0.5, or of --score-threshold.

    \b
    Examples:
      gains predict --model model.pt --images my_images --out detections.json
      gains predict --model model.pt --images scans/*.tif --to geojson,csv --out detections.json
      gains predict --model best --study demo --dataset synthetic-cells --images my_images \
        --score-threshold 0.3 --out detections.json
      gains predict --study demo --dataset synthetic-cells --method gains --out test.json.gz
    """
    from gains.cli.calls.predict import PredictCall
    from gains.study.inputs import NamedRun

    PredictCall(
        out=out,
        model=model,
        images=[*(images or []), *(more or [])],
        named=NamedRun(config, study, dataset, method, variant, seed, fold),
        coco=coco,
        split=split,
        part=part,
        device=device,
        thresholds=given(score_threshold=score_threshold, nms=nms, max_detections=max_detections),
        tiles=tiles,
        reading=given(orientation=orientation, percentiles=percentiles),
        to=to,
    ).run()


@app.command()
def cost(
    model: Annotated[
        Path, typer.Option(help="Model file that `gains train` wrote, with run.json beside it.")
    ],
    coco: Annotated[
        Path, typer.Option(help="COCO JSON file, with the images in a .zip archive beside it.")
    ],
    split: Annotated[Path, typer.Option(help="Split file of the data set.")],
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    fold: Fold = 0,
    score_threshold: ScoreThreshold = None,
    nms: Nms = None,
    max_detections: MaxDetections = None,
) -> None:
    """Measure what a model costs: parameters, multiply-adds, time and memory.

    Up to twenty test images are predicted one by one. Time and memory of the training come from the
    file run.json beside the model.

    \b
    Example:
      gains cost --model model.pt --coco my-cells.json --split my-split.json --out cost.json
    """
    from gains.prediction.cost import measure_cost
    from gains.prediction.predictor import Predictor
    from gains.support.files import write_json

    changes = given(score_threshold=score_threshold, nms=nms, max_detections=max_detections)
    write_json(out, measure_cost(Predictor(model, changes=changes), coco, split, fold))
