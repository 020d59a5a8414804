"""The study in force: which runs it has, and the effective settings of each."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains import config as configuration
from gains.config import (
    Config,
    DatasetSettings,
    MapSettings,
    MethodSettings,
    RecipeSettings,
    StudySettings,
    VariantSettings,
)
from gains.datasets.build import check_options
from gains.methods import METHODS
from gains.published.records import numbers
from gains.registry import nearest
from gains.strict import merge, validated


@dataclass(frozen=True, order=True)
class Run:
    """The key of a run: one training and all that follows from it."""

    dataset: str
    method: str
    variant: str
    seed: int
    fold: int = 0

    @property
    def path(self) -> str:
        """Its folder below ``results/<study>/runs``."""
        return f"{self.dataset}/{self.method}/{self.variant}/seed{self.seed}/fold{self.fold}"


@dataclass(frozen=True)
class RunSettings:
    """Everything that determines a run but data and code; JSON-like, goes into ``run.json``.

    Args:
        method: the method's name and all its settings.
        recipe: optimiser, schedule, image sizes.
        maps: map parameters, or None if the method reads none.
        max_detections: detections kept per image.
        cell_category: category whose objects overlap, or None if the method need not know.
    """

    method: dict[str, Any]
    recipe: dict[str, Any]
    maps: dict[str, Any] | None
    max_detections: int
    cell_category: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a plain dict."""
        return {
            "method": self.method,
            "recipe": self.recipe,
            "maps": self.maps,
            "max_detections": self.max_detections,
            "cell_category": self.cell_category,
        }

    @property
    def images_seen(self) -> int:
        """Images that training looks at, each repetition counted."""
        return int(self.recipe["iterations"] * self.recipe["batch_size"])


class Study:
    """A study with names resolved: datasets, runs, tables.

    Args:
        name: name in ``config.yaml``.
        settings: its validated block.
        variant: name of a command-line override, or None.

    Raises:
        ValueError: a method, variant or setting that does not exist; it is named.
    """

    def __init__(self, name: str, settings: StudySettings, variant: str | None = None) -> None:
        self.name = name
        self.tag = f"{name}+{variant}" if variant else name
        self.settings = settings
        self.data = f"data/{self.tag}"
        self.results = f"results/{self.tag}"
        self._check_data()
        self._check_detector_keys()
        for table in settings.tables:
            self.table_runs(table)

    def _check_data(self) -> None:
        published = sorted({number.dataset for number in numbers()})
        for name, block in self.settings.datasets.items():
            check_options(block.source or name, block.options)
            role = block.represents or block.stands_for
            if role and role not in published:
                raise ValueError(
                    f"studies.{self.name}.datasets.{name}: no published numbers on {role!r}; "
                    f"{nearest(role, published)}known: {', '.join(published)}"
                )

    def _check_detector_keys(self) -> None:
        known = sorted({key for method in METHODS for key in method.settings.model_fields})
        blocks = {"detector": self.settings.detector}
        for name, block in self.settings.datasets.items():
            blocks[f"datasets.{name}.detector"] = block.detector
        for where, changes in blocks.items():
            for key in changes:
                if key not in known:
                    raise ValueError(
                        f"studies.{self.name}.{where}: unknown key {key!r}; "
                        f"{nearest(key, known)}known: {', '.join(known)}"
                    )
        for method in self.settings.methods:
            METHODS.get(method)
            for dataset in self.settings.datasets:
                self._resolve(dataset, method, "default")
        for method, variants in self.settings.variants.items():
            METHODS.get(method)
            for variant in variants:
                for dataset in self.settings.datasets:
                    self._resolve(dataset, method, variant)

    def dataset(self, name: str) -> DatasetSettings:
        """Return a data set's block; an unknown name is a ValueError listing those known."""
        known = list(self.settings.datasets)
        if name not in known:
            raise ValueError(
                f"study {self.name!r} has no data set {name!r}; {nearest(name, known)}"
                f"known: {', '.join(known)}"
            )
        return self.settings.datasets[name]

    def variants(self, method: str) -> list[str]:
        """Return the names of a method's variants, ``default`` first."""
        own = METHODS.get(method).variants
        return list(dict.fromkeys(["default", *own, *self.settings.variants.get(method, {})]))

    @functools.cache  # noqa: B019 - a study lives as long as the process
    def _resolve(self, dataset: str, method: str, variant: str) -> RunSettings:
        record, block = METHODS.get(method), self.dataset(dataset)
        if variant not in self.variants(method):
            raise ValueError(
                f"method {method!r} has no variant {variant!r}; "
                f"{nearest(variant, self.variants(method))}"
                f"known: {', '.join(self.variants(method))}"
            )
        own = record.variants.get(variant, {})
        extra = self.settings.variants.get(method, {}).get(variant)
        where = f"studies.{self.name}, {dataset}/{method}/{variant}"
        fields = record.settings.model_fields
        shared = [
            {key: value for key, value in layer.items() if key in fields}
            for layer in (self.settings.detector, block.detector)
        ]
        changes = self.settings.methods.get(method, MethodSettings())
        varied = extra or VariantSettings()
        chosen = validated(
            record.settings, merge(*shared, changes.method, own, varied.method), where
        )
        common = validated(RecipeSettings, merge(self.settings.recipe, block.recipe), where)
        recipe = validated(
            RecipeSettings,
            merge(
                common.model_dump(), _same_images(common, changes), changes.recipe, varied.recipe
            ),
            where,
        )
        maps = validated(MapSettings, merge(block.maps.model_dump(), varied.maps), where)
        if maps.rasterize == "points":
            raise ValueError(
                f"{where}: rasterize: points needs polygons, but a study's data sets hold RLE; "
                "use coco here, and points with `gains maps` on a polygon file"
            )
        return RunSettings(
            method={"name": method, **chosen.model_dump(mode="json")},
            recipe=recipe.model_dump(mode="json"),
            maps=maps.model_dump(mode="json") if record.needs_maps(chosen) else None,
            max_detections=block.max_detections,
            cell_category=_cell(block) if record.needs_cell else None,
        )

    def run_settings(self, run: Run) -> RunSettings:
        """Return the effective settings of a run.

        Raises:
            ValueError: the study lacks the data set, the method or the variant.
        """
        return self._resolve(run.dataset, run.method, run.variant)

    def canonical(self, dataset: str, method: str, variant: str) -> str:
        """Return the first variant of equal settings, so that equal runs are trained once."""
        wanted = self._resolve(dataset, method, variant)
        return next(
            name for name in self.variants(method) if self._resolve(dataset, method, name) == wanted
        )

    def table_datasets(self, table: str) -> list[str]:
        """Return the data sets that a table shows."""
        return list(self.settings.tables[table].datasets or self.settings.datasets)

    def cell_runs(self, dataset: str, method: str, variant: str) -> list[Run]:
        """Return the runs behind one table cell, one per seed."""
        name = self.canonical(dataset, method, variant)
        return [Run(dataset, method, name, seed) for seed in self.settings.seeds]

    def table_runs(self, table: str) -> list[Run]:
        """Return the runs that a table needs, each once.

        Raises:
            ValueError: the study has no such table.
        """
        if table not in self.settings.tables:
            known = list(self.settings.tables)
            raise ValueError(
                f"study {self.name!r} has no table {table!r}; {nearest(table, known)}"
                f"known: {', '.join(known)}"
            )
        rows = self.settings.tables[table].rows
        found: dict[Run, None] = {}
        for dataset in self.table_datasets(table):
            for row in rows:
                found.update(dict.fromkeys(self.cell_runs(dataset, row.method, row.variant)))
        return list(found)

    def runs(self) -> Iterator[Run]:
        """Yield every run of the study once."""
        yield from dict.fromkeys(run for t in self.settings.tables for run in self.table_runs(t))

    def map_settings(self, run: Run) -> MapSettings | None:
        """Return the map parameters of a run, or None if its method reads no maps."""
        maps = self.run_settings(run).maps
        return None if maps is None else MapSettings.model_validate(maps)

    # Paths of the artefacts; the workflow's rules spell the same ones.

    def coco(self, dataset: str) -> Path:
        """Return the path of the COCO json; the images are beside it as ``.zip``."""
        return Path(f"{self.data}/coco/{dataset}.json")

    def split(self, dataset: str) -> Path:
        """Return the path of the split file."""
        return Path(f"{self.data}/splits/{dataset}.json")

    def maps(self, run: Run) -> Path | None:
        """Return the path of the anomaly maps of the run's training split, if it needs them."""
        settings = self.map_settings(run)
        if settings is None:
            return None
        return Path(f"{self.data}/maps/{run.dataset}/fold{run.fold}.train.{settings.key}.npz")

    def run_folder(self, run: Run) -> Path:
        """Return the folder of a run's artefacts."""
        return Path(f"{self.results}/runs/{run.path}")


def _same_images(common: RecipeSettings, changes: MethodSettings) -> dict[str, Any]:
    """Return the schedule that sees the wanted multiple of the common recipe's images."""
    batch = changes.recipe.get("batch_size", common.batch_size)
    if not isinstance(batch, int) or batch < 1:
        return {}  # the recipe's own check names it
    scale = changes.images * common.batch_size / batch
    return {
        "iterations": max(1, round(common.iterations * scale)),
        "warmup_iterations": round(common.warmup_iterations * scale),
        "milestones": [max(1, round(milestone * scale)) for milestone in common.milestones],
    }


def _cell(block: DatasetSettings) -> int:
    return block.maps.target_category if block.cell_category is None else block.cell_category


def open_study(path: str | Path, name: str | None = None) -> Study:
    """Return a study of a config file; by default the one in force there."""
    return from_config(configuration.load(path), name)


def from_config(config: Config, name: str | None = None) -> Study:
    """Return a study of a checked config; by default the one in force."""
    name = name or config.study
    if name not in config.studies:
        known = list(config.studies)
        raise ValueError(f"no study {name!r}; {nearest(name, known)}known: {', '.join(known)}")
    return Study(name, config.studies[name], config.variant)


def resolve(content: dict[str, Any], committed: str | Path) -> Study:
    """Return the study in force for Snakemake, whose config may have been overridden.

    A study of the committed file may be overridden only under a name of its own
    (``--config variant=x``), so that ``paper`` always means the committed paper study.

    Args:
        content: Snakemake's ``config``.
        committed: path of the project's ``config.yaml``.

    Raises:
        ValueError: invalid, or overridden without a name.
    """
    config = configuration.check(content, "config")
    known = configuration.load(committed).studies.get(config.study)
    changed = known is not None and known != config.studies[config.study]
    if changed and not config.variant:
        raise ValueError(
            f"study {config.study!r} was overridden on the command line: add "
            "`--config variant=<name>`, so that its results get a directory of their own"
        )
    return from_config(config)
