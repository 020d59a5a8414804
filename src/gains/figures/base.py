"""The record of a figure; its ``draw`` is also the verb ``gains figure <name>``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gains.published.papers import PublishedFigure
from gains.support.registry import Registry

# Options that several figures have.
Coco = Annotated[Path, typer.Option(help="COCO JSON file with the masks.")]
Images = Annotated[
    Path | None, typer.Option(help="Folder of images; by default the .zip archive beside --coco.")
]
Split = Annotated[Path | None, typer.Option(help="Split file, to choose images by part.")]
TargetCategory = Annotated[
    int, typer.Option(min=0, help="Category of the objects that the figure is about.")
]
Model = Annotated[Path, typer.Option(help="Model file of a trained DoNet.")]
TestImage = Annotated[
    str | None,
    typer.Option(
        help="File name of the image; by default the first of the test part in which objects of "
        "the category overlap."
    ),
]
MinScore = Annotated[
    float, typer.Option(min=0, max=1, help="Lowest score of the detections that are drawn.")
]
LayeringModel = Annotated[Path, typer.Option(help="Model file of a trained `layering`.")]
Out = Annotated[
    Path, typer.Option(help="PDF or PNG file to write; the other is written beside it.")
]

# Options of figures with methods side by side.
Cocos = Annotated[
    list[Path],
    typer.Option(
        help="COCO JSON file, with the images in a .zip archive beside it; the option may be "
        "repeated."
    ),
]
ResultLists = Annotated[
    list[Path],
    typer.Option(
        help="COCO result list; the option is repeated for each method and, in the same order, "
        "for each further data set."
    ),
]
Labels = Annotated[
    list[str] | None, typer.Option(help="Title of each method; by default from its path.")
]
NamedImages = Annotated[
    list[str] | None,
    typer.Option(
        help="File name of an image, of each data set that has it; the option may be repeated."
    ),
]
Worst = Annotated[
    int, typer.Option(min=1, help="Number of images of each data set that --scores chooses.")
]
ScoreFiles = Annotated[
    list[Path] | None,
    typer.Option(help="Score file for each data set; images with the lowest AJI are drawn."),
]
LeastScore = Annotated[
    float, typer.Option(min=0, max=1, help="Lowest score of the predictions that are drawn.")
]
StudyTitle = Annotated[str, typer.Option(help="Name of the study, for the title of the figure.")]

# Options of figures that show what a training sees.
Config = Annotated[Path, typer.Option(help="Config file that defines the study.")]
StudyName = Annotated[
    str | None, typer.Option(help="Study; by default the one that the config file names.")
]
DatasetName = Annotated[str | None, typer.Option(help="Data set of the study.")]
MethodName = Annotated[str | None, typer.Option(help="Method of the run.")]
Variant = Annotated[str, typer.Option(help="Variant of the method.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the training.")]
Fold = Annotated[int, typer.Option(min=0, help="Fold of the split file.")]
OwnCoco = Annotated[
    Path | None, typer.Option(help="COCO JSON file, with the images in a .zip archive beside it.")
]
OwnSplit = Annotated[Path | None, typer.Option(help="Split file of the data set.")]
RunSettings = Annotated[
    str | None, typer.Option(help="Settings of a run, as `gains config show` prints them.")
]
CONFIG = Path("config.yaml")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: name on the command line and of the output.
        draw: function that writes the files; its annotated parameters become the options of the
            verb, and its docstring the help.
        published: the figure of a paper that this one makes again, or None.
    """

    name: str
    draw: Callable[..., None]
    published: PublishedFigure | None = None


FIGURES: Registry[Figure] = Registry("figure", "gains.figures")
