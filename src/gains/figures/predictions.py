"""The prediction figure: ground truth beside the predictions of one or several methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Figure, Out, Split

if TYPE_CHECKING:
    from gains.datasets.coco import CocoDataset
    from gains.figures.images import Pictures

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
    scores: Annotated[Path | None, typer.Option(help="Score file; --worst needs it.")] = None,
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
) -> None:
    """Draw the ground truth beside each method's predictions, one row per image.

    Found objects have the colours of the ground truth and are filled. Missed objects are dashed,
    and false finds are crossed. AJI and F1 below a panel are those of its image with the
    predictions that are drawn. Without ground truth, the predictions alone are drawn.

    \b
    Examples:
      gains figure predictions --coco my.json --predictions a.json.gz --label "Mask R-CNN" \\
        --predictions b.json.gz --label GAInS --image 07.png --out predictions.png
      gains figure predictions --coco my.json --predictions b.json.gz \\
        --worst 4 --scores b.scores.json --out worst.png
      gains figure predictions --images my_images --predictions detections.json --out own.png
    """
    from gains.figures import prediction_columns as methods
    from gains.figures.images import candidates
    from gains.figures.prediction_panels import draw_rows, rows
    from gains.study.scoring import least_score

    least = least_score(CONFIG, *predictions) if min_score is None else min_score
    titles = methods.titles_of(predictions, label or [])
    content, pictures, name = _data(coco, images or [], predictions)
    columns = [
        methods.Column.read(*pair, content) for pair in zip(titles, predictions, strict=True)
    ]
    names = image or (None if worst is None else _worst(scores, worst))
    if names:
        records = content.by_name(names)
        methods.refuse_unpredicted(records, columns)
    else:
        records = methods.all_predicted(candidates(content, split, part), columns)[:DEFAULT_IMAGES]
    found = rows(content, records, pictures, columns, least)
    heading = f"{name}: predictions with a score of at least {least:g}"
    draw_rows(found, titles, content.categories, heading, out)


def _data(
    coco: Path | None, images: list[Path], predictions: list[Path]
) -> tuple[CocoDataset, Pictures, str]:
    """Return the data set, its images and its name; without a COCO file, own ones."""
    from gains.datasets.coco import name_of, read_coco
    from gains.figures.images import Pictures
    from gains.figures.predicted_images import dataset_of, reading_of

    if coco is not None:
        return read_coco(coco), Pictures(coco, images), name_of(coco)
    if not images:
        raise ValueError(
            "no images are named; name a data set with --coco, or the files and folders that were "
            "predicted with --images"
        )
    pictures = Pictures(images[0], images, reading_of(predictions[0]))
    return dataset_of(predictions, images[0]), pictures, images[0].resolve().name


def _worst(scores: Path | None, number: int) -> list[str]:
    """Return the file names of the images with the lowest AJI."""
    from gains.figures.image_values import image_values, worst_first

    if scores is None:
        raise ValueError("--worst needs a score file; give it with --scores")
    return worst_first(image_values(scores))[:number]


FIGURES.register(Figure("predictions", draw))
