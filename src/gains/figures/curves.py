"""The curve figure: losses and validations of trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.figures.base import FIGURES, Figure, Out


def draw(
    out: Out,
    run: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of a run with losses.csv; the option may be repeated."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Title of the panel of each --run; runs of one title share a panel."),
    ] = None,
    config: Annotated[Path, typer.Option(help="Config file that defines the study.")] = Path(
        "config.yaml"
    ),
    study: Annotated[
        str | None, typer.Option(help="Study; by default the one that the config file names.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Data set; by default all.")] = None,
    method: Annotated[str | None, typer.Option(help="Method; by default all.")] = None,
) -> None:
    """Draw the losses and validations of trainings, one panel for each method and data set.

    The total loss is smoothed over 5% of the iterations; its parts are thin lines. Runs of several
    seeds are thin lines below their mean. A circle marks the validation whose weights were kept.
    Trainings that are not finished are named.

    \b
    Examples:
      gains figure curves --study demo --dataset synthetic-cells --out curves.png
      gains figure curves --run results/demo/runs/synthetic-cells/gains/default/seed0/fold0 \\
        --label GAInS --out curves.png
    """
    from gains.figures.curve.files import named_folders, study_folders
    from gains.figures.curve.panels import draw_curves

    if run:
        if (study, dataset, method) != (None, None, None):
            raise ValueError(
                "--run names folders, but --study, --dataset and --method name runs of a study; "
                "give one of the two"
            )
        folders = named_folders(run, label or [])
    elif label:
        raise ValueError("--label belongs to --run; the runs of a study have titles of their own")
    else:
        folders = study_folders(config, study, dataset, method)
    draw_curves(folders, out)


FIGURES.register(Figure("curves", draw))
