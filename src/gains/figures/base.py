"""What a figure is: a record whose ``draw`` is also the verb ``gains figure <name>``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gains.support.registry import Registry

# options that several figures have, each spelt once
Coco = Annotated[Path, typer.Option(help="COCO json with the masks.")]
Images = Annotated[
    Path | None, typer.Option(help="Folder of the images. Default: the .zip beside the json.")
]
Split = Annotated[Path | None, typer.Option(help="Split file, to choose images by part.")]
Out = Annotated[Path, typer.Option(help="Figure, .pdf or .png; the other is made beside it.")]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Args:
        name: name on the command line, and of its output.
        draw: makes the files; its annotated parameters are the options of the verb, its
            docstring the help.
    """

    name: str
    draw: Callable[..., None]


FIGURES: Registry[Figure] = Registry("figure")
