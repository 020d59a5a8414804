"""The specification of a table: everything that determines it except the scores themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from gains.config.base import Settings
from gains.config.tables import Cost
from gains.published.classes import AVERAGE
from gains.published.records import Published
from gains.tables.numerals import exact

Mode = Literal["clean", "as_published"]
Subset = str
"""``target``, ``average`` or the name of a class."""


def cost_path(scores: str) -> str:
    """Return the file with the cost of a run, which is beside its score file."""
    return str(Path(scores).with_name("cost.json"))


class TrainingSpec(Settings):
    """What a reader must know of a training in order to compare two rows.

    Attributes:
        optimiser: name of the optimiser.
        lr: learning rate after the warm-up.
        iterations: number of steps.
        batch_size: number of images per step.
        weight_decay: weight decay.
        train_sizes: short sides of training images in px.
        weights: weights that the training starts from: ``imagenet``, ``none``, a file or a run.
        selection: how the weights of the model were picked; "" for those of the last step.
        augmented_by: random transforms of training images besides flips, and the synthetic clusters
            that are added to them, or "".
    """

    optimiser: str
    lr: float
    iterations: int
    batch_size: int
    weight_decay: float
    train_sizes: tuple[int, ...]
    weights: str
    selection: str = Field("", exclude_if=lambda text: not text)
    augmented_by: str = Field("", exclude_if=lambda text: not text)

    @property
    def optimiser_title(self) -> str:
        """The optimiser as papers write it, e.g. ``SGD``."""
        return {"sgd": "SGD", "adamw": "AdamW", "rmsprop": "RMSprop"}[self.optimiser]

    @property
    def words(self) -> str:
        """The training in short words, e.g. ``SGD 0.015, batch 1, 20000 steps``.

        Weights that were picked are named, as in the published conditions.
        """
        schedule = f"batch {self.batch_size}, {self.iterations} steps"
        start = "" if self.weights == "imagenet" else f", {self.start}"
        picked = f", checkpoint: {self.selection}" if self.selection else ""
        augmented = f", augmented by {self.augmented_by}" if self.augmented_by else ""
        return f"{self.optimiser_title} {exact(self.lr)}, {schedule}{augmented}{start}{picked}"

    @property
    def start(self) -> str:
        """The weights that the training starts from, in words."""
        if self.weights == "none":
            return "from random weights"
        return f"from weights of {'ImageNet' if self.weights == 'imagenet' else self.weights}"


class CellSpec(Settings):
    """One row of a table on one data set.

    Attributes:
        backbone: short name of the backbone that was trained, e.g. ``R18``.
        backbone_changes: settings by which it is not the ordinary backbone of this name, or "".
        configuration: method with its modules, and parameters of the anomaly maps that it reads.
        changes: other settings by which it is not the published method, or "".
        score_threshold: lowest score of a detection; 0 if all detections count.
        nms: threshold of the suppression of detections; None for a method without it.
        usual_nms: the same by default, which is that of the published program.
        test_size: short and longest side of test images in px, e.g. ``800/1333``.
        max_detections: largest number of detections per image.
        maps_mode: mode of the anomaly maps; None if the method reads none.
        training: the training of the row.
        scores: the score file of each seed and fold; none on an absent data set.
    """

    backbone: str
    backbone_changes: str
    configuration: str
    changes: str
    score_threshold: float
    nms: float | None
    usual_nms: float | None
    test_size: str
    max_detections: int
    maps_mode: Mode | None
    training: TrainingSpec
    scores: tuple[str, ...]

    @property
    def configuration_words(self) -> str:
        """The configuration with its changes, as it is compared with published ones."""
        if not self.changes:
            return self.configuration
        link = "and" if " with " in self.configuration else "with"
        return f"{self.configuration} {link} {self.changes}"


class QuotedSpec(Settings):
    """A published number that a row without a method shows.

    Attributes:
        dataset: data set in the study, which is the published one.
        subset: classes.
        metric: metric of the table.
        value: the number, in percent.
        spread: its printed spread in percent, or None.
        definition: formula or program of the published metric, None if it is unknown.
    """

    dataset: str
    subset: Subset
    metric: str
    value: float
    spread: float | None
    definition: str | None


class RowSpec(Settings):
    """A row of a table.

    Attributes:
        label: text that names the row; no other row of the table has it.
        method: registered name of the method; None if the row shows external predictions or quotes
            a published row.
        variant: variant of the method; None without a method.
        published: row of the published table that this row is compared with, or that it quotes.
        cells: the trainings of the row, by the name of the data set; none without a method.
        quoted: the published numbers of a row without a method; left out of a file if there are
            none.
        external: the score files of predictions that another program made, one for each fold, by
            the name of the data set; left out of a file if there are none.
    """

    label: str
    method: str | None
    variant: str | None
    published: str | None
    cells: dict[str, CellSpec]
    quoted: tuple[QuotedSpec, ...] = Field((), exclude_if=lambda quoted: not quoted)
    external: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, exclude_if=lambda external: not external
    )

    @property
    def scores(self) -> dict[str, tuple[str, ...]]:
        """The score files of the row by the name of the data set; none in a quoted row."""
        return {name: cell.scores for name, cell in self.cells.items()} | self.external

    @property
    def quotes(self) -> bool:
        """Whether the row quotes a published one, so that nothing of it is measured."""
        return self.method is None and not self.external


class DatasetSpec(Settings):
    """A data set of a table.

    Attributes:
        name: name in the study.
        title: name in the table.
        represents: the published data set that this one is, or None.
        stands_for: the published data set that this one stands in for, or None.
        target_category: category of the anomaly maps.
        max_detections: detections kept per image.
        folds: folds of the split.
        split: file of the split, or what is made instead, e.g. ``random split (seed 0)``.
        official_splits: files of the official split of the published data set; none if its papers
            print no split.
        absent: path that does not exist, if the data set is not on this machine; None otherwise,
            and then left out of a file.
        categories: names of the categories that the study keeps; none and left out if it keeps all.
    """

    name: str
    title: str
    represents: str | None
    stands_for: str | None
    target_category: int
    max_detections: int
    folds: int
    split: str
    official_splits: tuple[str, ...]
    absent: str | None = Field(None, exclude_if=lambda path: path is None)
    categories: tuple[str, ...] = Field((), exclude_if=lambda names: not names)

    def has_number(self, published: Published, subset: str) -> bool:
        """Return whether a published number is of the classes of a subset of this data set.

        No published average is over some categories; that over the only one is its number.
        """
        if subset == AVERAGE and self.categories:
            return len(self.categories) == 1 and published.is_of(self.categories[0])
        return published.is_of(subset)

    @property
    def has_another_split(self) -> bool:
        """Whether the published data set has an official split, and this is another one."""
        return bool(self.official_splits) and self.split not in self.official_splits


class TableSpec(Settings):
    """A table.

    Attributes:
        study: name of the study.
        study_title: title of the study.
        name: name of the table, e.g. ``table3``.
        title: caption.
        paper: short name of the paper that the table is compared with.
        table: number of the table in that paper, e.g. ``III``.
        metrics: printed columns.
        subsets: classes, see docs/tables.md.
        costs: further columns on the cost of the methods.
        mode: printed mode.
        clean_score_threshold: lowest score of the detections that count in clean mode.
        picked_on_test: published tables whose weights were picked on test images, in a table where
            ours were picked by the validation part.
        datasets: data sets, in the order of the columns.
        rows: rows, in the order of the table.
    """

    study: str
    study_title: str
    name: str
    title: str
    paper: str
    table: str | None
    metrics: tuple[str, ...]
    subsets: tuple[Subset, ...]
    costs: tuple[Cost, ...] = Field((), exclude_if=lambda costs: not costs)
    mode: Mode
    clean_score_threshold: float
    picked_on_test: tuple[str, ...] = Field((), exclude_if=lambda tables: not tables)
    datasets: tuple[DatasetSpec, ...]
    rows: tuple[RowSpec, ...]

    @property
    def seeds(self) -> int:
        """Largest number of seeds of a row on a data set."""
        folds = {dataset.name: dataset.folds for dataset in self.datasets}
        rows = [row.scores.items() for row in self.rows]
        return max((len(paths) // folds[name] for row in rows for name, paths in row), default=1)

    @property
    def source(self) -> str:
        """The published table in words, e.g. ``GAInS Table III``."""
        return f"{self.paper} Table {self.table}"

    @property
    def score_paths(self) -> list[str]:
        """The score files that the table reads, without repetitions, in order of appearance."""
        files = [paths for row in self.rows for paths in row.scores.values()]
        return list(dict.fromkeys(path for paths in files for path in paths))

    @property
    def cost_paths(self) -> list[str]:
        """The files with the costs of the trained rows, if the table shows any."""
        paths = self.trained.score_paths if self.costs else []
        return [cost_path(path) for path in paths]

    @property
    def measured(self) -> TableSpec:
        """The same table without the rows that quote published numbers."""
        rows = tuple(row for row in self.rows if not row.quotes)
        return self.model_copy(update={"rows": rows})

    @property
    def trained(self) -> TableSpec:
        """The same table with only the rows whose models were trained here."""
        rows = tuple(row for row in self.rows if row.method)
        return self.model_copy(update={"rows": rows})

    def without_scores(self) -> TableSpec:
        """Return the same table without its score files, for code that reads the CSV file."""
        rows = [
            row.model_copy(
                update={
                    "cells": {
                        name: cell.model_copy(update={"scores": ()})
                        for name, cell in row.cells.items()
                    },
                    "external": dict.fromkeys(row.external, ()),
                }
            )
            for row in self.rows
        ]
        return self.model_copy(update={"rows": tuple(rows)})


class CompareSpec(Settings):
    """The comparison of a study's tables with published numbers.

    Attributes:
        study: name of the study.
        study_title: title of the study.
        tables: every table of the study, without its score files.
    """

    study: str
    study_title: str
    tables: tuple[TableSpec, ...]


class SummarySpec(Settings):
    """The summary of a study's scores.

    Attributes:
        scores: the score file of every run.
    """

    scores: tuple[str, ...]
