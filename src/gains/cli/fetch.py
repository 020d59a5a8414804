"""The verb ``fetch``: download a published data set, or initial weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app
from gains.cli.options import RAW, SOURCES, RawFolder, Sources


def raw_name(name: str, sources: Path) -> str:
    """Return the folder below data/raw for the name of a data set, or for a name in the addresses.

    Raises:
        ValueError: there is no such data set, or it needs no fetching.
    """
    from gains.datasets.catalogue import DATASETS
    from gains.fetch.sources import read_sources
    from gains.support.registry import nearest

    if name in DATASETS.names():
        record = DATASETS.get(name)
        if not record.raw:
            raise ValueError(
                f"{name} ({record.title}): needs no fetching, because this program makes it or "
                f"reads it from your own files; run `gains convert {name}`"
            )
        return record.raw
    listed = list(read_sources(sources))
    if name in listed:
        return name
    known = [*dict.fromkeys([*(r.name for r in DATASETS if r.raw), *listed])]
    raise ValueError(f"unknown data set {name!r}; {nearest(name, known)}known: {', '.join(known)}")


@app.command()
def fetch(
    name: Annotated[
        str, typer.Argument(help="Registered data set, or a name in the file of addresses.")
    ],
    sources: Sources = SOURCES,
    raw: RawFolder = RAW,
) -> None:
    """Download a published data set or ImageNet weights into data/raw, check and unpack them.

    A file that is already there, for example one that you downloaded by hand, is checked and
    used without the network. A receipt, fetched.json, records the files.

    \b
    Examples:
      gains fetch isbi2014
      gains fetch imagenet-resnet50
    """
    from gains.fetch import fetch as fetching
    from gains.fetch.status import state

    dataset = raw_name(name, sources)
    fetching.fetch(dataset, sources, raw)
    typer.echo(f"{dataset}: {state(dataset, sources, raw).text} in {raw / dataset}")
