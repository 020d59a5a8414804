"""What a table is made of: everything that determines it but the score files, as JSON."""

from __future__ import annotations

from typing import Any

from gains.config.tables import RowSettings, TableSettings
from gains.methods import METHODS
from gains.published.records import row_names
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.registry import nearest
from gains.tables.scores import check_metric


def spec(study: Study, table: str) -> dict[str, Any]:
    """Return what a table of a study shows, JSON-able; equal studies give equal specs.

    Rows that stand beside a published row come first, in the published order.

    Args:
        study: the study.
        table: a key of its ``tables``.

    Raises:
        ValueError: no such table, an unknown published table or row, a row
            twice, or a metric that does not exist in the study's mode.
    """
    study.table_runs(table)  # refuses an unknown table, naming those known
    settings = study.settings.tables[table]
    datasets = study.table_datasets(table)
    where = f"studies.{study.name}.tables.{table}"
    for metric in settings.metrics:
        check_metric(metric, study.settings.printed_mode, f"{where}.metrics")
    rows = [_row(study, row, datasets) for row in _ordered(settings, where)]
    labels = [row["label"] for row in rows]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(
                f"{where}.rows: {labels.count(label)} rows read {label!r}; "
                "give each a `label` of its own"
            )
    return {
        "study": study.tag,
        "study_title": study.settings.title,
        "name": table,
        "title": settings.title,
        "paper": settings.paper,
        "table": settings.table,
        "metrics": list(settings.metrics),
        "subsets": list(settings.subsets),
        "mode": study.settings.printed_mode,
        "clean_score_threshold": study.settings.clean_score_threshold,
        "datasets": [_dataset(study, name) for name in datasets],
        "rows": rows,
    }


def score_paths(spec: dict[str, Any]) -> list[str]:
    """Return the score files that a table reads, each once, in order of appearance."""
    cells = [paths for row in spec["rows"] for paths in row["scores"].values()]
    return list(dict.fromkeys(path for paths in cells for path in paths))


def _dataset(study: Study, name: str) -> dict[str, Any]:
    block = study.dataset(name)
    return {
        "name": name,
        "title": block.title or name,
        "represents": block.represents,
        "stands_for": block.stands_for,
        "target_category": block.maps.target_category,
        "max_detections": block.max_detections,
        "folds": study.folds(name),
    }


def _row(study: Study, row: RowSettings, datasets: list[str]) -> dict[str, Any]:
    runs = {name: study.cell_runs(name, row.method, row.variant) for name in datasets}
    backbones = {name: _backbone(study, found[0]) for name, found in runs.items()}
    backbone = "/".join(dict.fromkeys(backbones.values()))
    return {
        "label": row.label or f"{METHODS.get(row.method).title} ({backbone})",
        "method": row.method,
        "variant": row.variant,
        "backbone": backbone,
        "backbones": backbones,
        "maps_modes": {name: _maps_mode(study, found[0]) for name, found in runs.items()},
        "images_seen": {
            name: study.run_settings(found[0]).images_seen for name, found in runs.items()
        },
        "published": row.published,
        "scores": {
            name: [str(study.run_folder(run) / "test.scores.json") for run in found]
            for name, found in runs.items()
        },
    }


def _backbone(study: Study, run: Run) -> str:
    """Return the short name of the backbone really used, e.g. ``R18``."""
    name: str = study.run_settings(run).method["backbone"]["name"]
    return name.replace("resnet", "R")


def _maps_mode(study: Study, run: Run) -> str | None:
    maps = study.map_settings(run)
    return None if maps is None else maps.mode


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
