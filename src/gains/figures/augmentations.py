"""The augmentation figure: an image as a training sees it in its epochs."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from gains.study.inputs import TrainingInputs


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
    maps: Annotated[Path | None, typer.Option(help="Anomaly maps of the training images.")] = None,
    settings: RunSettings = None,
    image: Annotated[
        str | None,
        typer.Option(help="File name of a training image; by default the first with objects."),
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, max=100, help="Number of samples, one of each epoch.")
    ] = 9,
) -> None:
    """Draw an image as a training sees it: without augmentation, and in its first epochs.

    The samples are those of the training with this seed. Objects have outlines, of which neighbours
    differ in colour, and boxes. If the method reads anomaly maps, they stand below the image.

    \b
    Examples:
      gains figure augmentations --study demo --dataset synthetic-cells --method gains \\
        --out augmentations.png
      gains figure augmentations --settings "$(gains config show --dataset synthetic-cells \\
        --method mask_rcnn)" --coco my.json --split my-split.json --out augmentations.png
    """
    from gains.study.inputs import NamedRun, training_inputs

    named = NamedRun(config, study, dataset, method, variant, seed, fold)
    read = training_inputs(named, settings, coco, split, maps)
    _draw(read, seed, fold, image, count, out)


def _draw(
    read: TrainingInputs, seed: int, fold: int, image: str | None, count: int, out: Path
) -> None:
    from gains.clusters.scenes import cluster_scenes
    from gains.datasets.coco import name_of, read_coco
    from gains.figures.augmentation.panels import Panel, draw_panels
    from gains.figures.drawing.images import short
    from gains.training.job import Job
    from gains.training.samples import CPU
    from gains.training.train import samples_of_job

    content, recipe = read_coco(read.coco), read.settings.recipe
    job = Job(read.settings, read.coco, read.split, read.maps, seed, fold, out, out)
    samples = samples_of_job(job, content, CPU, cluster_scenes)
    record = content.by_name([image])[0] if image else samples.records[0]
    if record not in samples.records:
        raise ValueError(
            f"{record.file_name}: no training image with objects; name one of "
            f"{len(samples.records)}, such as {samples.records[0].file_name}"
        )
    positions = list(islice(samples.positions(record.file_name), count))
    panels = [Panel.of("no augmentation", samples.unaugmented(positions[0]))]
    for position in positions:
        panels.append(Panel.of(f"iteration {position // recipe.batch_size}", samples[position]))
    labels = [name_of(read.coco), short(record.file_name)]
    draw_panels(panels, labels, recipe, read.settings.maps, out)


FIGURES.register(Figure("augmentations", draw))
