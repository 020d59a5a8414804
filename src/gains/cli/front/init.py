"""The verb ``init``: write a study file for own images, with values that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app
from gains.cli.options import Category, Crowds, Orientation, Percentiles, given

MOST_HOURS = 10_000
"""Largest time for a study, a year; a greater number is a mistake."""


@app.command()
def init(
    images: Annotated[Path, typer.Argument(help="Folder of the images.")],
    labels: Annotated[
        Path, typer.Option(help="File or folder of the labels; their format is recognised.")
    ],
    hours: Annotated[
        float,
        typer.Option(
            min=0.01, max=MOST_HOURS, help="Time for this command and `gains run` together."
        ),
    ] = 1.0,
    out: Annotated[
        Path, typer.Option(help="Study file to write; the study has the name of the file.")
    ] = Path("mine.yaml"),
    weights: Annotated[
        Path | None,
        typer.Option(
            help="File of initial weights: of torchvision or detectron2, or quantised ones (.npz)."
        ),
    ] = None,
    category: Category = None,
    crowds: Crowds = None,
    orientation: Orientation = None,
    percentiles: Percentiles = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a study file that was edited.")
    ] = False,
) -> None:
    """Write a study of own images: which methods are trained, how long, and with which values.

    The verb reads images and labels in any format that `gains import` reads, and says what it
    found. It measures the methods by short trainings on this machine, and chooses methods,
    iterations and folds that fit the time. Each value in the study file has its reason beside it.

    Beside the study file it writes a picture of the images with the outlines of their labels. Look
    at it first: labels that do not fit the images are visible at once.

    \b
    Example:
      gains init my_images --labels my_labels --hours 1 --out my-cells.yaml
      gains run my-cells.yaml
    """
    from gains.proposal.propose import Wish, propose
    from gains.running.choice import find_project, inside, refuse_taken_name
    from gains.running.owner import require_owner

    sheet = out.with_suffix(".png")
    _check_files(out, sheet, force)
    _check_places((out, sheet), [images, labels, *([] if weights is None else [weights])])
    options = given(
        category=category, crowds=crowds, orientation=orientation, percentiles=percentiles
    )
    # the paths of the project, such as that of fetched weights, begin in its folder
    places = {"images": str(images.absolute()), "labels": str(labels.absolute())}
    given_weights = None if weights is None else weights.absolute()
    wish = Wish({**places, **options}, hours, given_weights, out.absolute())
    project = find_project()
    refuse_taken_name(out, project)
    with inside(project):
        if not force:
            require_owner(Path("results", out.stem), out.stem, out.absolute())
        for sentence in propose(wish):
            typer.echo(sentence)
    typer.echo(f"\nLook at {sheet}: the outlines must fit the objects.")
    typer.echo(f"Then run: gains run {out}")


def _check_files(out: Path, sheet: Path, force: bool) -> None:
    """Refuse a name that no study can have, and files that the verb has not written itself."""
    import re

    from gains.config.base import NAME
    from gains.proposal.text import is_unchanged

    if out.suffix != ".yaml" or not re.match(NAME, out.stem):
        raise ValueError(
            f"{out}: expected the name of a study with the ending .yaml, of letters, digits, '.', "
            "'_' and '-', for example my-cells.yaml"
        )
    if out.exists() and not force and not is_unchanged(out):
        raise ValueError(
            f"{out}: was edited since `gains init` wrote it, or is another file; name another file "
            "with --out, or overwrite it with --force"
        )
    if sheet.exists() and not out.exists() and not force:
        raise ValueError(
            f"{sheet}: the picture of the labels would overwrite this file; name another study "
            "with --out, or overwrite it with --force"
        )


def _check_places(written: tuple[Path, Path], read: list[Path]) -> None:
    """Refuse to write into the folders of images and labels, or over files that are read."""
    from gains.cli.overwriting import refuse_overwriting

    out = written[0]
    for folder in read[:2]:
        if out.resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"{out}: lies in {folder}, whose files are read; name a file elsewhere with --out"
            )
    for file in written:
        refuse_overwriting("init", file, read, folders=True)
