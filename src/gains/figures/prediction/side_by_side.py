"""Methods side by side on images of one or several data sets, with what figures mark on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gains.datasets.coco import name_of, read_coco
from gains.figures.drawing.images import Pictures
from gains.figures.prediction.columns import Column, refuse_unpredicted, titles_of
from gains.figures.prediction.image_values import image_values, worst_first
from gains.figures.prediction.panels import Mark, Row, draw_rows, rows


@dataclass(frozen=True)
class Compared:
    """The data sets, predictions and images of a figure.

    Attributes:
        coco: COCO JSON files.
        predictions: result lists of all methods for the first data set, then for the next.
        labels: titles of the methods, or none.
        images: file names, or none.
        scores: a score file for each data set, or none.
        worst: number of images of each data set that the scores choose.
        min_score: lowest score of the predictions that are drawn.
        study: name of the study, or "".
    """

    coco: Sequence[Path]
    predictions: Sequence[Path]
    labels: Sequence[str]
    images: Sequence[str]
    scores: Sequence[Path]
    worst: int
    min_score: float
    study: str

    def draw(self, mark: Mark, out: Path) -> None:
        """Draw a row for each image, with what is marked.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the numbers of files do not fit each other, no data set has a named image,
                or a file is damaged.
        """
        each, rest = divmod(len(self.predictions), len(self.coco))
        if rest:
            raise ValueError(
                f"{len(self.predictions)} --predictions for {len(self.coco)} --coco; give those of "
                "every method for the first data set, then for the next one in the same order"
            )
        if not self.images and len(self.scores) != len(self.coco):
            raise ValueError(
                f"{len(self.scores)} --scores for {len(self.coco)} --coco; give one for each data "
                "set, or name images with --image"
            )
        titles = titles_of(self.predictions[:each], self.labels)
        found: list[Row] = []
        for k in range(len(self.coco)):
            files = dict(zip(titles, self.predictions[k * each : (k + 1) * each], strict=True))
            found += self._rows(k, files, mark)
        names = ", ".join(map(name_of, self.coco))
        if not found:
            raise ValueError(
                f"{names}: there is no image {', '.join(self.images)}; name images that were "
                "predicted with --image"
            )
        source = f"{names}, study {self.study}" if self.study else names
        choice = "" if self.images else f", lowest AJI of {titles[0]}"
        least = f"predictions with a score of at least {self.min_score:g}"
        draw_rows(found, titles, f"{source}: test images{choice}; {least}", out)

    def _rows(self, place: int, files: dict[str, Path], mark: Mark) -> list[Row]:
        """Return the rows of the images of a data set: the named ones, or the worst."""
        path = self.coco[place]
        content = read_coco(path)
        names = self.images or worst_first(image_values(self.scores[place]))[: self.worst]
        columns = [Column.read(title, file, content) for title, file in files.items()]
        own = {image.file_name for image in content.images.values()}
        records = content.by_name([name for name in names if name in own])
        refuse_unpredicted(records, columns)
        return rows(content, records, Pictures(path, []), columns, self.min_score, mark)
