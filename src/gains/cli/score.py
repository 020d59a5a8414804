"""The verb ``score``: compare predictions with the ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app


@app.command()
def score(
    ground_truth: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    predictions: Annotated[Path, typer.Option(help="COCO result list, .json or .json.gz.")],
    out: Annotated[Path, typer.Option(help="JSON file of scores to write, as fractions.")],
    split: Annotated[
        Path | None, typer.Option(help="Split file; only the images of one part are scored.")
    ] = None,
    part: Annotated[str, typer.Option(help="Part of the split: train, val or test.")] = "test",
    fold: Annotated[int, typer.Option(min=0, help="Fold of the split.")] = 0,
    max_detections: Annotated[
        int,
        typer.Option(
            min=1, help="Maximum number of detections per image and category; the best are kept."
        ),
    ] = 100,
    clean_score_threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Lowest score of the detections that clean metrics count."),
    ] = 0.0,
) -> None:
    """Score predictions with COCO AP and with AJI, Dice, F1, TPp and FNo.

    \b
    Example:
      gains score --ground-truth cells.json --predictions test.predictions.json.gz \\
        --split splits/cells.json --part test --out test.scores.json
    """
    from gains.datasets.split_file import read_split
    from gains.scoring.score import score_files
    from gains.support.files import write_json

    if split is None and (part != "test" or fold != 0):
        raise ValueError("--part and --fold choose images of a split file; name it with --split")
    scores = score_files(
        ground_truth,
        predictions,
        file_names=None if split is None else read_split(split).names(part, fold),
        max_detections=max_detections,
        clean_score_threshold=clean_score_threshold,
    )
    write_json(out, scores)
