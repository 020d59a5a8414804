"""The panels of the prediction figure: each row has an image, the ground truth and the methods."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.figures.drawing.colours import colours, palettes_of
from gains.figures.drawing.images import Pictures, told_apart
from gains.figures.drawing.style import DPI, Target, figure
from gains.figures.prediction.columns import Column
from gains.figures.prediction.errors import SIGNS, MarkedErrors, error_sign
from gains.figures.prediction.outcomes import Outcome, outcome_of
from gains.figures.prediction.places import marked_places
from gains.figures.prediction.signs import FILL, MISSED, Legend, boxes, cross, object_outlines
from gains.instances import Instances
from gains.masks.meetings import Box

PANEL = 1.9
"""Width of a panel with an image of up to :data:`USUAL` px, inches; larger ones up to twice it."""
USUAL = 512
TALLEST = 1.5
"""Largest height of a panel, in widths."""
TITLE, LINE = 0.2, 0.14
"""Heights of a line of a title and of a caption, inches."""
LETTERS = 12
"""Number of characters of a title per inch."""
Mark = Literal["meetings", "errors"]
"""What can be marked: places where objects meet, or errors by kind."""
MOST = 6
"""Largest number of methods side by side; more are drawn in blocks below each other."""


@dataclass(frozen=True)
class Row:
    """One image with its masks.

    Attributes:
        name: file name.
        pixels: uint8 (H, W, 3).
        truth: objects of the ground truth; None for images without any.
        found: detections of each method.
        outcomes: outcome of each method; none without ground truth.
        categories: names of the categories of its data set by number.
        marked: red boxes.
        note: line below its name, or "".
        errors: errors of each method, if they are marked.
    """

    name: str
    pixels: NDArray[np.uint8]
    truth: Instances | None
    found: list[Instances]
    outcomes: list[Outcome]
    categories: dict[int, str]
    marked: list[Box]
    note: str = ""
    errors: Sequence[MarkedErrors] = ()

    @property
    def palettes(self) -> dict[int, tuple[str, ...]]:
        """The colours of each category of the data set."""
        return palettes_of(sorted(self.categories))

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """The names and colours of its categories with objects."""
        present = sorted({int(c) for i in self.every for c in i.categories})
        return {self.categories[c]: self.palettes[c] for c in present}

    @property
    def every(self) -> list[Instances]:
        """The objects of all panels."""
        return [*([] if self.truth is None else [self.truth]), *self.found]

    def part(self, block: slice) -> Row:
        """Return the row with some of the methods."""
        return replace(
            self,
            found=self.found[block],
            outcomes=self.outcomes[block],
            errors=self.errors[block],
        )


def rows(
    coco: CocoDataset,
    records: list[ImageRecord],
    pictures: Pictures,
    columns: list[Column],
    min_score: float,
    mark: Mark | None = None,
) -> list[Row]:
    """Return the rows of the figure; a data set without an object gives rows without truth.

    Args:
        coco: the data set.
        records: the images.
        pictures: their pixels.
        columns: the methods.
        min_score: lowest score of the detections.
        mark: what is marked, from the ground truth.
    """
    known = any(coco.annotations.values())
    result = []
    for image in records:
        found = [column.instances_of(image, min_score) for column in columns]
        outcomes = [outcome_of(coco, image, instances) for instances in found] if known else []
        truth = coco.instances(image.id) if known else None
        marked = marked_places(coco, image) if mark == "meetings" else []
        errors = (
            [MarkedErrors.of(truth, *pair) for pair in zip(found, outcomes, strict=True)]
            if mark == "errors" and truth is not None
            else []
        )
        row = Row(
            image.file_name, pictures.read(image), truth, found, outcomes, coco.categories, marked
        )
        result.append(replace(row, errors=errors))
    return result


def draw_rows(found: list[Row], titles: list[str], heading: str, out: Target) -> None:
    """Draw the rows and save them.

    Args:
        found: at least one image.
        titles: titles of the methods' columns.
        heading: title of the figure.
        out: ``.pdf`` or ``.png``; the other is written beside it. Or a stream, for a PNG.
    """
    compared = found[0].truth is not None
    given = ["Image", *(["Ground truth"] if compared else [])]
    blocks = blocks_of(len(titles))
    side = max(max(row.pixels.shape[:2]) for row in found)
    scale = float(np.clip((side / USUAL) ** 0.5, 1, 2))
    width = PANEL * scale
    headings = [
        [textwrap.fill(title, int(LETTERS * PANEL)) for title in (*given, *titles[block])]
        for block in blocks
    ]
    across = len(headings[0])
    shapes = [min(row.pixels.shape[0] / row.pixels.shape[1], TALLEST) for row in found]
    heights = [width * shape + 2.5 * LINE * scale for shape in shapes] * len(blocks)
    lines = textwrap.wrap(heading, int(LETTERS * PANEL * across))
    names = zip(told_apart([row.name for row in found]), found, strict=True)
    labels = [f"{name}\n{row.note}" if row.note else name for name, row in names]
    marks = any(row.marked for row in found)
    signed = any(row.errors for row in found)
    errors = {kind.value: error_sign(kind) for kind in SIGNS} if signed else {}
    legend = Legend(_named(found), compared, marks, errors, width * across, 7 * scale)
    above = TITLE * (len(lines) + sum(max(t.count("\n") + 1 for t in h) for h in headings))
    size = width * across, sum(heights) + above * scale + legend.height
    with figure(*size, out, "constrained") as drawn:
        grid: Any = drawn.subplots(
            len(heights), across, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for k, (block, texts) in enumerate(zip(blocks, headings, strict=True)):
            places = grid[k * len(found) : (k + 1) * len(found)]
            for place, title in zip(places[0], texts, strict=False):
                place.set_title(title, fontsize=8.5 * scale)
            parts = [row.part(block) for row in found]
            _block(places, parts, labels, scale)
        drawn.suptitle("\n".join(lines), fontsize=8 * scale)
        legend.add(drawn)


def _named(found: list[Row]) -> dict[str, tuple[str, ...]]:
    """Return the colours of the classes of all data sets of which more than one class is shown."""
    every: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    for row in found:
        classes = tuple(row.categories[number] for number in sorted(row.categories))
        every.setdefault(classes, {}).update(row.named)
    return {
        name: named[name]
        for categories, named in every.items()
        if len(named) > 1
        for name in categories
        if name in named
    }


def blocks_of(number: int) -> list[slice]:
    """Return the methods of each block, of equal numbers but for the last."""
    each = -(-number // -(-number // MOST))
    return [slice(k, k + each) for k in range(0, number, each)]


def _block(
    places: NDArray[np.object_],
    found: list[Row],
    labels: list[str],
    scale: float,
) -> None:
    """Draw the rows of some methods into panels (rows, columns); further panels are taken away."""
    used = (1 if found[0].truth is None else 2) + len(found[0].found)
    for row, axes, label in zip(found, places, labels, strict=True):
        _row(list(axes[:used]), row, label, scale)
        for place in axes[used:]:
            place.remove()


def _row(axes: list[Axes], row: Row, label: str, scale: float) -> None:
    (height, across), width = row.pixels.shape[:2], PANEL * scale
    point = 72 * min(width / across, width * TALLEST / height)
    pixels = _reduced(row.pixels, round(width * DPI))
    for place in axes:
        # a reduced image covers the same coordinates, so that masks fit
        place.imshow(pixels, extent=(-0.5, across - 0.5, height - 0.5, -0.5))
        place.set(xticks=[], yticks=[])
        place.xaxis.label.set_fontsize(7 * scale)
        boxes(place, row.marked)
    palettes = row.palettes
    _caption(axes[0], label)
    if row.truth is None:
        for place, instances in zip(axes[1:], row.found, strict=True):
            object_outlines(place, instances, colours(instances, palettes), point)
            _caption(place, _number(instances))
        return
    chosen = colours(row.truth, palettes)
    object_outlines(axes[1], row.truth, chosen, point)
    _caption(axes[1], _number(row.truth))
    for k, place in enumerate(axes[2:]):
        _compared(place, row, k, chosen, point)


def _compared(axes: Axes, row: Row, method: int, chosen: list[str], point: float) -> None:
    """Draw found objects in the colours of the ground truth, missed ones, false finds and errors.

    With errors, dashed outlines are those of all objects that have one.
    """
    assert row.truth is not None
    instances, outcome = row.found[method], row.outcomes[method]
    found, dashed, false = outcome.found, outcome.missed, outcome.false
    filled = found[:, 0]
    words = f"{len(found)} found, {len(dashed)} missed, {len(false)} false"
    if row.errors:
        errors = row.errors[method]
        found, dashed, false, words = errors.meant, errors.objects, errors.false, errors.words
        filled = errors.used
        errors.draw(axes, row.truth)
    given = {int(d): chosen[int(g)] for d, g in found}
    own = np.array(colours(instances, row.palettes, given), dtype=object)
    for indices, fill in ((filled, FILL), (false, 0.0)):
        object_outlines(axes, instances.select(indices), own[indices].tolist(), point, fill)
    marked = [chosen[int(g)] for g in dashed]
    object_outlines(axes, row.truth.select(dashed), marked, point, 0, MISSED)
    cross(axes, instances.select(false), point)
    scores = [
        f"{name} {'–' if value is None else f'{100 * value:.1f}'}"
        for name, value in (("AJI", outcome.aji), ("F1", outcome.f1))
    ]
    _caption(axes, ", ".join(scores) + f"\n{words}")


def _caption(axes: Axes, text: str) -> None:
    axes.set_xlabel(text, labelpad=2)


def _number(instances: Instances) -> str:
    return f"{len(instances)} object{'' if len(instances) == 1 else 's'}"


def _reduced(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Return an image of at most this width, each pixel the mean of those that it replaces."""
    height, width = pixels.shape[:2]
    if width <= longest:
        return pixels
    size = longest, max(1, round(height * longest / width))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
