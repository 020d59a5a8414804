"""The specifications of a study's tables of validations."""

from __future__ import annotations

from gains.config.validation_tables import ValidationRowSettings
from gains.methods.run_settings import RunSettings
from gains.study.runs import Run
from gains.study.study import Study
from gains.study.validated import validated_cell
from gains.support.names import portable
from gains.support.registry import nearest
from gains.tables.of_study import check_labels, usual_label
from gains.tables.validation.specs import (
    ValidatedCellSpec,
    ValidatedDatasetSpec,
    ValidatedRowSpec,
    ValidationSpec,
)


def validation_spec(study: Study, name: str) -> ValidationSpec:
    """Return the specification of a table of validations; equal studies give equal ones.

    Args:
        study: the study.
        name: key of the table in the study's ``validation_tables``.

    Raises:
        ValueError: two rows have one label, ``against`` names no other row, a training does not
            validate, or the rows of a data set validate by different metrics.
    """
    known = list(study.settings.validation_tables)
    if name not in known:
        raise ValueError(
            f"study {study.name!r} has no table of validations {name!r}; {nearest(name, known)}"
            f"known: {', '.join(known) or 'none'}"
        )
    settings, where = study.settings.validation_tables[name], _where(study, name)
    labels = [_label(study, name, row) for row in settings.rows]
    check_labels(labels, where)
    return ValidationSpec(
        study=study.tag,
        study_title=study.settings.title,
        name=name,
        title=settings.title,
        seeds=study.settings.seeds,
        picks=all(
            _settings(study, dataset, row).recipe.select == "best"
            for dataset in study.table_datasets(name)
            for row in settings.rows
        ),
        datasets=tuple(_dataset(study, name, dataset) for dataset in study.table_datasets(name)),
        rows=tuple(
            ValidatedRowSpec(
                label=label,
                method=row.method,
                variant=row.variant,
                against=_against(row, label, dict(zip(labels, settings.rows, strict=True)), where),
                cells={d: _cell(study, name, d, row) for d in study.table_datasets(name)},
            )
            for label, row in zip(labels, settings.rows, strict=True)
        ),
    )


def _where(study: Study, name: str) -> str:
    return f"studies.{study.name}.validation_tables.{name}"


def _settings(study: Study, dataset: str, row: ValidationRowSettings) -> RunSettings:
    return study.run_settings(Run(dataset, row.method, row.variant, study.settings.seeds[0]))


def _label(study: Study, name: str, row: ValidationRowSettings) -> str:
    found = [_settings(study, dataset, row) for dataset in study.table_datasets(name)]
    return row.label or usual_label(row.method, [s.record.label(s.model) for s in found])


def _against(
    row: ValidationRowSettings, label: str, rows: dict[str, ValidationRowSettings], where: str
) -> str | None:
    """Return the label of the row that a row is compared with, if any."""
    if row.against is None:
        first = next(key for key, other in rows.items() if other.method == row.method)
        return None if first == label else first
    others = [key for key in rows if key != label]
    if row.against not in others:
        raise ValueError(
            f"{where}.rows, {label}: there is no other row {row.against!r} to compare it with; "
            f"{nearest(row.against, others)}known: {', '.join(others) or 'none'}"
        )
    return row.against


def _dataset(study: Study, name: str, dataset: str) -> ValidatedDatasetSpec:
    """Return a data set, on which all rows must be validated by one metric."""
    settings = study.settings.validation_tables[name]
    metrics: dict[str, str] = {}
    for row in settings.rows:
        how = _settings(study, dataset, row).validation
        if how is None:
            raise ValueError(
                f"{_where(study, name)}.rows, {row.method}/{row.variant}: its training does not "
                "validate; set `validate_every` or `select: best` in the recipe"
            )
        metrics.setdefault(how.metric, f"{row.method}/{row.variant}")
    if len(metrics) > 1:
        found = ", ".join(f"{row} by {metric}" for metric, row in metrics.items())
        raise ValueError(
            f"{_where(study, name)}: its rows validate by different metrics on {dataset!r}, which "
            f"cannot be compared: {found}; set one `validation_metric` for all"
        )
    block, absent = study.dataset(dataset), study.absent.get(dataset)
    return ValidatedDatasetSpec(
        name=dataset,
        title=block.title or dataset,
        metric=next(iter(metrics)),
        folds=settings.folds or tuple(range(study.folds(dataset))),
        absent=None if absent is None else portable(absent),
    )


def _cell(study: Study, name: str, dataset: str, row: ValidationRowSettings) -> ValidatedCellSpec:
    runs = validated_cell(study, name, dataset, row.method, row.variant)
    return ValidatedCellSpec(
        iterations=_settings(study, dataset, row).recipe.iterations,
        folders=tuple(str(study.run_folder(run)) for run in runs),
    )
