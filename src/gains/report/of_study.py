"""The specification of a study's report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gains.config.base import Changes
from gains.datasets.base import DATASETS
from gains.methods import METHODS
from gains.report.spec import ImagesSpec, ReportSpec, RunSpec, ShownSpec
from gains.study.citations import cited_names
from gains.study.external import external_rows, folder_name
from gains.study.study import Study
from gains.support.names import portable
from gains.tables.of_study import table_spec
from gains.tables.specs import TableSpec
from gains.tables.validation.of_study import validation_spec


def report_spec(study: Study) -> ReportSpec:
    """Return the specification of a report; equal studies give equal specifications.

    Raises:
        ValueError: see :func:`gains.tables.of_study.table_spec`.
    """
    present = [name for name in study.settings.datasets if name not in study.without_images]
    return ReportSpec(
        study=study.tag,
        study_title=study.settings.title,
        tables=tuple(
            sorted((table_spec(study, name) for name in study.tables), key=_methods, reverse=True)
        ),
        validations=tuple(validation_spec(study, name) for name in study.validation_tables),
        datasets=tuple(_images(study, name) for name in present),
        trainings=tuple(
            RunSpec(
                dataset=run.dataset,
                title=title_of(run.method, run.variant),
                seed=run.seed,
                fold=run.fold,
                folder=str(study.run_folder(run)),
                kept=study.is_kept(run),
            )
            for run in study.trainings()
        ),
        shown=tuple(_shown(study)),
        compare=f"{study.results}/tables/compare.csv",
        audit=f"{study.results}/tables/data_audit.csv",
        min_score=study.settings.clean_score_threshold,
        settings=_as_written(study),
        cited=cited_names(study),
    )


def _methods(table: TableSpec) -> int:
    """Return how many methods a table compares; variants of one method count once."""
    return len({row.method or row.label for row in table.measured.rows})


def title_of(method: str, variant: str) -> str:
    """Return a method and its variant in words, e.g. ``GAInS, w7``."""
    title = METHODS.get(method).title
    return title if variant == "default" else f"{title}, {variant}"


def _images(study: Study, name: str) -> ImagesSpec:
    block = study.dataset(name)
    source = DATASETS.get(block.source or name)
    return ImagesSpec(
        name=name,
        title=source.title,
        licence=source.licence,
        stands_for=block.stands_for,
        coco=str(study.coco(name)),
    )


def _shown(study: Study) -> list[ShownSpec]:
    """Return the methods on each data set, in the order of the data sets."""
    found: dict[tuple[str, str], list[str]] = {}
    for run in study.runs():
        key = run.dataset, title_of(run.method, run.variant)
        found.setdefault(key, []).append(str(study.run_folder(run)))
    rows = [row for table in study.settings.tables.values() for row in table.rows if row.external]
    labels = {folder_name(str(row.label)): str(row.label) for row in rows}
    for row in external_rows(study.settings):
        folds = range(study.folds(row.dataset)) if row.dataset not in study.absent else ()
        for fold in folds:
            folder = str(study.run_folder(row.run(fold)))
            found.setdefault((row.dataset, labels[row.name]), []).append(folder)
    order = list(study.settings.datasets)
    return [
        ShownSpec(dataset=dataset, title=title, folders=tuple(folders))
        for (dataset, title), folders in sorted(found.items(), key=lambda i: order.index(i[0][0]))
    ]


LIMITS = {"gpu", "mem_mb"}
"""Settings of the machine, on which no result depends."""


def _as_written(study: Study) -> Changes:
    written = study.settings.model_dump(mode="json", exclude_unset=True, exclude=LIMITS)
    return {name: without_folders(value) for name, value in written.items()}


def without_folders(content: Any) -> Any:
    """Return settings in which an absolute path is only the name of the file or folder.

    A report is to be given away, and says nothing about the machine.
    """
    if isinstance(content, dict):
        return {key: without_folders(value) for key, value in content.items()}
    if isinstance(content, list):
        return [without_folders(value) for value in content]
    if isinstance(content, str) and Path(content).is_absolute():
        return portable(content)
    return content
