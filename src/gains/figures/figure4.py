"""Figure 4 of the GAInS paper: methods side by side, with boxes where objects meet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Figure, Out
from gains.published.papers import PublishedFigure

if TYPE_CHECKING:
    from gains.figures.prediction.panels import Row

PUBLISHED = PublishedFigure(
    paper="GAInS",
    number="4",
    shows="Methods side by side where objects cross, touch or overlap",
)


def draw(
    coco: Annotated[
        list[Path],
        typer.Option(
            help="COCO JSON file, with the images in a .zip archive beside it; the option may be "
            "repeated."
        ),
    ],
    predictions: Annotated[
        list[Path],
        typer.Option(
            help="COCO result list; the option is repeated for each method and, in the same order, "
            "for each further data set."
        ),
    ],
    out: Out,
    label: Annotated[
        list[str] | None, typer.Option(help="Title of each method; by default from its path.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            help="File name of an image, of each data set that has it; the option may be repeated."
        ),
    ] = None,
    worst: Annotated[
        int,
        typer.Option(min=1, help="Number of images of each data set that --scores chooses."),
    ] = 1,
    scores: Annotated[
        list[Path] | None,
        typer.Option(help="Score file for each data set; images with the lowest AJI are drawn."),
    ] = None,
    min_score: Annotated[
        float, typer.Option(min=0, max=1, help="Lowest score of the predictions that are drawn.")
    ] = 0.5,
    study: Annotated[
        str, typer.Option(help="Name of the study, for the title of the figure.")
    ] = "",
) -> None:
    """Draw methods side by side, with red boxes where objects of the ground truth meet.

    Each image is a row. A box is around the pixels that two objects of one category share, or that
    lie beside the other object. Everything else is as in `gains figure predictions`.

    \b
    Example:
      gains figure figure4 --coco my.json --predictions a.json.gz --label "Mask R-CNN" \\
        --predictions b.json.gz --label GAInS --scores a.scores.json --worst 2 --out figure4.pdf
    """
    from gains.datasets.coco import name_of
    from gains.figures.prediction.columns import titles_of
    from gains.figures.prediction.panels import draw_rows

    each, rest = divmod(len(predictions), len(coco))
    if rest:
        raise ValueError(
            f"{len(predictions)} --predictions for {len(coco)} --coco; give those of every method "
            "for the first data set, then for the next one in the same order"
        )
    if not image and len(scores or []) != len(coco):
        raise ValueError(
            f"{len(scores or [])} --scores for {len(coco)} --coco; give one for each data set, or "
            "name images with --image"
        )
    titles = titles_of(predictions[:each], label or [])
    found: list[Row] = []
    for k, path in enumerate(coco):
        files = dict(zip(titles, predictions[k * each : (k + 1) * each], strict=True))
        found += _rows(path, files, image or _worst((scores or [])[k], worst), min_score)
    names = ", ".join(name_of(path) for path in coco)
    if not found:
        raise ValueError(
            f"{names}: there is no image {', '.join(image or [])}; name images that were predicted "
            "with --image"
        )
    source = f"{names}, study {study}" if study else names
    choice = "" if image else f", lowest AJI of {titles[0]}"
    heading = f"{source}: test images{choice}; predictions with a score of at least {min_score:g}"
    draw_rows(found, titles, heading, out)


def _worst(scores: Path, number: int) -> list[str]:
    from gains.figures.prediction.image_values import image_values, worst_first

    return worst_first(image_values(scores))[:number]


def _rows(coco: Path, files: dict[str, Path], names: list[str], min_score: float) -> list[Row]:
    """Return the rows of the images of a data set that have one of these names."""
    from gains.datasets.coco import read_coco
    from gains.figures.drawing.images import Pictures
    from gains.figures.prediction.columns import Column, refuse_unpredicted
    from gains.figures.prediction.panels import rows

    content = read_coco(coco)
    columns = [Column.read(title, path, content) for title, path in files.items()]
    own = {image.file_name for image in content.images.values()}
    records = content.by_name([name for name in names if name in own])
    refuse_unpredicted(records, columns)
    return rows(content, records, Pictures(coco, []), columns, min_score, mark=True)


FIGURES.register(Figure("figure4", draw, PUBLISHED))
