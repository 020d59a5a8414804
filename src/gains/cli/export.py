"""The verb ``export``: predictions in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app
from gains.cli.options import CONFIG, Config, Dataset, Fold, Method, More, Seed, StudyName, Variant

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
        list[Path] | None,
        typer.Option(
            help="File or folder of the images, as for the prediction; only overlay needs them."
        ),
    ] = None,
    more: More = None,
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
    from gains.cli.calls.export import ExportCall
    from gains.study.inputs import NamedRun

    named = NamedRun(config, study, dataset, method, variant, seed, fold)
    places = [*(images or []), *(more or [])]
    ExportCall(to, out, predictions, named, coco, places, score_threshold, scores).run()
