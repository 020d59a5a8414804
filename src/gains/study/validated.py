"""The trainings behind the tables of validations of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gains.study.runs import Run
    from gains.study.study import Study


def validated_cell(study: Study, table: str, dataset: str, method: str, variant: str) -> list[Run]:
    """Return the trainings behind a cell of a table of validations, one per seed and fold.

    Raises:
        ValueError: the data set has fewer folds than the table names.
    """
    folds = study.settings.validation_tables[table].folds
    runs = study.cell_runs(dataset, method, variant)
    if runs and folds and max(folds) >= study.folds(dataset):
        raise ValueError(
            f"studies.{study.name}.validation_tables.{table}.folds: {dataset!r} has no fold "
            f"{max(folds)}; its folds are 0 to {study.folds(dataset) - 1}, see `split`"
        )
    return [study.trained(run) for run in runs if folds is None or run.fold in folds]


def validated_runs(study: Study, table: str) -> list[Run]:
    """Return the trainings that a table of validations needs, without repetitions."""
    cells = [
        validated_cell(study, table, dataset, row.method, row.variant)
        for dataset in study.table_datasets(table)
        for row in study.settings.validation_tables[table].rows
    ]
    return list(dict.fromkeys(run for cell in cells for run in cell))
