"""The prediction figure: ground truth beside the predictions of one or several methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Figure, Out, Split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gains.datasets.coco import CocoDataset
    from gains.figures.drawing.images import Pictures

DEFAULT_IMAGES = 4
CONFIG = Path("config.yaml")
"""The config file with the study of the predictions, if they are of one."""


def draw(
    predictions: Annotated[
        list[Path], typer.Option(help="COCO result list; the option may be repeated.")
    ],
    out: Out,
    coco: Annotated[
        Path | None,
        typer.Option(help="COCO JSON file with the masks; not needed for own --images."),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Title of each result list; by default from its path.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            help=f"File name of an image; the option may be repeated; by default the first "
            f"{DEFAULT_IMAGES} predicted images."
        ),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(min=1, help="Number of images to choose by the lowest AJI in --scores."),
    ] = None,
    spread: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of images to choose evenly by their AJI in --scores, both ends included.",
        ),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Score file; --worst and --spread need it.")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Lowest score of the predictions that are drawn; by default 0.5, or for runs of a "
            "study what its clean metrics count.",
        ),
    ] = None,
    split: Split = None,
    part: Annotated[str, typer.Option(help="Part of the split that the images are from.")] = "test",
    images: Annotated[
        list[Path] | None,
        typer.Option(
            help="File or folder of the images, by default the archive beside --coco; the option "
            "may be repeated, as it was for the prediction."
        ),
    ] = None,
    study: Annotated[
        str, typer.Option(help="Name of the study, for the title of the figure.")
    ] = "",
) -> None:
    """Draw the ground truth beside each method's predictions, one row per image.

    Found objects have the colours of the ground truth and are filled. Missed objects are dashed,
    and false finds are crossed. AJI and F1 below a panel are those of its image with the
    predictions that are drawn. Without ground truth, the predictions alone are drawn. More than six
    methods are drawn in several blocks below each other.

    \b
    Examples:
      gains figure predictions --coco my.json --predictions a.json.gz --label "Mask R-CNN" \\
        --predictions b.json.gz --label GAInS --image 07.png --out predictions.png
      gains figure predictions --coco my.json --predictions b.json.gz \\
        --worst 4 --scores b.scores.json --out worst.png
      gains figure predictions --images my_images --predictions detections.json --out own.png
    """
    from gains.figures.drawing.images import candidates
    from gains.figures.prediction import columns as methods
    from gains.figures.prediction.panels import draw_rows, rows
    from gains.study.scoring import least_score

    least = least_score(CONFIG, *predictions) if min_score is None else min_score
    titles = methods.titles_of(predictions, label or [])
    content, pictures, name = _data(coco, images or [], predictions)
    columns = [
        methods.Column.read(*pair, content) for pair in zip(titles, predictions, strict=True)
    ]
    names = image or _chosen(scores, worst, spread)
    if names:
        records = content.by_name(names)
        methods.refuse_unpredicted(records, columns)
    else:
        records = methods.all_predicted(candidates(content, split, part), columns)[:DEFAULT_IMAGES]
    found = rows(content, records, pictures, columns, least)
    source = f"{name}, study {study}" if study else name
    heading = f"{source}: predictions with a score of at least {least:g}"
    draw_rows(found, titles, heading, out)


def _data(
    coco: Path | None, images: list[Path], predictions: list[Path]
) -> tuple[CocoDataset, Pictures, str]:
    """Return the data set, its images and its name; without a COCO file, own ones."""
    from gains.datasets.coco import name_of, read_coco
    from gains.figures.drawing.images import Pictures
    from gains.figures.prediction.predicted_images import dataset_of, reading_of

    if coco is not None:
        return read_coco(coco), Pictures(coco, images), name_of(coco)
    if not images:
        raise ValueError(
            "no images are named; name a data set with --coco, or the files and folders that were "
            "predicted with --images"
        )
    pictures = Pictures(images[0], images, reading_of(predictions[0]))
    return dataset_of(predictions, images[0]), pictures, images[0].resolve().name


def _chosen(scores: Path | None, worst: int | None, spread: int | None) -> list[str]:
    """Return the file names of the images that --worst or --spread chooses; none without them."""
    from gains.figures.prediction.image_values import image_values, worst_first

    if worst is None and spread is None:
        return []
    if scores is None:
        raise ValueError("--worst and --spread need a score file; give it with --scores")
    if worst is not None and spread is not None:
        raise ValueError("--worst and --spread both choose images; give one of them")
    ranked = worst_first(image_values(scores))
    return ranked[:worst] if worst is not None else evenly(ranked, spread or 1)


def evenly(ranked: Sequence[str], number: int) -> list[str]:
    """Return this number of names at even distances, with both ends; one is that in the middle."""
    last, number = len(ranked) - 1, min(number, len(ranked))
    if number == 1:
        return [ranked[last // 2]]
    return [ranked[round(k * last / (number - 1))] for k in range(number)]


FIGURES.register(Figure("predictions", draw))
