"""The verbs that make, split and describe data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app
from gains.cli.options import Category, Crowds, Orientation, given
from gains.cli.overwriting import refuse_overwriting


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
        typer.Option(help="Options of the data set as a JSON object; docs/config.md lists them."),
    ] = "{}",
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Category that is kept; may be repeated; by default all are kept."),
    ] = None,
) -> None:
    """Make a data set: a COCO JSON file with run-length encoded masks, and an archive of images.

    --keep leaves out the objects of all categories that it does not name.

    \b
    Example:
      gains convert isbi2014
      gains convert synthetic-cells --name cells \\
        --options '{"count": 60, "seed": 1}' --out data/demo/coco/cells.json
    """
    from gains.datasets import convert as conversion
    from gains.datasets import kept_categories
    from gains.support.claims import claimed
    from gains.support.files import parse_object

    name = name or source
    out = out or Path(f"data/coco/{name}.json")
    given = parse_object(options, "--options")
    refuse_overwriting("convert", out, conversion.inputs_of(source, given), folders=True)
    with claimed(out):
        if keep:
            kept_categories.convert_categories(name, source, given, keep, out)
        else:
            conversion.convert(name, source, given, out)


@app.command()
def split(
    coco: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    out: Annotated[Path, typer.Option(help="Split file to write.")],
    settings: Annotated[
        str,
        typer.Option(
            help="JSON object with `ratio`, `seed` and `folds`, or with `file` for given lists "
            "and with `held_out` and `seed` for validation images that they lack."
        ),
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
    from gains.datasets.held_out import make_split_with_held_out
    from gains.datasets.make_split import make_split
    from gains.support.files import parse_object

    chosen = validated(SplitSettings, parse_object(settings, "--settings"), "--settings")
    refuse_overwriting("split", out, [Path(chosen.file)] if chosen.file else [])
    make = make_split if chosen.held_out is None else make_split_with_held_out
    make(coco, chosen, out)


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
    from gains.datasets import audit_csv

    audit_csv.audit_table(files, out)


@app.command("import")
def import_labels(
    images: Annotated[Path, typer.Argument(help="Folder of the images.")],
    labels: Annotated[
        Path, typer.Option(help="File or folder of the labels; their format is recognised.")
    ],
    out: Annotated[
        Path, typer.Option(help="COCO JSON file to write; the data set `folder` reads it.")
    ],
    category: Category = None,
    crowds: Crowds = None,
    orientation: Orientation = None,
) -> None:
    """Write the labels of own images, in any format, as a COCO JSON file, and print what they hold.

    The formats are COCO JSON, label images, mask files, GeoJSON of QuPath, ROIs of ImageJ,
    Cellpose, LabelMe and YOLO. The log and `info.repairs` of the file say what was left out or
    changed.

    --category, --crowds and --orientation are options of the data set `folder`. Give it the same
    orientation when it reads the file.

    \b
    Example:
      gains import my_images --labels my_labels --out my_annotations.json
    """
    from gains.config.base import validated
    from gains.datasets import import_labels as importing
    from gains.datasets.labels.settings import FolderSettings

    options = given(category=category, crowds=crowds, orientation=orientation)
    content = {"images": str(images), "labels": str(labels), **options}
    settings = validated(FolderSettings, content, "gains import")
    refuse_overwriting("import", out, [labels], folders=True)
    for line in importing.summary_of(importing.import_labels(settings, out)):
        typer.echo(line)
