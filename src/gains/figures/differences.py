"""The test images on which two methods differ most, in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Figure, MinScore, Out

if TYPE_CHECKING:
    from gains.figures.prediction.differing import Differing
    from gains.figures.prediction.panels import Row


def draw(
    coco: Annotated[
        Path, typer.Option(help="COCO JSON file, with the images in a .zip archive beside it.")
    ],
    first: Annotated[
        list[Path],
        typer.Option(
            help="COCO result list of the first method; the option is repeated for each fold."
        ),
    ],
    first_scores: Annotated[
        list[Path], typer.Option(help="Score file of each of them; its images are tested.")
    ],
    second: Annotated[
        list[Path], typer.Option(help="COCO result list of the second method, in the same way.")
    ],
    second_scores: Annotated[list[Path], typer.Option(help="Score file of each of them.")],
    label: Annotated[list[str], typer.Option(help="Title of each of the two methods.")],
    out: Out,
    number: Annotated[
        int, typer.Option(min=1, help="Largest number of images in each direction.")
    ] = 2,
    min_score: MinScore = 0.5,
    study: Annotated[
        str, typer.Option(help="Name of the study, for the title of the figure.")
    ] = "",
) -> None:
    """Draw the test images on which the AJI of two methods differs most.

    First come the images where the first method is ahead most, then those where it is behind most.
    Each image shows the predictions of the fold that tested it, and names it with the difference.
    Everything else is as in `gains figure figure4`.

    \b
    Example:
      gains figure differences --coco my.json --first a.json.gz --first-scores a.scores.json \\
        --label "Mask R-CNN" --second b.json.gz --second-scores b.scores.json --label GAInS \\
        --out differences.pdf
    """
    from gains.datasets.coco import name_of
    from gains.figures.prediction.differing import most_differing
    from gains.figures.prediction.panels import draw_rows

    counts = [len(files) for files in (first, first_scores, second, second_scores)]
    if len(set(counts)) > 1 or len(label) != 2:
        raise ValueError(
            f"expected two labels, and of both methods predictions and scores of each fold, found "
            f"{len(label)} --label, {counts[0]} --first, {counts[1]} --first-scores, {counts[2]} "
            f"--second and {counts[3]} --second-scores; give as many of each file"
        )
    ahead, behind = most_differing(first_scores, second_scores, number)
    found = _rows(coco, [*ahead, *behind], label, (first, second), min_score)
    source = f"{name_of(coco)}, study {study}" if study else name_of(coco)
    places = [
        f"{side} most ({len(some)})"
        for side, some in ((f"ahead of {label[1]}", ahead), ("behind it", behind))
        if some
    ]
    heading = (
        f"{source}: test images where {label[0]} is {', then '.join(places)} by AJI; predictions "
        f"with a score of at least {min_score:g}"
    )
    draw_rows(found, label, heading, out)


def _rows(
    coco: Path,
    chosen: list[Differing],
    titles: list[str],
    files: tuple[list[Path], list[Path]],
    min_score: float,
) -> list[Row]:
    """Return a row for each image, with the predictions of its fold."""
    import functools
    from dataclasses import replace

    from gains.datasets.coco import read_coco
    from gains.figures.drawing.images import Pictures
    from gains.figures.prediction.columns import Column, refuse_unpredicted
    from gains.figures.prediction.panels import rows

    content, pictures = read_coco(coco), Pictures(coco, [])

    @functools.cache
    def columns(fold: int) -> list[Column]:
        paths = [listed[fold] for listed in files]
        return [Column.read(*pair, content) for pair in zip(titles, paths, strict=True)]

    found = []
    for one in chosen:
        records = content.by_name([one.name])
        refuse_unpredicted(records, columns(one.fold))
        drawn = rows(content, records, pictures, columns(one.fold), min_score, mark="meetings")
        found += [replace(row, note=one.words) for row in drawn]
    return found


FIGURES.register(Figure("differences", draw))
