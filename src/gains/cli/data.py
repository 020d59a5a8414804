"""Verbs that make, split, describe and show data sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gains.cli.app import app

data_app = typer.Typer(help="Show data sets.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")


def _json_object(text: str, option: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{option}: expected a JSON object, found {text!r}: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{option}: expected a JSON object, found {text!r}")
    return content


@app.command()
def convert(
    source: Annotated[str, typer.Argument(help="Registered data set; see `gains data list`.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the data set in the study; default: the same.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="COCO json, the images beside it as .zip; default: data/coco/<name>."),
    ] = None,
    options: Annotated[str, typer.Option(help="Options of the data set, a JSON object.")] = "{}",
) -> None:
    """Make a data set: COCO json with RLE, and an archive of PNG images.

    \b
    Example:
      gains convert isbi2014
      gains convert synthetic-cells --name cells \\
        --options '{"images": 60, "seed": 1}' --out data/demo/coco/cells.json
    """
    from gains.datasets import convert as build

    name = name or source
    out = out or Path(f"data/coco/{name}.json")
    build.convert(name, source, _json_object(options, "--options"), out)


@app.command()
def split(
    coco: Annotated[Path, typer.Option(help="COCO json of the data set.")],
    out: Annotated[Path, typer.Option(help="Split file to write.")],
    settings: Annotated[
        str, typer.Option(help="JSON object: ratio and seed, or file with given lists.")
    ] = "{}",
) -> None:
    """Split a data set's images into train, val and test.

    \b
    Example:
      gains split --coco data/demo/coco/cells.json \\
        --settings '{"ratio": [0.6, 0.2, 0.2], "seed": 0}' --out data/demo/splits/cells.json
    """
    from pydantic import ValidationError

    from gains.config.base import explain
    from gains.config.data import SplitSettings
    from gains.datasets.make_split import make_split

    try:
        checked = SplitSettings.model_validate(_json_object(settings, "--settings"))
    except ValidationError as error:
        raise explain(error, "--settings") from error
    make_split(coco, checked, out)


@app.command()
def audit(
    coco: Annotated[Path, typer.Option(help="COCO json of the data set.")],
    split: Annotated[Path, typer.Option(help="Its split file.")],
    out: Annotated[Path, typer.Option(help="JSON to write.")],
    max_detections: Annotated[
        int, typer.Option(min=1, help="Images with more objects than this are listed.")
    ] = 100,
) -> None:
    """Describe a data set: counts, sizes, overlap and touching, per part and category.

    \b
    Example:
      gains audit --coco data/demo/coco/cells.json --split data/demo/splits/cells.json \\
        --max-detections 100 --out cells.audit.json
    """
    from gains.datasets import audit as room

    room.audit(coco, split, max_detections, out)


@app.command()
def audit_table(
    files: Annotated[list[Path], typer.Argument(help="Files of `gains audit`.")],
    out: Annotated[Path, typer.Option(help="CSV to write.")],
) -> None:
    """Put audits into one CSV, a row per data set, part and category.

    \b
    Example:
      gains audit-table cells.audit.json nuclei.audit.json --out data_audit.csv
    """
    from gains.datasets import audit as room

    room.audit_table(files, out)


@app.command()
def convert_masks(
    folder: Annotated[Path, typer.Option(help="Holds <id>/images/ and <id>/masks/ per image.")],
    category: Annotated[str, typer.Option(help="Name of the one category.")],
    out: Annotated[Path, typer.Option(help="COCO json to write, for the data set `folder`.")],
) -> None:
    """Turn a folder with one PNG per object into a COCO json.

    \b
    Example:
      gains convert-masks --folder stage1_train --category nucleus --out annotations.json
    """
    from gains.datasets.readers import mask_files

    mask_files.convert_masks(folder, category, out)


@data_app.command("list")
def list_datasets(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="A table of the published ones, for the docs.")
    ] = False,
) -> None:
    """List the registered data sets: licence, what to cite, and what of them is on this disk.

    \b
    Example:
      gains data list
    """
    from gains.datasets import listing
    from gains.datasets.catalogue import DATASETS
    from gains.fetch.status import state

    if markdown:
        typer.echo(listing.as_markdown())
        return
    for record in DATASETS:
        typer.echo(listing.as_text(record, state(record.raw).text if record.raw else ""))


@data_app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Data sets; by default all that were fetched.")
    ] = None,
    sources: Annotated[Path, typer.Option(help="The file of addresses.")] = Path(
        "data/sources.csv"
    ),
    raw: Annotated[Path, typer.Option(help="Folder of all files as published.")] = Path("data/raw"),
) -> None:
    """Read fetched data sets through: missing, changed and extra files are errors.

    \b
    Example:
      gains data verify isbi2014
    """
    from gains.cli.fetch import raw_name
    from gains.fetch import status as report
    from gains.fetch.receipt import NAME

    datasets = [raw_name(name, sources) for name in names or []]
    datasets = datasets or sorted(path.parent.name for path in raw.glob(f"*/{NAME}"))
    if not datasets:
        raise ValueError(f"{raw}: nothing was fetched yet; run `gains fetch <name>`")
    problems = [
        p for dataset in dict.fromkeys(datasets) for p in report.verify(dataset, sources, raw)
    ]
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{', '.join(datasets)}: as fetched")


@data_app.command()
def sheet(
    coco: Annotated[list[Path], typer.Option(help="COCO json; repeat for more data sets.")],
    out: Annotated[Path, typer.Option(help="PNG to write.")],
    columns: Annotated[int, typer.Option(min=1, help="Images per data set.")] = 6,
    side: Annotated[int, typer.Option(min=32, help="Side of a tile, px.")] = 256,
) -> None:
    """Draw a contact sheet: images, and the same images with the outlines of their objects.

    \b
    Example:
      gains data sheet --coco data/demo/coco/synthetic-cells.json --out sheet.png
    """
    from gains.figures.contact_sheet import contact_sheet

    contact_sheet(coco, out, columns, side)
