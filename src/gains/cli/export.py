"""The verb ``export``: predictions in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli import printing
from gains.cli.app import app
from gains.cli.options import CONFIG, Config, Dataset, Fold, Method, Seed, StudyName, Variant

if TYPE_CHECKING:
    from gains.export.base import Results
    from gains.export.job import ExportJob

TO = "Formats, with commas: coco, geojson, imagej, labels, csv, overlay."


@app.command("export")
def export_predictions(
    to: Annotated[str, typer.Option(help=TO)],
    out: Annotated[Path, typer.Option(help="Folder to write, with a folder for each format.")],
    predictions: Annotated[
        Path | None, typer.Option(help="COCO result list of `gains predict`, .json or .json.gz.")
    ] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Dataset = None,
    method: Method = None,
    variant: Variant = "default",
    seed: Seed = 0,
    fold: Fold = 0,
    coco: Annotated[
        Path | None, typer.Option(help="COCO JSON file of the images, with a .zip beside it.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images; only overlay needs it.")
    ] = None,
    score_threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Lowest score of the objects; by default 0.5, or what the study counts.",
        ),
    ] = None,
    scores: Annotated[bool, typer.Option("--scores", help="Show scores in the overlay.")] = False,
) -> None:
    """Write predictions in formats that other programs open.

    coco is COCO JSON; geojson opens in QuPath; imagej holds ROI sets for ImageJ and Fiji; labels
    are label images as TIFF, with layers where objects overlap; csv is a table of all objects with
    their measurements; overlay draws the outlines on the images. Objects have the same number in
    all formats.

    The predictions are those of a file, or of the test part of a run of a study. Of a run, the
    objects are those that its clean metrics count (clean_score_threshold). Names and sizes of
    the images are read from the list that `gains predict` wrote beside the file.

    \b
    Examples:
      gains export --predictions detections.json --to geojson,csv --out exported
      gains export --predictions detections.json --images my_images --to overlay --out exported
      gains export --study demo --dataset synthetic-cells --method gains --to labels --out exported
    """
    from gains.export.job import ExportJob
    from gains.export.write import chosen_formats
    from gains.study.inputs import NamedRun
    from gains.study.scoring import least_score, predictions_of

    formats = chosen_formats(to)
    if (predictions is None) == (dataset is None and method is None):
        raise ValueError(
            "name predictions: their file with --predictions, or a run with --study, --dataset and "
            "--method"
        )
    if predictions is None:
        opened, run = NamedRun(config, study, dataset, method, variant, seed, fold).find()
        predictions = predictions_of(opened, run)
        coco = coco or opened.coco(run.dataset)
    elif (study, variant, seed, fold) != (None, "default", 0, 0):
        raise ValueError(
            "--study, --variant, --seed and --fold name a run, but --predictions names a file"
        )
    least = least_score(config, predictions) if score_threshold is None else score_threshold
    run_export(ExportJob(formats, out, images, coco, least, scores), predictions)


def export_job(
    to: str, predictions: Path, images: Path | None, coco: Path | None, threshold: float | None
) -> ExportJob:
    """Return the export that follows a prediction, into a folder beside the prediction file.

    Args:
        to: names of formats, with commas.
        predictions: the prediction file.
        images: folder of the images, or None.
        coco: COCO file of the images, or None.
        threshold: score threshold of the prediction, or None for the default of exports.

    Raises:
        ValueError: a format is unknown, or the folder cannot be written.
    """
    from gains.config.prediction import SHOWN_SCORE
    from gains.export.job import ExportJob
    from gains.export.write import chosen_formats

    stem = predictions.name.removesuffix(".gz").removesuffix(".json")
    out = predictions.with_name(f"{stem}.export")
    least = SHOWN_SCORE if threshold is None else threshold
    job = ExportJob(chosen_formats(to), out, images, coco, least)
    job.check()
    return job


def run_export(job: ExportJob, predictions: Path) -> None:
    """Export predictions and print the number of objects of each image and class."""
    results = job.run(predictions)
    names = list(results.categories.values())
    rows = [
        [image.record.file_name, *map(str, counts), str(sum(counts))]
        for image in results.images
        for counts in [_counts(results, image.objects.categories.tolist())]
    ]
    columns = ("image", *names, "all")
    if console := printing.terminal():
        printing.show_table(console, columns, rows, numbers=len(columns) - 1)
    else:
        printing.print_lines([columns, *rows])
    for record in job.formats:
        if said := record.note(results):
            typer.echo(f"{record.name}: {said}", err=True)
    kept = sum(len(image.objects) for image in results.images)
    left_out = f"; {results.empty} without a pixel were left out" if results.empty else ""
    formats = ", ".join(record.name for record in job.formats)
    typer.echo(
        f"{job.out}: {formats}; {kept} of {results.detections} detections in "
        f"{len(results.images)} images have a score of at least {results.score_threshold:g}"
        f"{left_out}",
        err=True,
    )


def _counts(results: Results, categories: list[int]) -> list[int]:
    return [categories.count(category) for category in results.categories]
