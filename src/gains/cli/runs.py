"""The verbs ``train`` and ``predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from gains.cli.app import app
from gains.cli.export import TO, export_job, run_export
from gains.cli.options import (
    CONFIG,
    Config,
    Dataset,
    Fold,
    Method,
    Orientation,
    Percentiles,
    Seed,
    StudyName,
    Variant,
    given,
    text_or_file,
)

Coco = Annotated[
    Path | None, typer.Option(help="COCO JSON file, with the images in a .zip archive beside it.")
]
Split = Annotated[Path | None, typer.Option(help="Split file of the data set.")]


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

    Study, data set, method, variant and seed name the run. The data are read from where the
    workflow puts them, unless --coco, --split and --maps name other files. The settings can ask for
    validations during the training, and for the weights of the best one.

    \b
    Example:
      gains train --study demo --dataset synthetic-cells --method gains --seed 0 --out model.pt
    """
    from gains.study.inputs import NamedRun, training_inputs
    from gains.training.job import Job
    from gains.training.train import train as run_training

    named = NamedRun(config, study, dataset, method, variant, seed, fold)
    read = training_inputs(named, settings, coco, split, maps)
    folder = scratch or out.with_name(f"{out.name}.scratch")
    data = read.coco, read.split, read.maps
    job = Job(read.settings, *data, seed, fold, out, folder, name or read.name, code)
    if read.settings.recipe.validation_interval is None:
        run_training(job)
    else:
        from gains.validation.validation import Validation

        run_training(job, Validation(job.settings, job.coco, job.split, fold))


@app.command()
def predict(
    out: Annotated[Path, typer.Option(help="COCO result list to write, .json or .json.gz.")],
    model: Annotated[Path | None, typer.Option(help="Model file that `gains train` wrote.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of images to predict.")] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Dataset = None,
    method: Method = None,
    variant: Variant = "default",
    seed: Seed = 0,
    fold: Fold = 0,
    coco: Coco = None,
    split: Split = None,
    part: Annotated[str, typer.Option(help="Part of the split: train, val or test.")] = "test",
    device: Annotated[
        str | None, typer.Option(help="Device: auto, cpu or cuda; by default that of the training.")
    ] = None,
    score_threshold: Annotated[
        float | None, typer.Option(help="Score above which a detection is kept.")
    ] = None,
    nms: Annotated[
        float | None, typer.Option(help="IoU threshold of the suppression of detections.")
    ] = None,
    max_detections: Annotated[
        int | None, typer.Option(help="Maximum number of detections per image.")
    ] = None,
    orientation: Orientation = None,
    percentiles: Percentiles = None,
    to: Annotated[str | None, typer.Option(help=TO)] = None,
) -> None:
    """Predict the objects in a folder of images, or in one part of a data set.

    A file beside OUT lists the images and their ids, for example x.images.json beside x.json. The
    images of a folder and its subfolders are numbered from 1 in the order of their names. All are
    read once before the first prediction, so a damaged image costs no work.

    A run of a study is predicted with the study's thresholds, a model file with the defaults of its
    method; the options change them. The file beside OUT says which were used.

    Read a folder as the training images were read: --orientation and --percentiles are the options
    of the data set `folder`. A run of a study takes them from its data set. A model file does not
    know them.

    With --to, the predictions are also written in formats that other programs open, as `gains
    export` does it, into the folder OUT with the ending .export, for example x.export beside
    x.json. It holds the objects with a score of at least 0.5, or of --score-threshold.

    \b
    Examples:
      gains predict --model model.pt --images my_images --out detections.json
      gains predict --model model.pt --images my_images --to geojson,csv --out detections.json
      gains predict --study demo --dataset synthetic-cells --method gains --images my_images \
        --score-threshold 0.3 --out detections.json
      gains predict --study demo --dataset synthetic-cells --method gains --out test.json.gz
    """
    from gains.config.base import validated
    from gains.datasets.readers.images import Reading
    from gains.prediction.predict import predict_folder, predict_split
    from gains.prediction.predictor import Predictor
    from gains.study.inputs import NamedRun

    changes = given(score_threshold=score_threshold, nms=nms, max_detections=max_detections)
    if (model is None) == (dataset is None and method is None):
        raise ValueError(
            "name one model: its file with --model, or a trained run with --study, --dataset and "
            "--method"
        )
    if images is not None and (coco, split, part) != (None, None, "test"):
        raise ValueError(
            "--images names a folder, but --coco, --split and --part name a part of a data set; "
            "give one of the two"
        )
    options = given(orientation=orientation, percentiles=percentiles)
    if images is None and options:
        raise ValueError("--orientation and --percentiles are for the files of a folder: --images")
    if (coco is None) != (split is None):
        raise ValueError("--coco and --split belong together; give both or none")
    of_study = None
    if model is None:
        opened, run = NamedRun(config, study, dataset, method, variant, seed, fold).find()
        of_study = opened.name
        model = opened.model(run)
        changes = {**opened.run_settings(run).prediction.model_dump(exclude_none=True), **changes}
        coco, split = coco or opened.coco(run.dataset), split or opened.split(run.dataset)
        of_data = opened.dataset(run.dataset).options
        options = {k: of_data[k] for k in Reading.model_fields if k in of_data} | options
    elif (study, variant, seed) != (None, "default", 0):
        raise ValueError("--study, --variant and --seed name a run, but --model names a file")
    if images is None and (coco is None or split is None):
        raise ValueError("no images are named; name a folder with --images, or --coco and --split")
    reading = validated(Reading, options, "gains predict")
    job = None if to is None else export_job(to, out, images, coco, score_threshold)
    predictor = Predictor(model, device, changes)
    if images is not None:
        predict_folder(predictor, images, out, reading, of_study)
    else:
        predict_split(predictor, cast(Path, coco), cast(Path, split), part, fold, out)
    if job is not None:
        run_export(job, out)
