"""A study: its runs, the settings of each, and the paths of its files."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from gains.config.base import validated
from gains.config.data import DatasetSettings
from gains.config.study import StudySettings
from gains.datasets.presence import missing_files
from gains.datasets.split_file import check_folds, read_split
from gains.methods import METHODS
from gains.methods.run_settings import RunSettings
from gains.study.checks import check_datasets, check_figures, check_start
from gains.study.external import external_rows
from gains.study.kept import data_of, kept_paths
from gains.study.runs import Run, merged_settings, of_training, variants_of
from gains.study.starts import with_starts
from gains.study.validated import validated_runs
from gains.support.files import read_json, require_file
from gains.support.registry import nearest


class ScoreOptions(TypedDict):
    """Options of :func:`gains.scoring.score.score_files` that a study decides.

    Attributes:
        max_detections: maximum number of detections per image and category.
        clean_score_threshold: lowest score of the detections that count in clean mode.
    """

    max_detections: int
    clean_score_threshold: float


class Study:
    """A study whose names are checked: its data sets, runs and tables.

    Args:
        name: name in the config file.
        settings: validated settings.
        label: name of a change that the command line makes, or None.
        data: folder of the converted data; by default ``data/<name>`` or
            ``data/<name>+<label>``.
        results: folder of the results; by default ``results/`` with the same name.

    Raises:
        ValueError: a method, variant or setting does not exist; the message names it.
    """

    def __init__(
        self,
        name: str,
        settings: StudySettings,
        label: str | None = None,
        *,
        data: str | None = None,
        results: str | None = None,
    ) -> None:
        self.name = name
        self.label = label
        self.tag = f"{name}+{label}" if label else name
        self.settings = settings
        self.data = data or f"data/{self.tag}"
        self.results = results or f"results/{self.tag}"
        check_datasets(name, settings)
        external_rows(settings)  # this call refuses two sets of predictions of one name
        self._check_changes()
        for table in settings.tables:
            self.table_runs(table)
        check_figures(name, settings, self._resolve)
        for table in settings.validation_tables:
            validated_runs(self, table)

    def _check_changes(self) -> None:
        """Check the study's changes of methods, also of methods that no table shows."""
        for method in self.settings.methods:
            METHODS.get(method)
            for dataset in self.settings.datasets:
                self._resolve(dataset, method, "default")
        for method, variants in self.settings.variants.items():
            METHODS.get(method)
            for variant in variants:
                for dataset in self.settings.datasets:
                    self._resolve(dataset, method, variant)

    def with_results_folder(self, results: str, **changes: Any) -> Study:
        """Return this study with another folder for its results; the data stay where they are.

        The results of kept runs have their places in that folder too.

        Args:
            results: the folder.
            changes: changed settings; the study then gets a label.

        Raises:
            ValueError: a value is out of range.
        """
        if not changes:
            settings = self.settings.model_copy(update={"kept": None})
            return Study(self.name, settings, self.label, data=self.data, results=results)
        content = {**self.settings.model_dump(), "kept": None, **changes}
        settings = validated(StudySettings, content, f"studies.{self.name}")
        label = f"{self.label}+rescored" if self.label else "rescored"
        return Study(self.name, settings, label, data=self.data, results=results)

    @functools.cached_property
    def kept(self) -> frozenset[str]:
        """The paths of the runs in the folder of kept runs; a study with a label has none."""
        folder = self.settings.kept
        return frozenset() if folder is None or self.label else kept_paths(Path(folder))

    def is_kept(self, run: Run) -> bool:
        """Return whether a run is kept, so that it is neither trained nor predicted nor scored."""
        return run.path in self.kept

    @functools.cached_property
    def missing(self) -> dict[str, Path]:
        """The optional data sets, and those with kept runs, that have a missing file: its path."""
        blocks, kept = self.settings.datasets, data_of(self.kept)
        return missing_files({n: b for n, b in blocks.items() if b.optional or n in kept})

    @functools.cached_property
    def without_images(self) -> dict[str, Path]:
        """Those missing data sets of which no conversion exists either."""
        return {name: path for name, path in self.missing.items() if not self.coco(name).is_file()}

    @functools.cached_property
    def absent(self) -> dict[str, Path]:
        """Those data sets without images that have no kept runs; they have no runs at all."""
        return {n: p for n, p in self.without_images.items() if n not in data_of(self.kept)}

    @property
    def tables(self) -> list[str]:
        """The tables that show a data set which is not absent; the others cannot be made."""
        return [t for t in self.settings.tables if {*self.table_datasets(t)} - self.absent.keys()]

    @property
    def validation_tables(self) -> list[str]:
        """The tables of validations that show a data set which is not absent."""
        present = self.settings.datasets.keys() - self.absent.keys()
        return [t for t in self.settings.validation_tables if {*self.table_datasets(t)} & present]

    @property
    def figures(self) -> list[str]:
        """The figures with a data set whose images are here; the others cannot be made."""
        without = self.without_images.keys()
        return [name for name in self.settings.figures if {*self.figure_datasets(name)} - without]

    def absence(self, dataset: str) -> str:
        """Return a sentence on a data set without images, without a full stop."""
        path = self.without_images[dataset]
        return f"Data set {dataset!r} is not on this machine: {path} does not exist"

    def dataset(self, name: str) -> DatasetSettings:
        """Return a data set's block; if there is none, a ValueError lists the known names."""
        known = list(self.settings.datasets)
        if name not in known:
            raise ValueError(
                f"study {self.name!r} has no data set {name!r}; {nearest(name, known)}"
                f"known: {', '.join(known)}"
            )
        return self.settings.datasets[name]

    def variants(self, method: str) -> list[str]:
        """Return the names of a method's variants, ``default`` first."""
        return variants_of(self.settings, method)

    @functools.cache  # noqa: B019 - a study lives as long as the process
    def _resolve(self, dataset: str, method: str, variant: str) -> RunSettings:
        where = f"studies.{self.name}, {dataset}/{method}/{variant}"
        self.dataset(dataset)  # this call reports an unknown data set
        settings = merged_settings(self.settings, dataset, method, variant, where)
        check_start(settings.recipe, self.results, where)
        return settings

    def run_settings(self, run: Run) -> RunSettings:
        """Return the settings of a run, after all layers are merged.

        Raises:
            ValueError: the study lacks the data set, the method or the variant.
        """
        return self._resolve(run.dataset, run.method, run.variant)

    def canonical(self, dataset: str, method: str, variant: str) -> str:
        """Return the first variant with equal settings, so that equal runs are made once."""
        return self._first_alike(dataset, method, variant, lambda settings: settings)

    @functools.cache  # noqa: B019 - a study lives as long as the process
    def trained_variant(self, dataset: str, method: str, variant: str) -> str:
        """Return the first variant whose training is equal, so that equal models are trained once.

        Settings of prediction (thresholds, number of detections) do not belong to the training. The
        choice depends on the variants alone, and not on the rows of tables, so that a further row
        does not move a finished model.
        """
        return self._first_alike(dataset, method, variant, of_training)

    def _first_alike(
        self, dataset: str, method: str, variant: str, part: Callable[[RunSettings], object]
    ) -> str:
        """Return the first variant of which a part of the settings is equal."""
        expected = part(self._resolve(dataset, method, variant))
        names = self.variants(method)
        return next(n for n in names if part(self._resolve(dataset, method, n)) == expected)

    def trained(self, run: Run) -> Run:
        """Return the run whose model a run uses: itself, or one that is trained alike."""
        variant = self.trained_variant(run.dataset, run.method, run.variant)
        return replace(run, variant=variant)

    def score_options(self, dataset: str) -> ScoreOptions:
        """Return the options for scoring the runs on a data set."""
        return {
            "max_detections": self.dataset(dataset).max_detections,
            "clean_score_threshold": self.settings.clean_score_threshold,
        }

    def table_datasets(self, table: str) -> list[str]:
        """Return the data sets that a table shows, which may be one of validations."""
        blocks = self.settings.tables | self.settings.validation_tables
        return list(blocks[table].datasets or self.settings.datasets)

    def cell_runs(self, dataset: str, method: str, variant: str) -> list[Run]:
        """Return the runs behind one table cell, one per seed and fold; none if it is absent."""
        name = self.canonical(dataset, method, variant)
        if dataset in self.absent:
            return []
        return [
            Run(dataset, method, name, seed, fold)
            for seed in self.settings.seeds
            for fold in range(self.folds(dataset))
        ]

    @functools.cache  # noqa: B019 - a study lives as long as the process
    def folds(self, dataset: str) -> int:
        """Return the number of folds of a data set's split, from the settings or from given lists.

        If the lists are not on this machine, the split that was made from them counts. The lists of
        an absent data set are not read.

        Raises:
            FileNotFoundError: the file of given lists is missing, and no split was made from it.
            ValueError: the file holds no lists.
        """
        split, made = self.dataset(dataset).split, self.split(dataset)
        if split.file is None or dataset in self.absent:
            return split.folds
        if made.is_file() and not Path(split.file).exists():
            return len(read_split(made).folds)
        require_file(
            split.file,
            f"studies.{self.name}.datasets.{dataset}.split names this file, but it does not "
            "exist; add it, or leave `file` out for a random split of 6:2:2",
        )
        return len(check_folds(split.file, read_json(split.file)))

    def table_runs(self, table: str) -> list[Run]:
        """Return the runs that a table needs, without repetitions.

        Raises:
            ValueError: the study has no such table.
        """
        if table not in self.settings.tables:
            known = list(self.settings.tables)
            raise ValueError(
                f"study {self.name!r} has no table {table!r}; {nearest(table, known)}"
                f"known: {', '.join(known)}"
            )
        runs: dict[Run, None] = {}
        for dataset in self.table_datasets(table):
            for row in self.settings.tables[table].rows:
                if row.method and row.has(dataset):
                    runs.update(dict.fromkeys(self.cell_runs(dataset, row.method, row.variant)))
        return list(runs)

    def figure_datasets(self, figure: str) -> list[str]:
        """Return the data sets that a figure shows."""
        return list(self.settings.figure(figure).shown(self.settings))

    def figure_runs(self, figure: str) -> list[Run]:
        """Return the runs that a figure shows: of its cells the first, or that of each fold."""
        block = self.settings.figure(figure)
        return [
            run
            for cell in block.cells(self.settings)
            for run in self.cell_runs(*cell)[: self.folds(cell[0]) if block.EVERY_FOLD else 1]
        ]

    def runs(self) -> Iterator[Run]:
        """Yield every run of the study once; each has its own predictions and scores."""
        yield from dict.fromkeys(run for t in self.settings.tables for run in self.table_runs(t))

    def trainings(self) -> Iterator[Run]:
        """Yield every run that is trained, once, after that from whose model it starts."""
        tested = map(self.trained, self.runs())
        validated = (validated_runs(self, t) for t in self.settings.validation_tables)
        yield from with_starts(self, itertools.chain(tested, *validated))

    # The rules of the workflow contain the same paths.

    def coco(self, dataset: str) -> Path:
        """Return the path of the COCO JSON file; the images are beside it as ``.zip``."""
        return Path(f"{self.data}/coco/{dataset}.json")

    def split(self, dataset: str) -> Path:
        """Return the path of the split file."""
        return Path(f"{self.data}/splits/{dataset}.json")

    def maps(self, run: Run) -> Path | None:
        """Return the path of the anomaly maps of the run's training part, if the run needs maps."""
        settings = self.run_settings(run).maps
        if settings is None:
            return None
        return Path(f"{self.data}/maps/{run.dataset}/fold{run.fold}.train.{settings.key}.npz")

    def run_folder(self, run: Run) -> Path:
        """Return the folder of a run's files but the model: of the results, or of kept runs."""
        if self.is_kept(run):
            return Path(f"{self.settings.kept}/{run.path}")
        return Path(f"{self.results}/runs/{run.path}")

    def model(self, run: Run) -> Path:
        """Return the path of the model that a run predicts with; models are not kept."""
        return Path(f"{self.results}/runs/{self.trained(run).path}/model.pt")
