"""What the studies make of the papers: each table and figure, and how far it is on this disk."""

from __future__ import annotations

import filecmp
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gains.config.file import Readable
from gains.config.tables import FIGURE_KINDS, TABLE_KINDS
from gains.config.validation_tables import VALIDATION_KINDS
from gains.datasets.convert import fetched_folder, inputs_of
from gains.fetch.sources import fetched_name
from gains.fetch.status import state
from gains.published.papers import PAPERS, PublishedFigure
from gains.published.records import numbers
from gains.study.plan import record_of
from gains.study.runs import Run
from gains.study.starts import with_starts
from gains.study.study import Study
from gains.study.validated import validated_runs
from gains.support.file_errors import worded


class State(NamedTuple):
    """A data set or a file of initial weights, with its state on this disk."""

    name: str
    text: str


@dataclass(frozen=True)
class Product:
    """A table or figure that a study makes.

    Attributes:
        paper: short name of the paper that it is compared with; empty without a published
            counterpart.
        number: its number in the paper, e.g. ``Table III``; otherwise its name.
        title: what it shows.
        study: name of the study.
        target: file to ask Snakemake for, e.g. ``results/table3.csv``.
        absent: whether none of its data sets is on this machine, so that it cannot be made.
        data: the data sets that it needs.
        weights: the files of initial weights that its trainings need.
        trainings: number of trainings that it needs.
        done: how many of them are done.
        files: its files in the folder of the study that exist.
        copy: whether ``target`` is a copy of the file of this study; None if there is none.
    """

    paper: str
    number: str
    title: str
    study: str
    target: str
    absent: bool
    data: tuple[State, ...]
    weights: tuple[State, ...]
    trainings: int
    done: int
    files: tuple[Path, ...]
    copy: bool | None


def open_each(found: Readable, check: Callable[[Study], object]) -> list[Study]:
    """Return the studies that can be opened; the problems of others are added to ``found``.

    Args:
        found: the studies of a config file.
        check: function that raises an error for a study which Snakemake would refuse.
    """
    opened = []
    for name, settings in found.studies.items():
        try:
            study = Study(name, settings, found.label)
            check(study)
        except OSError as error:
            found.problems[name] = worded(error)
        except ValueError as error:
            found.problems[name] = str(error)
        else:
            opened.append(study)
    return opened


def products(studies: Iterable[Study], figures: Mapping[str, PublishedFigure]) -> list[Product]:
    """Return every table and figure of the studies.

    The order is that of the papers, then that of the tables and figures in the paper, and then that
    of the studies, of which those of the paper come first. Tables without a published counterpart
    come last.

    Args:
        studies: the studies.
        figures: the published figures by the names of ours; further figures have no counterpart.
    """
    _fetched.cache_clear()
    found = [product for study in studies for product in _of_study(study, figures)]
    return sorted(found, key=_place)


def _of_study(study: Study, figures: Mapping[str, PublishedFigure]) -> Iterator[Product]:
    for name, table in study.settings.tables.items():
        runs = study.table_runs(name)
        paper, number = (table.paper, f"Table {table.table}") if table.table else ("", name)
        heading = (paper, number, table.title)
        yield _product(study, name, heading, study.table_datasets(name), runs, TABLE_KINDS)
    for name, validated in study.settings.validation_tables.items():
        heading, datasets = ("", name, validated.title), study.table_datasets(name)
        runs = validated_runs(study, name)
        yield _product(study, name, heading, datasets, runs, VALIDATION_KINDS)
    for name in study.settings.figures:
        datasets, runs = study.figure_datasets(name), study.figure_runs(name)
        if shown := figures.get(name):
            heading = (shown.paper, f"Figure {shown.number}", shown.shows)
        else:
            heading = ("", name, f"Test images of {', '.join(datasets)} with their {name}")
        yield _product(study, name, heading, datasets, runs, FIGURE_KINDS)


def _product(
    study: Study,
    name: str,
    heading: tuple[str, str, str],
    datasets: list[str],
    runs: list[Run],
    kinds: Sequence[str],
) -> Product:
    """Return a table or a figure.

    Args:
        study: the study.
        name: name of the table or figure in the study.
        heading: paper, number and title.
        datasets: data sets that it needs.
        runs: runs that it needs.
        kinds: suffixes of its files.
    """
    is_table = kinds != FIGURE_KINDS
    folder = f"{study.results}/{'tables' if is_table else 'figures'}"
    files = [Path(f"{folder}/{name}.{kind}") for kind in kinds]
    asked = f"{name}.{'csv' if is_table else 'png'}"
    made, target = Path(folder, asked), Path("results", asked)
    trainings = with_starts(study, map(study.trained, runs))
    return Product(
        *heading,
        study=study.name,
        target=str(target),
        absent=all(dataset in study.absent for dataset in datasets),
        data=tuple(State(dataset, _data(study, dataset)) for dataset in datasets),
        weights=tuple(_weights(study, trainings)),
        trainings=len(trainings),
        done=sum(record_of(study, run).is_file() for run in trainings),
        files=tuple(file for file in files if file.is_file()),
        copy=_same(made, target) if target.is_file() else None,
    )


def _same(file: Path, copy: Path) -> bool:
    return file.is_file() and filecmp.cmp(file, copy, shallow=False)


def _data(study: Study, dataset: str) -> str:
    """Return the state of a data set of a study in words."""
    if dataset in study.absent:
        return f"absent: {study.absent[dataset]} does not exist"
    block = study.dataset(dataset)
    source = block.source or dataset
    if raw := fetched_folder(source, block.options):
        return _fetched(raw)
    paths = inputs_of(source, block.options)
    if not paths:
        return "made here"
    return _own(paths)


def _weights(study: Study, trainings: Iterable[Run]) -> Iterator[State]:
    settings = [study.run_settings(run) for run in trainings]
    for file in dict.fromkeys(s.initial_weights for s in settings):
        if file is not None:
            name = fetched_name(file)
            yield State(name, _fetched(name)) if name else State(file.name, _own([file]))


@functools.cache  # many tables share few data sets
def _fetched(name: str) -> str:
    """Return the state of a fetched data set, or what is wrong with its receipt."""
    try:
        return state(name).text
    except (OSError, ValueError) as error:
        return str(error)


def _own(paths: list[Path]) -> str:
    missing = [str(path) for path in paths if not path.exists()]
    return f"missing: {', '.join(missing)}" if missing else "own files"


def _place(product: Product) -> tuple[int, ...]:
    """Return the places of the paper, of the table in the paper, and of the study of the paper."""
    if not product.paper:
        return (len(PAPERS.names()),)
    tables = list(dict.fromkeys(f"Table {n.table}" for n in numbers() if n.paper == product.paper))
    return (
        PAPERS.names().index(product.paper),
        _index(tables, product.number),  # figures come after the tables
        _index(PAPERS.get(product.paper).studies, product.study),
    )


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)
