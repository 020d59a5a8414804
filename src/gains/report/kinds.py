"""The kinds of contact in a picture: the ground truth of some images, coloured by kind."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.patches import Patch
from numpy.typing import NDArray

from gains.datasets.coco import read_coco
from gains.figures.drawing.colours import PALETTE
from gains.figures.drawing.images import Pictures, short
from gains.figures.drawing.style import figure, picture
from gains.figures.papers.choice import true_objects
from gains.figures.prediction.signs import object_outlines
from gains.instances import Instances
from gains.masks.contacts import KINDS, contacts_of
from gains.report.content import KINDS_SHOWN, Picture, photograph
from gains.report.spec import ReportSpec

COLOURS = tuple(PALETTE[k] for k in (1, 2, 3, 0, 5, 4))
"""Colours of the kinds, warmer for stronger contact."""
SHOWN, CANDIDATES = 4, 24
"""Images in a picture, and the first images of a data set of which they are chosen."""
PANEL, LEGEND = 2.2, 0.35
"""Width of a panel and height of the legend, inches."""
FILL = 0.45
"""Opacity of the areas of objects."""


def pictures_of_kinds(spec: ReportSpec) -> list[Picture]:
    """Return a picture of each data set with objects."""
    found = [(one.name, _drawn(Path(one.coco))) for one in spec.datasets]
    most = KINDS_SHOWN // len(spec.datasets)
    caption = "ground truth, coloured by the contact of each object with others of its class."
    return [
        photograph(
            png, f"Objects of {name} coloured by kind of contact", f"{name}: {caption}", most
        )
        for name, png in found
        if png
    ]


def kinds_of(truth: Instances) -> NDArray[np.int64]:
    """Return the kind of each object as an index of the kinds of contact, int64 (N,)."""
    kinds = np.zeros(len(truth), dtype=np.int64)
    for category in np.unique(truth.categories):
        some = np.flatnonzero(truth.categories == category)
        kinds[some] = contacts_of([truth.masks[k] for k in some]).kinds
    return kinds


def _drawn(path: Path) -> bytes | None:
    """Return a PNG with the images that have most kinds, or None without any object."""
    coco, pictures = read_coco(path), Pictures(path, ())
    records = list(coco.images.values())[:CANDIDATES]
    first = [(record, true_objects(coco, record)) for record in records]
    found = [(record, truth, kinds_of(truth)) for record, truth in first if len(truth)]
    chosen = sorted(found, key=lambda one: -len(set(one[2].tolist())))[:SHOWN]
    if not chosen:
        return None
    tallest = max(record.height / record.width for record, _, _ in chosen)
    out, width = io.BytesIO(), PANEL * SHOWN
    with figure(width, PANEL * tallest + LEGEND + 0.2, out, "constrained") as drawn:
        panels = np.atleast_1d(drawn.subplots(1, SHOWN))
        for axes in panels[len(chosen) :]:
            axes.axis("off")
        for axes, (record, truth, kinds) in zip(panels, chosen, strict=False):
            picture(axes, pictures.read(record), short(record.file_name))
            colours = [COLOURS[kind] for kind in kinds]
            object_outlines(axes, truth, colours, 72 * PANEL / record.width, FILL)
        signs = [Patch(facecolor=colour, alpha=2 * FILL) for colour in COLOURS]
        drawn.legend(
            signs, list(KINDS), loc="outside lower center", ncols=len(KINDS), frameon=False
        )
    return out.getvalue()
