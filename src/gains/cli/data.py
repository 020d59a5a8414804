"""Verbs that make, split, describe and show data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app

data_app = typer.Typer(
    help="List, verify and draw data sets.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(data_app, name="data")


@app.command()
def convert(
    source: Annotated[
        str, typer.Argument(help="Registered data set to make; `gains data list` shows all.")
    ],
    name: Annotated[
        str | None, typer.Option(help="Name in the study; by default the name of the source.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="COCO JSON file to write, with the images in a .zip archive beside it; by default "
            "data/coco/<name>.json."
        ),
    ] = None,
    options: Annotated[
        str,
        typer.Option(help="Options of the data set as a JSON object; docs/datasets.md lists them."),
    ] = "{}",
) -> None:
    """Make a data set: a COCO JSON file with run-length encoded masks, and an archive of images.

    \b
    Example:
      gains convert isbi2014
      gains convert synthetic-cells --name cells \\
        --options '{"images": 60, "seed": 1}' --out data/demo/coco/cells.json
    """
    from gains.datasets import convert as conversion
    from gains.support.files import parse_object

    name = name or source
    out = out or Path(f"data/coco/{name}.json")
    conversion.convert(name, source, parse_object(options, "--options"), out)


@app.command()
def split(
    coco: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    out: Annotated[Path, typer.Option(help="Split file to write.")],
    settings: Annotated[
        str,
        typer.Option(help="JSON object with `ratio` and `seed`, or with `file` for a given split."),
    ] = "{}",
) -> None:
    """Divide the images of a data set into train, val and test.

    \b
    Example:
      gains split --coco data/demo/coco/cells.json \\
        --settings '{"ratio": [0.6, 0.2, 0.2], "seed": 0}' --out data/demo/splits/cells.json
    """
    from gains.config.base import validated
    from gains.config.data import SplitSettings
    from gains.datasets.make_split import make_split
    from gains.support.files import parse_object

    content = parse_object(settings, "--settings")
    make_split(coco, validated(SplitSettings, content, "--settings"), out)


@app.command()
def audit(
    coco: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    split: Annotated[Path, typer.Option(help="Split file of the data set.")],
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    max_detections: Annotated[
        int,
        typer.Option(
            min=1, help="Limit of detections per image; images with more objects are listed."
        ),
    ] = 100,
) -> None:
    """Count and measure the objects of a data set, with overlap and contact, per part and category.

    \b
    Example:
      gains audit --coco data/demo/coco/cells.json --split data/demo/splits/cells.json \\
        --max-detections 100 --out cells.audit.json
    """
    from gains.datasets import audit as auditing

    auditing.audit(coco, split, max_detections, out)


@app.command()
def audit_table(
    files: Annotated[list[Path], typer.Argument(help="JSON files that `gains audit` wrote.")],
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
) -> None:
    """Join audits into one CSV file with a row per data set, part and category.

    \b
    Example:
      gains audit-table cells.audit.json nuclei.audit.json --out data_audit.csv
    """
    from gains.datasets import audit as auditing

    auditing.audit_table(files, out)


@app.command()
def convert_masks(
    folder: Annotated[
        Path, typer.Option(help="Folder with <id>/images/ and <id>/masks/ for each image.")
    ],
    category: Annotated[str, typer.Option(help="Name of the category that all objects have.")],
    out: Annotated[
        Path, typer.Option(help="COCO JSON file to write; the data set `folder` reads it.")
    ],
) -> None:
    """Convert a folder with one PNG mask per object into a COCO JSON file.

    \b
    Example:
      gains convert-masks --folder stage1_train --category nucleus --out annotations.json
    """
    from gains.datasets.readers import mask_files

    mask_files.convert_masks(folder, category, out)


@data_app.command("list")
def list_datasets(
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown",
            help="Print the published data sets as a Markdown table.",
        ),
    ] = False,
) -> None:
    """List the registered data sets with licence, citation and state on this disk.

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
        list[str] | None,
        typer.Argument(help="Data sets to check; by default all that were fetched."),
    ] = None,
    sources: Annotated[Path, typer.Option(help="CSV file of download addresses.")] = Path(
        "data/sources.csv"
    ),
    raw: Annotated[Path, typer.Option(help="Folder of fetched files.")] = Path("data/raw"),
) -> None:
    """Check all files of fetched data sets; a missing, changed or extra file is an error.

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
    coco: Annotated[
        list[Path], typer.Option(help="COCO JSON file of a data set; the option may be repeated.")
    ],
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    columns: Annotated[int, typer.Option(min=1, help="Number of images per data set.")] = 6,
    side: Annotated[int, typer.Option(min=32, help="Side length of a tile in px.")] = 256,
) -> None:
    """Draw a contact sheet: images without and with the outlines of their objects.

    \b
    Example:
      gains data sheet --coco data/demo/coco/synthetic-cells.json --out sheet.png
    """
    from gains.figures.contact_sheet import contact_sheet

    contact_sheet(coco, out, columns, side)
