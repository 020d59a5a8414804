"""The rows of a study that show predictions of other programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gains.config.study import StudySettings
from gains.external.origin import KEY
from gains.study.runs import Run

if TYPE_CHECKING:
    from gains.study.study import Study


@dataclass(frozen=True)
class ExternalRow:
    """The predictions of another program on one data set.

    Attributes:
        dataset: data set of the study.
        name: name of the predictions in paths, made from the label of the row.
        files: file or folder that holds them.
        category: class of the objects whose files name none, or None.
    """

    dataset: str
    name: str
    files: Path
    category: str | None

    def run(self, fold: int) -> Run:
        """Return the key of the predictions for the test part of a fold; they have no seed."""
        return Run(self.dataset, KEY, self.name, 0, fold)


def external_rows(settings: StudySettings) -> list[ExternalRow]:
    """Return the external predictions of all tables, each once.

    Raises:
        ValueError: rows of equal names show different predictions.
    """
    found: dict[tuple[str, str], ExternalRow] = {}
    for name, table in settings.tables.items():
        for row in table.rows:
            for dataset in table.datasets or settings.datasets:
                files = row.external_on(dataset)
                if files is None:
                    continue
                new = ExternalRow(dataset, folder_name(str(row.label)), Path(files), row.category)
                known = found.setdefault((dataset, new.name), new)
                if known != new:
                    raise ValueError(
                        f"tables.{name}.rows: {row.label!r} shows {new.files} on {dataset}, but "
                        f"another row of this name shows {known.files}, or with another category; "
                        "give each a `label` of its own"
                    )
    return list(found.values())


def folder_name(label: str) -> str:
    """Return the name of external predictions in paths: ``Cellpose-3`` for ``Cellpose 3``."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", label).strip("-.") or KEY


def external_runs(study: Study) -> list[Run]:
    """Return the runs of external predictions: one for each data set that is here, and fold."""
    return [
        row.run(fold)
        for row in external_rows(study.settings)
        if row.dataset not in study.absent
        for fold in range(study.folds(row.dataset))
    ]


def scored_runs(study: Study) -> list[Run]:
    """Return every run of the study that has scores: of its models, and of external predictions."""
    return [*study.runs(), *external_runs(study)]


def external_cell(study: Study, dataset: str, label: str) -> list[Run]:
    """Return the runs behind a table cell of external predictions; none if the data are absent."""
    name = folder_name(label)
    return [r for r in external_runs(study) if (r.dataset, r.variant) == (dataset, name)]


def missing_external(study: Study) -> list[str]:
    """Return a sentence on each missing file or folder of external predictions that a job needs.

    What was read from such files before is used without them. Absent data sets need none.
    """
    rows = {(row.dataset, row.name): row for row in external_rows(study.settings)}
    needed = (
        rows[run.dataset, run.variant]
        for run in external_runs(study)
        if not (study.run_folder(run) / "test.predictions.json.gz").is_file()
    )
    return [
        f"external row {row.name!r}: {row.files} does not exist; correct the path, or put the "
        f"predictions for {row.dataset} there"
        for row in dict.fromkeys(needed)
        if not row.files.exists()
    ]
