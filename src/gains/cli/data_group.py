"""The verbs below ``gains data``: list, verify and draw data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli import printing
from gains.cli.app import add_group
from gains.cli.options import RAW, SOURCES, RawFolder, Sources

data_app = add_group("data", "List, verify and draw data sets.")


@data_app.command("list")
def list_datasets(
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Print the published data sets as a Markdown table."),
    ] = False,
) -> None:
    """List the registered data sets with licence, citation and state on this disk.

    To a file or a pipe, the verb writes a line per data set, with tabs between name, title,
    licence, citation, page, split files and state.

    \b
    Example:
      gains data list
    """
    from gains.cli import listing

    if markdown:
        typer.echo(listing.as_markdown())
    elif console := printing.terminal():
        printing.show_table(console, ("name", "data set"), listing.blocks())
    else:
        printing.print_lines(listing.lines())


@data_app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Data sets to check; by default all that were fetched."),
    ] = None,
    sources: Sources = SOURCES,
    raw: RawFolder = RAW,
) -> None:
    """Check all files of fetched data sets; a missing, changed or extra file is an error.

    \b
    Example:
      gains data verify isbi2014
    """
    from gains.cli.fetch import raw_name
    from gains.fetch import status
    from gains.fetch.sources import RECEIPT

    datasets = [raw_name(name, sources) for name in names or []]
    datasets = datasets or sorted(path.parent.name for path in raw.glob(f"*/{RECEIPT}"))
    if not datasets:
        raise ValueError(f"{raw}: nothing was fetched yet; run `gains fetch <name>`")
    problems = [
        p
        for dataset in dict.fromkeys(datasets)
        for p in status.verify_dataset(dataset, sources, raw)
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
