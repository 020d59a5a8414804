"""Figure 1 of the DoNet paper: intersection, complement and instance layers of an image."""

from __future__ import annotations

from typing import Annotated

import typer

from gains.figures.base import FIGURES, Coco, Figure, Images, Out, Split, TargetCategory
from gains.published.papers import PublishedFigure

PUBLISHED = PublishedFigure(
    paper="DoNet", number="1", shows="Instances as intersection and complement layers"
)


def draw(
    coco: Coco,
    out: Out,
    target_category: TargetCategory = 1,
    split: Split = None,
    image: Annotated[
        str | None,
        typer.Option(
            help="File name of the image; by default the first of the training part in which "
            "objects of the category overlap."
        ),
    ] = None,
    images: Images = None,
    study: Annotated[str, typer.Option(help="Name of the study, for the note below.")] = "",
) -> None:
    """Draw the objects of an image, the parts that they share, and the rest of each.

    \b
    Example:
      gains figure donet_figure1 --coco data/demo/coco/synthetic-cells.json --out layers.pdf
    """
    from gains.datasets.coco import name_of, read_coco
    from gains.figures.drawing.images import Pictures, short
    from gains.figures.papers.choice import chosen_image, true_objects
    from gains.figures.papers.layers import draw_layers
    from gains.masks.contacts import Contact

    content = read_coco(coco)
    record = chosen_image(content, image, split, "train", target_category, Contact.light)
    pixels = Pictures(coco, [images] if images else []).read(record)
    source = f"{name_of(coco)}, study {study}" if study else name_of(coco)
    part = ", training part" if split and not image else ""
    note = (
        f"{source}: {short(record.file_name)}{part}; ground truth of the category "
        f"{content.categories[target_category]}. The intersection layer has the pixels of each "
        "object that belong to other objects too, the complement layer has its other pixels. Grey "
        "outlines: the objects."
    )
    draw_layers(pixels, true_objects(content, record, target_category), note, out)


FIGURES.register(Figure("donet_figure1", draw, PUBLISHED))
