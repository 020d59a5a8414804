"""The files that the figures of a study read, and the options of their verbs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains.config.figure_kinds import (
    ComparisonSettings,
    DifferencesSettings,
    FigureSettings,
    LayersSettings,
    PredictionsSettings,
    RegionsSettings,
    RowsSettings,
    StepsSettings,
)
from gains.config.model_figures import (
    AllLayersSettings,
    AttentionSettings,
    LayeredModelSettings,
    ModelSettings,
    OneLayerSettings,
    TrainedModelSettings,
)
from gains.study.runs import Run
from gains.study.study import Study
from gains.tables.of_study import table_spec


@dataclass(frozen=True)
class FigureJob:
    """A figure of a study.

    Attributes:
        inputs: the files that it reads.
        options: the options of its verb, for a shell.
        model: the run with the model that it reads, or None.
    """

    inputs: tuple[str, ...]
    options: str
    model: Run | None = None


@dataclass(frozen=True)
class PicturedRow:
    """A row of a table, with the files of its first seed and one fold on one data set.

    Attributes:
        name: method and variant of the row.
        label: text that names the row in the table.
        predictions: predictions of the test images.
        scores: their scores.
    """

    name: str
    label: str
    predictions: str
    scores: str


def figure_job(study: Study, name: str) -> FigureJob:
    """Return the job of a figure, of the data sets whose images are here.

    Raises:
        ValueError: see :func:`gains.tables.of_study.table_spec`.
    """
    block = study.settings.figure(name)
    shown = study.figure_datasets(name)
    # if there are none, the rule that converts one of them says how to get it
    datasets = [dataset for dataset in shown if dataset not in study.without_images] or shown
    read: Callable[[Study, Any, list[str]], list[_Word]] = _WORDS[type(block)]
    words = read(study, block, datasets)
    archives = [str(study.coco(dataset).with_suffix(".zip")) for dataset in datasets]
    runs = study.figure_runs(name) if isinstance(block, TrainedModelSettings) else []
    return FigureJob(
        inputs=tuple(dict.fromkeys([*(w.text for w in words if w.is_file), *archives])),
        options=shlex.join(word.text for word in words),
        model=study.trained(runs[0]) if runs else None,
    )


@dataclass(frozen=True)
class _Word:
    """A word of a command: an option, its value, or a file of the workflow."""

    text: str
    is_file: bool = False


def _option(name: str, *values: object) -> list[_Word]:
    """Return an option for each value."""
    return [word for value in values for word in (_Word(name), _Word(str(value)))]


def _file(name: str, *paths: object) -> list[_Word]:
    """Return an option for each path of a file that the workflow makes."""
    return [word for path in paths for word in (_Word(name), _Word(str(path), is_file=True))]


def _data(study: Study, datasets: Iterable[str]) -> list[_Word]:
    return [
        word
        for dataset in datasets
        for word in (
            *_file("--coco", study.coco(dataset)),
            *_file("--split", study.split(dataset)),
        )
    ]


def _images(*images: str | None) -> list[_Word]:
    return _option("--image", *filter(None, images))


def _maps(study: Study, datasets: Iterable[str]) -> list[_Word]:
    maps = (study.dataset(name).maps.model_dump(mode="json") for name in datasets)
    return _option("--settings", *(json.dumps(found, sort_keys=True) for found in maps))


def _steps(study: Study, block: StepsSettings, datasets: list[str]) -> list[_Word]:
    return [*_data(study, datasets), *_images(block.image), *_maps(study, datasets)]


def _layers(
    study: Study, block: LayersSettings | ModelSettings | AllLayersSettings, datasets: list[str]
) -> list[_Word]:
    target = _target(study, block.dataset)
    return [*_data(study, datasets), *_images(block.image), *target]


def _target(study: Study, dataset: str) -> list[_Word]:
    return _option("--target-category", study.dataset(dataset).maps.target_category)


def _regions(study: Study, block: RegionsSettings, datasets: list[str]) -> list[_Word]:
    named = [f"{name}={block.images[name]}" for name in datasets if name in block.images]
    return [*_data(study, datasets), *_maps(study, datasets), *_option("--image", *named)]


def _model(study: Study, block: ModelSettings, datasets: list[str]) -> list[_Word]:
    threshold = _option("--min-score", study.settings.clean_score_threshold)
    return [*_trained(study, block), *_layers(study, block, datasets), *threshold]


def _trained(study: Study, block: ModelSettings | LayeredModelSettings) -> list[_Word]:
    (cell,) = block.cells(study.settings)
    return _file("--model", *(study.model(run) for run in study.cell_runs(*cell)[:1]))


def _all_layers(study: Study, block: AllLayersSettings, datasets: list[str]) -> list[_Word]:
    return [*_trained(study, block), *_layers(study, block, datasets)]


def _one_layer(study: Study, block: OneLayerSettings, datasets: list[str]) -> list[_Word]:
    images = _images(*block.images) if block.images else _option("--number", block.number)
    layers = _option("--layer", *([] if block.layer is None else [block.layer]))
    data = [*_data(study, datasets), *_target(study, block.dataset)]
    return [*_trained(study, block), *data, *images, *layers]


def _predictions(study: Study, block: PredictionsSettings, datasets: list[str]) -> list[_Word]:
    rows = pictured_rows(study, block, datasets[0])
    return [*_file("--coco", study.coco(datasets[0])), *_compared(study, block, [rows], "--spread")]


def _comparison(study: Study, block: ComparisonSettings, datasets: list[str]) -> list[_Word]:
    rows = [pictured_rows(study, block, dataset) for dataset in datasets]
    cocos = [study.coco(dataset) for dataset in datasets]
    return [*_file("--coco", *cocos), *_compared(study, block, rows, "--worst")]


def _differences(study: Study, block: DifferencesSettings, datasets: list[str]) -> list[_Word]:
    found = pictured_rows(study, block, datasets[0])
    # two rows of a table may have one method and variant, and other published rows
    label = {row.name: row.label for row in reversed(found)}
    order = [label[name] for name in block.between if name in label]

    def files(wanted: str, option: str) -> list[_Word]:
        rows = [row for row in found if row.label == wanted]
        return [
            *_file(f"--{option}", *(row.predictions for row in rows)),
            *_file(f"--{option}-scores", *(row.scores for row in rows)),
        ]

    return [
        *_file("--coco", study.coco(datasets[0])),
        *_option("--label", *order),
        *(word for pair in zip(order, ("first", "second"), strict=False) for word in files(*pair)),
        *_option("--number", block.number),
        *_option("--min-score", study.settings.clean_score_threshold),
    ]


def _compared(
    study: Study,
    block: PredictionsSettings | ComparisonSettings,
    rows: list[list[PicturedRow]],
    choice: str,
) -> list[_Word]:
    """Return the columns of a comparison, its images and the threshold.

    Args:
        study: the study.
        block: settings of the figure.
        rows: the rows of each data set.
        choice: option that chooses a number of images by the scores of the first row.
    """
    words = _option("--label", *(row.label for row in rows[0]))
    words += _file("--predictions", *(row.predictions for found in rows for row in found))
    if block.images is None:
        words += _option(choice, block.number)
        words += _file("--scores", *(row.scores for found in rows for row in found[:1]))
    else:
        words += _option("--image", *block.images)
    return words + _option("--min-score", study.settings.clean_score_threshold)


def pictured_rows(study: Study, block: RowsSettings, dataset: str) -> list[PicturedRow]:
    """Return the rows of a table that a figure shows, with the files of one of its data sets.

    They stand in the order of the table, once for each fold that the figure shows. There are none
    if the data set is absent.

    Raises:
        ValueError: see :func:`gains.tables.of_study.table_spec`.
    """
    table = study.settings.tables[block.table_in(study.settings)]
    shown = {row.name for row in table.rows if block.has(row, study.settings)}
    folds = study.folds(dataset) if block.EVERY_FOLD else 1
    return [
        PicturedRow(
            name, row.label, str(Path(scores).with_name("test.predictions.json.gz")), scores
        )
        for row in table_spec(study, block.table_in(study.settings)).rows
        if (name := f"{row.method}/{row.variant}") in shown and dataset in row.cells
        for scores in row.cells[dataset].scores[:folds]
    ]


_WORDS: dict[type[FigureSettings], Callable[..., list[_Word]]] = {
    StepsSettings: _steps,
    LayersSettings: _layers,
    RegionsSettings: _regions,
    ModelSettings: _model,
    AttentionSettings: _model,
    AllLayersSettings: _all_layers,
    OneLayerSettings: _one_layer,
    PredictionsSettings: _predictions,
    ComparisonSettings: _comparison,
    DifferencesSettings: _differences,
}
"""The options of each kind of figure."""
