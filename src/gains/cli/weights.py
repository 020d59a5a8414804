"""The verbs below ``gains weights``: list initial weights, and convert those of other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gains.cli import printing
from gains.cli.app import add_group
from gains.cli.options import RAW, SOURCES, RawFolder, Sources

COLUMNS = ("name", "file", "licence", "state")
"""Titles of the columns of ``weight_rows``."""

weights = add_group("weights", "List initial weights, and convert those of other programs.")


@weights.command("list")
def list_weights(sources: Sources = SOURCES, raw: RawFolder = RAW) -> None:
    """List the ImageNet weights that `gains fetch` brings, with their state on this disk.

    To a file or a pipe, the verb writes a line per file, with tabs between name, file, licence
    and state.

    \b
    Example:
      gains weights list
    """
    found = weight_rows(sources, raw)
    if console := printing.terminal():
        printing.show_table(console, COLUMNS, found)
    else:
        printing.print_lines(found)


def weight_rows(sources: Path, raw: Path) -> Iterator[tuple[str, ...]]:
    """Yield name, file, licence and state of the weights of each ResNet.

    Args:
        sources: the file of addresses.
        raw: folder of fetched files.
    """
    from gains.fetch.sources import files_of
    from gains.fetch.status import state
    from gains.models.imagenet import FILES, imagenet_name

    for backbone, file in FILES.items():
        name = imagenet_name(backbone)
        (source, *_) = files_of(name, sources)[file]
        yield name, file, source.licence, state(name, sources, raw).text


@weights.command()
def convert(
    checkpoint: Annotated[
        Path,
        typer.Option(help="Checkpoint of detectron2, .pkl or .pth; or quantised weights, .npz."),
    ],
    out: Annotated[
        Path, typer.Option(help="File to write; the setting `backbone.weights` names it.")
    ],
) -> None:
    """Convert a checkpoint of another program into a file of weights for this package.

    A checkpoint of detectron2 is an ImageNet backbone (R-50.pkl, Caffe2 names) or a whole Mask
    R-CNN. Use the result with `stride_in_1x1: true` and `channel_order: bgr`. An .npz file holds
    product-quantised weights of a ResNet of torchvision, which need no such settings.

    \b
    Example:
      gains weights convert --checkpoint R-50.pkl --out weights/R-50.pt
    """
    if checkpoint.suffix.lower() == ".npz":
        from gains.models.quantised_weights import expand_weights

        expand_weights(checkpoint, out)
        return
    from gains.models.detectron2_weights import convert_checkpoint

    convert_checkpoint(checkpoint, out)
