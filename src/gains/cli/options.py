"""Options that several verbs have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import typer

T = TypeVar("T")

CONFIG = Path("config.yaml")
"""Default config file."""
SOURCES = Path("data/sources.csv")
"""Default file of addresses."""
RAW = Path("data/raw")
"""Default folder of fetched files."""

Config = Annotated[Path, typer.Option(help="Config file that defines the study.")]
StudyName = Annotated[
    str | None,
    typer.Option("--study", help="Study; by default the one that the config file names."),
]
Dataset = Annotated[str | None, typer.Option(help="Data set of the study.")]
Method = Annotated[str | None, typer.Option(help="Method; `gains methods` lists all.")]
Variant = Annotated[str, typer.Option(help="Variant of the method.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random numbers of the training.")]
Fold = Annotated[int, typer.Option(min=0, help="Fold of the split file.")]
Jobs = Annotated[int, typer.Option(min=1, help="Number of processes.")]
Sources = Annotated[Path, typer.Option(help="CSV file of download addresses.")]
RawFolder = Annotated[Path, typer.Option("--raw", help="Folder of fetched files.")]

Coco = Annotated[
    Path | None, typer.Option(help="COCO JSON file, with the images in a .zip archive beside it.")
]
Split = Annotated[Path | None, typer.Option(help="Split file of the data set.")]
Device = Annotated[
    str | None, typer.Option(help="Device: auto, cpu or cuda; by default that of the training.")
]
Part = Annotated[str, typer.Option(help="Part of the split: train, val or test.")]
Images = Annotated[
    list[Path] | None,
    typer.Option(help="File or folder of images; further ones may follow, and the option again."),
]
More = Annotated[list[Path] | None, typer.Argument(help="Further files and folders of images.")]
Orientation = Annotated[
    str | None,
    typer.Option(help="Orientation tags of the images: stored or apply; by default stored."),
]
Percentiles = Annotated[
    tuple[float, float] | None,
    typer.Option(help="Percentages that become 0 and 255 in images of more than 8 bits."),
]
Category = Annotated[
    str | None,
    typer.Option(
        help="Class of objects whose labels name none, as in label images; by default object."
    ),
]
Crowds = Annotated[
    str | None,
    typer.Option(
        help="What becomes of crowd regions of a COCO JSON file: drop or keep; by default drop."
    ),
]
ScoreThreshold = Annotated[
    float | None, typer.Option(help="Score above which a detection is kept.")
]
Nms = Annotated[
    float | None,
    typer.Option(help="Overlap above which the less sure of two detections is left out."),
]
MaxDetections = Annotated[
    int | None, typer.Option(help="Maximum number of detections per image or tile.")
]


def given(**options: T | None) -> dict[str, T]:
    """Return the options that the command line names, for settings that have the defaults."""
    return {name: value for name, value in options.items() if value is not None}


def text_or_file(value: str) -> str | Path:
    """Return settings that a command line gives: a text as it is, and the path of a file.

    Settings have several keys, so a text begins with ``{`` or has a line break.
    """
    is_text = "\n" in value or value.lstrip().startswith("{")
    return value if is_text else Path(value)
