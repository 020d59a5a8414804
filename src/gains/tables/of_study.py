"""The specifications of a study's tables, its comparison and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gains.config.data import DatasetSettings
from gains.config.tables import RowSettings, TableSettings
from gains.datasets.base import DATASETS
from gains.methods import METHODS
from gains.methods.run_settings import RunSettings
from gains.metrics.names import check_metric
from gains.published.classes import TARGET
from gains.published.records import of_row, row_names
from gains.study.external import external_cell, scored_runs
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.names import portable
from gains.support.registry import nearest
from gains.tables.configuration import (
    USUAL_CATEGORY,
    backbone_changes,
    changes_of,
    configuration_of,
    initial_weights,
)
from gains.tables.numerals import limit
from gains.tables.pairs import pairs_of
from gains.tables.specs import (
    CellSpec,
    CompareSpec,
    DatasetSpec,
    QuotedSpec,
    RowSpec,
    SummarySpec,
    TableSpec,
    TrainingSpec,
)


def table_spec(study: Study, name: str) -> TableSpec:
    """Return the specification of a table; equal studies give equal specifications.

    Rows with a published counterpart come first, in the published order.

    Args:
        study: the study.
        name: key of the table in the study's ``tables``.

    Raises:
        ValueError: the study has no such table, a published table or row is unknown, two rows
            have one label, or a metric does not exist in the study's mode.
    """
    study.table_runs(name)  # this call refuses an unknown table and lists the known ones
    settings = study.settings.tables[name]
    datasets = study.table_datasets(name)
    where = f"studies.{study.name}.tables.{name}"
    for metric in settings.metrics:
        check_metric(metric, study.settings.printed_mode, f"{where}.metrics")
    shown = tuple(_dataset(study, dataset) for dataset in datasets)
    rows = tuple(_row_of(study, row, settings, shown) for row in _ordered(settings, where))
    check_labels([row.label for row in rows], where)
    spec = TableSpec(
        study=study.tag,
        study_title=study.settings.title,
        name=name,
        title=settings.title,
        paper=settings.paper,
        table=settings.table,
        metrics=settings.metrics,
        subsets=settings.subsets,
        costs=settings.costs,
        mode=study.settings.printed_mode,
        clean_score_threshold=study.settings.clean_score_threshold,
        datasets=shown,
        rows=rows,
    )
    return spec.model_copy(update={"picked_on_test": _picked_on_test(spec)})


def compare_spec(study: Study) -> CompareSpec:
    """Return the specification of the comparison with published numbers.

    Raises:
        ValueError: see :func:`table_spec`.
    """
    return CompareSpec(
        study=study.tag,
        study_title=study.settings.title,
        tables=tuple(table_spec(study, name).without_scores() for name in study.settings.tables),
    )


def summary_spec(study: Study) -> SummarySpec:
    """Return the specification of the summary: the score files of every run that has scores."""
    return SummarySpec(scores=tuple(_score_path(study, run) for run in scored_runs(study)))


def _score_path(study: Study, run: Run) -> str:
    return str(study.run_folder(run) / "test.scores.json")


def check_labels(labels: list[str], where: str) -> None:
    """Refuse a label that two rows of a table have.

    Raises:
        ValueError: there is such a label.
    """
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(
                f"{where}.rows: {labels.count(label)} rows read {label!r}; "
                "give each a `label` of its own"
            )


def _dataset(study: Study, name: str) -> DatasetSpec:
    block = study.dataset(name)
    return DatasetSpec(
        name=name,
        title=block.title or name,
        represents=block.represents,
        stands_for=block.stands_for,
        target_category=block.maps.target_category,
        max_detections=block.max_detections,
        folds=study.folds(name),
        split=_split(block),
        official_splits=_official_splits(block.source or name, block.represents),
        categories=block.categories or (),
        absent=None if (path := study.absent.get(name)) is None else portable(path),
    )


def _split(block: DatasetSettings) -> str:
    """Return the file of a data set's split, or the random split in words."""
    split = block.split
    if split.file is not None:
        return portable(split.file)
    kind = "random split" if split.folds == 1 else f"{split.folds} random folds"
    return f"{kind} (seed {split.seed})"


def _official_splits(source: str, represents: str | None) -> tuple[str, ...]:
    """Return the files of the official split of a published data set.

    The images of ISBI2014 are also those of OCC2014, with another split: the names of the files
    start with that of the published data set.
    """
    if represents is None:
        return ()
    files = DATASETS.get(source).splits
    return tuple(file for file in files if Path(file).stem.startswith(represents.lower()))


def _row_of(
    study: Study, row: RowSettings, table: TableSettings, datasets: Sequence[DatasetSpec]
) -> RowSpec:
    names = [dataset.name for dataset in datasets]
    if row.method:
        return _row(study, row, row.method, names)
    if row.external is None:
        return _quoted_row(row, table, datasets)
    external = {
        name: tuple(_score_path(study, run) for run in external_cell(study, name, str(row.label)))
        for name in names
        if row.has(name)
    }
    return RowSpec(
        label=str(row.label),
        method=None,
        variant=None,
        published=row.published,
        cells={},
        external=external,
    )


def _row(study: Study, row: RowSettings, method: str, datasets: list[str]) -> RowSpec:
    cells = {name: _cell(study, name, method, row.variant) for name in datasets if row.has(name)}
    return RowSpec(
        label=row.label or usual_label(method, [cell.backbone for cell in cells.values()]),
        method=method,
        variant=row.variant,
        published=row.published,
        cells=cells,
    )


def usual_label(method: str, backbones: Sequence[str]) -> str:
    """Return the label of a row that has none of its own, such as ``GAInS (R18)``."""
    title, named = METHODS.get(method).title, "/".join(dict.fromkeys(filter(None, backbones)))
    return f"{title} ({named})" if named else title


def _quoted_row(row: RowSettings, table: TableSettings, datasets: Sequence[DatasetSpec]) -> RowSpec:
    """Return a row without a method, with the numbers of the published row that it quotes.

    A number is quoted only on the data set that is the published one, and not on a stand-in, in the
    column of its own metric and classes.
    """
    quoted = tuple(
        QuotedSpec(
            dataset=dataset.name,
            subset=subset,
            metric=metric,
            value=number.value,
            spread=number.spread,
            definition=number.definition,
        )
        for dataset in datasets
        if row.has(dataset.name) and dataset.represents
        for number in of_row(table.paper, str(table.table), str(row.published), dataset.represents)
        for subset in table.subsets
        for metric in table.metrics
        if number.metric == metric
        and dataset.has_number(number, subset)
        and (subset != TARGET or dataset.target_category == USUAL_CATEGORY)
    )
    label = row.label or str(row.published)
    return RowSpec(
        label=label, method=None, variant=None, published=row.published, cells={}, quoted=quoted
    )


def _cell(study: Study, dataset: str, method: str, variant: str) -> CellSpec:
    runs = study.cell_runs(dataset, method, variant)
    settings = study.run_settings(Run(dataset, method, variant, study.settings.seeds[0]))
    return CellSpec(
        backbone=settings.record.label(settings.model),
        backbone_changes=backbone_changes(settings),
        configuration=configuration_of(settings),
        changes=changes_of(settings),
        score_threshold=settings.prediction.score_threshold or 0.0,
        nms=settings.prediction.nms,
        usual_nms=getattr(settings.record.settings(), "nms", None),
        test_size=f"{settings.recipe.test_size}/{settings.recipe.max_size}",
        max_detections=settings.prediction.max_detections,
        maps_mode=None if settings.maps is None else settings.maps.mode,
        training=_training(settings),
        scores=tuple(_score_path(study, run) for run in runs),
    )


def _training(settings: RunSettings) -> TrainingSpec:
    recipe = settings.recipe.model_dump(include=set(TrainingSpec.model_fields))
    own = {
        "weights": initial_weights(settings),
        "selection": _selection(settings),
        "augmented_by": settings.recipe.augmented_by,
    }
    return TrainingSpec.model_validate({**recipe, **own})


def _selection(settings: RunSettings) -> str:
    """Return how the weights of a model are picked, or "" for those of the last step."""
    recipe, how = settings.recipe, settings.validation
    if recipe.select == "last" or how is None:
        return ""
    threshold, patience = limit(how.score_threshold or 0.0), recipe.early_stopping
    end = "" if patience is None else f", ending after {patience} in turn without a better value"
    return (
        f"best {how.metric} on validation images at score threshold {threshold}, "
        f"every {recipe.validation_interval} steps{end}"
    )


def _picked_on_test(spec: TableSpec) -> tuple[str, ...]:
    """Return the published tables whose weights were picked on test images, beside picked rows."""
    picked = [pair.published for pair in pairs_of(spec.trained) if pair.cell.training.selection]
    on_test = [found for found in picked if "test images" in (found.conditions.picking or "")]
    return tuple(sorted({f"{found.paper} {found.table}" for found in on_test}))


def _ordered(settings: TableSettings, where: str) -> list[RowSettings]:
    named = [row.published for row in settings.rows if row.published]
    if settings.table is None:
        if named:
            raise ValueError(
                f"{where}: rows name published rows ({named[0]!r}), but no published table is "
                "given; add `table`, e.g. `table: III`"
            )
        return list(settings.rows)
    order = row_names(settings.paper, settings.table)
    for name in named:
        if name not in order:
            raise ValueError(
                f"{where}: {settings.paper} Table {settings.table} has no row {name!r}; "
                f"{nearest(name, order)}known: {', '.join(order)}"
            )
    return sorted(
        settings.rows, key=lambda row: order.index(row.published) if row.published else len(order)
    )
