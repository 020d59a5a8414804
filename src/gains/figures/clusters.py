"""The figure of synthetic clusters: training images, and the scenes made from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from gains.figures.base import (
    CONFIG,
    FIGURES,
    Config,
    DatasetName,
    Figure,
    Fold,
    MethodName,
    Out,
    OwnCoco,
    OwnSplit,
    RunSettings,
    Seed,
    StudyName,
    Variant,
)

if TYPE_CHECKING:
    from gains.clusters.scenes import ClusterScene
    from gains.datasets.image_archive import ImageArchive

PANEL, LINE = 2.0, 0.16
"""Width of a panel and height of a line of text, inches."""
ROWS = ("training image", "scene", "placed cells")


def draw(
    out: Out,
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: DatasetName = None,
    method: MethodName = None,
    variant: Variant = "default",
    seed: Seed = 0,
    fold: Fold = 0,
    coco: OwnCoco = None,
    split: OwnSplit = None,
    settings: RunSettings = None,
    count: Annotated[int, typer.Option(min=1, max=8, help="Number of scenes.")] = 4,
) -> None:
    """Draw the first synthetic scenes of a training below the images from which they are made.

    Placed cells and their parts have outlines. The lines below a scene give the share of each
    placed cell that lies on earlier cells, and its opacity.

    \b
    Example:
      gains figure clusters --study mine --dataset synthetic-cells --method donet \\
        --variant clusters --out clusters.png
    """
    from gains.clusters.scenes import cluster_scenes
    from gains.datasets.coco import read_coco
    from gains.datasets.image_archive import ImageArchive
    from gains.datasets.split_file import read_split
    from gains.study.inputs import NamedRun, training_inputs

    named = NamedRun(config, study, dataset, method, variant, seed, fold)
    read = training_inputs(named, settings, coco, split, None)
    clusters = read.settings.recipe.clusters
    if clusters is None:
        raise ValueError(
            "the recipe of this run adds no clusters; name a variant whose recipe has the block "
            "`clusters`"
        )
    content, archive = read_coco(read.coco), ImageArchive(read.coco.with_suffix(".zip"))
    images = content.by_name(read_split(read.split).names("train", fold))
    scenes = cluster_scenes(content, archive, images, read.settings, seed)
    shown = [scenes.load(number) for number in range(min(count, clusters.scenes))]
    _draw(shown, archive, clusters.words, out)


def _draw(shown: Sequence[ClusterScene], archive: ImageArchive, words: str, out: Path) -> None:
    from gains.figures.drawing.images import short
    from gains.figures.drawing.style import figure, picture

    lines = max(len(scene.placed) for scene in shown)
    shape = max(scene.pixels.shape[0] / scene.pixels.shape[1] for scene in shown)
    height = len(ROWS) * (PANEL * shape + LINE) + (lines + 2) * LINE
    with figure(PANEL * len(shown), height, out, "constrained") as drawn:
        grid: Any = drawn.subplots(len(ROWS), len(shown), squeeze=False)
        for column, scene in enumerate(shown):
            picture(grid[0, column], archive.pixels(scene.canvas), short(scene.canvas.file_name))
            picture(grid[1, column], scene.pixels, f"scene {column + 1}")
            picture(grid[2, column], scene.pixels, "")
            _outline(grid[2, column], scene)
        for row, name in enumerate(ROWS):
            grid[row, 0].set_ylabel(name)
        drawn.supxlabel(words, fontsize=6.5)


def _outline(axes: Any, scene: ClusterScene) -> None:
    """Draw the outlines of placed cells and parts, their numbers, and a line for each cell."""
    from gains.figures.drawing.colours import PALETTE
    from gains.figures.drawing.style import outlines

    added = np.arange(scene.present, len(scene.objects))
    owners = [k for k, one in enumerate(scene.placed) for _ in range(1 + len(one.cell.parts))]
    colours = [PALETTE[owner % len(PALETTE)] for owner in owners]
    outlines(axes, scene.objects.select(added), colours)
    text = []
    for number, one in enumerate(scene.placed, start=1):
        rows, columns = one.box
        label = axes.text(
            (columns.start + columns.stop) / 2,
            (rows.start + rows.stop) / 2,
            str(number),
            color=PALETTE[(number - 1) % len(PALETTE)],
            ha="center",
            va="center",
        )
        # nuclei are dark
        label.set_bbox({"facecolor": "white", "alpha": 0.8, "pad": 1, "linewidth": 0})
        text.append(f"{number}: overlap {one.reached:.2f}, opacity {one.opacity:.2f}")
    axes.set_xlabel("\n".join(text), fontsize=6.5)


FIGURES.register(Figure("clusters", draw))
