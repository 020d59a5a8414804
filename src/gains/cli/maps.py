"""The verb ``maps``: make the gradient anomaly maps of a COCO file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli.app import app, renamed_option
from gains.cli.options import Jobs

if TYPE_CHECKING:
    from gains.datasets.coco import CocoDataset, ImageRecord


class Program(StrEnum):
    """The published program that a map follows."""

    isbi = "isbi"
    chrom = "chrom"
    nuclei = "nuclei"


class Mode(StrEnum):
    """The mode of a map, which keeps or corrects the errors of the published programs."""

    as_published = "as_published"
    clean = "clean"


class Rasterize(StrEnum):
    """The rule by which polygons become masks."""

    coco = "coco"
    points = "points"


@app.command("maps")
def maps(
    coco: Annotated[Path, typer.Option(help="COCO JSON file with the ground truth.")],
    program: Annotated[Program, typer.Option(help="Published program that the maps follow.")],
    target_category: Annotated[
        int, typer.Option(help="Id of the category that the maps are made of.")
    ],
    out: Annotated[Path, typer.Option(help="NPZ file to write.")],
    window_size: Annotated[
        int, typer.Option(help="Side length of the deviation window in px.")
    ] = 5,
    f_ga: Annotated[
        float, typer.Option(help="Strength f of the anomaly; map values lie in [1, 1 + f].")
    ] = 0.5,
    overlap_highlight: Annotated[
        float, typer.Option(help="Value that is added where objects overlap.")
    ] = 0.1,
    mode: Annotated[
        Mode, typer.Option(help="Published computation with its errors, or the corrected one.")
    ] = Mode.clean,
    rasterize: Annotated[
        Rasterize,
        typer.Option(help="Rule for polygons: that of COCO, or integer points inside the polygon."),
    ] = Rasterize.coco,
    full: Annotated[
        bool, typer.Option("--full", help="Write full-size float64 maps by annotation id.")
    ] = False,
    split: Annotated[
        Path | None,
        typer.Option(help="Split file that chooses the images; by default all are used."),
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Part of the split; by default train.", show_default=False)
    ] = None,
    fold: Annotated[
        int | None, typer.Option(help="Fold of the split; by default 0.", show_default=False)
    ] = None,
    jobs: Jobs = 1,
    variant: Annotated[str | None, renamed_option("--variant", "--program")] = None,  # noqa: ARG001
) -> None:
    """Make the gradient anomaly maps of a COCO file.

    Without --full, the output is the compact file that training reads.

    \b
    Example:
      gains maps --coco cells.json --program isbi --target-category 1 --window-size 5 --out maps.npz
    """
    from gains.anomaly.build import build_maps
    from gains.config.base import validated
    from gains.config.maps import MapSettings
    from gains.datasets.coco import read_coco

    content = {
        "program": program.value,
        "target_category": target_category,
        "window_size": window_size,
        "f_ga": f_ga,
        "overlap_highlight": overlap_highlight,
        "mode": mode.value,
        "rasterize": rasterize.value,
    }
    settings = validated(MapSettings, content, "maps")
    if split is None and (part, fold) != (None, None):
        raise ValueError("--part and --fold choose images of a split file; name it with --split")
    dataset = read_coco(coco)
    images = _chosen(dataset, split, "train" if part is None else part, fold or 0)
    build_maps(dataset, settings, images, out, full=full, jobs=jobs)


def _chosen(dataset: CocoDataset, split: Path | None, part: str, fold: int) -> list[ImageRecord]:
    from gains.datasets.split_file import read_split

    if split is None:
        return list(dataset.images.values())
    return dataset.by_name(read_split(split).names(part, fold))
