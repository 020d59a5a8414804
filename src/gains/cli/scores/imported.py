"""The verb that reads the predictions of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app


@app.command(name="import-predictions")
def import_predictions(
    files: Annotated[
        Path,
        typer.Argument(
            help="COCO JSON file, or file or folder of any label format, which is recognised."
        ),
    ],
    ground_truth: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    out: Annotated[Path, typer.Option(help="COCO result list to write, .json or .json.gz.")],
    split: Annotated[
        Path | None, typer.Option(help="Split file; only predictions for one part are kept.")
    ] = None,
    part: Annotated[str, typer.Option(help="Part of the split: train, val or test.")] = "test",
    fold: Annotated[int, typer.Option(min=0, help="Fold of the split.")] = 0,
    category: Annotated[
        str | None,
        typer.Option(
            help="Class of the objects whose files name none; by default the only class of the "
            "data set."
        ),
    ] = None,
    max_detections: Annotated[
        int,
        typer.Option(min=1, help="Maximum number of detections per image and category that count."),
    ] = 100,
) -> None:
    """Read predictions that another program made, and write them as `gains predict` does.

    \b
    Example:
      gains import-predictions cellpose --category cytoplasm --ground-truth cells.json \\
        --split splits/cells.json --part test --out cellpose.json
    """
    from gains.external import job

    job.import_predictions(
        files,
        ground_truth,
        out,
        file_names=_names(split, part, fold),
        category=category,
        max_detections=max_detections,
    )


def _names(split: Path | None, part: str, fold: int) -> list[str] | None:
    """Return the images of a part of a split, or None without a split."""
    from gains.datasets.split_file import read_split

    if split is None:
        if part != "test" or fold != 0:
            raise ValueError(
                "--part and --fold choose images of a split file; name it with --split"
            )
        return None
    return read_split(split).names(part, fold)
