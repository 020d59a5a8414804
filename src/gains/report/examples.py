"""The best, the median and the worst image of each method, with hits, misses and false finds."""

from __future__ import annotations

import functools
import io
import statistics
from dataclasses import dataclass
from pathlib import Path

from gains.datasets.coco import read_coco
from gains.figures.drawing.images import Pictures
from gains.figures.prediction.columns import Column
from gains.figures.prediction.image_values import image_values, worst_first
from gains.figures.prediction.panels import Row, draw_rows, rows
from gains.report.content import EXAMPLES, Picture, photograph
from gains.report.spec import ReportSpec, ShownSpec


@dataclass(frozen=True)
class Example:
    """An image that a report shows for a method.

    Attributes:
        name: file name.
        place: which one it is, e.g. ``best``.
        value: clean AJI, mean over seeds, a fraction.
        folder: folder of the first predictions of it.
    """

    name: str
    place: str
    value: float
    folder: Path


def examples_of(spec: ReportSpec, dataset: str) -> list[Picture]:
    """Return a picture for each method on a data set."""
    shown = [one for one in spec.shown if one.dataset == dataset]
    coco = next(one.coco for one in spec.datasets if one.name == dataset)
    drawer = _Drawer(Path(coco), spec.min_score, EXAMPLES // len(spec.shown))
    return [drawer.draw(one) for one in shown]


def chosen_examples(folders: tuple[str, ...]) -> list[Example]:
    """Return the best, the median and the worst image of a method, without repetitions.

    Args:
        folders: folder of the scores of each seed and fold.
    """
    found: dict[str, list[float]] = {}
    first: dict[str, Path] = {}
    for folder in map(Path, folders):
        for name, value in image_values(folder / "test.scores.json").items():
            found.setdefault(name, []).append(value)
            first.setdefault(name, folder)
    values = {name: statistics.fmean(listed) for name, listed in found.items()}
    order = worst_first(values)
    places = {"best": -1, "median": (len(order) - 1) // 2, "worst": 0}
    names = {order[index]: place for place, index in reversed(places.items())}
    chosen = [Example(name, place, values[name], first[name]) for name, place in names.items()]
    return sorted(chosen, key=lambda example: list(places).index(example.place))


class _Drawer:
    """Draws examples of one data set.

    Args:
        coco: its COCO JSON file.
        min_score: lowest score of the detections that are drawn.
        most: largest size of a picture in bytes.
    """

    def __init__(self, coco: Path, min_score: float, most: int) -> None:
        self._truth, self._pictures = read_coco(coco), Pictures(coco, ())
        self._min_score, self._most = min_score, most

    def draw(self, shown: ShownSpec) -> Picture:
        examples = chosen_examples(shown.folders)
        read = functools.cache(functools.partial(self._column, shown.title))
        drawn = [self._row(example, read(example.folder)) for example in examples]
        out = io.BytesIO()
        draw_rows(drawn, [shown.title], "", out)
        listed = "; ".join(f"{e.place}: {e.name}, AJI {100 * e.value:.1f}" for e in examples)
        alt = (
            f"Images of {shown.dataset} with the ground truth and the objects that {shown.title} "
            "found, missed or found falsely"
        )
        return photograph(out.getvalue(), alt, f"{shown.title}, {listed}", self._most)

    def _column(self, title: str, folder: Path) -> Column:
        return Column.read(title, folder / "test.predictions.json.gz", self._truth)

    def _row(self, example: Example, column: Column) -> Row:
        records = self._truth.by_name([example.name])
        (row,) = rows(self._truth, records, self._pictures, [column], self._min_score)
        return row
