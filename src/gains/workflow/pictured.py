"""The rows of a table that the figure of predictions shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gains.study.study import Study
from gains.tables.of_study import table_spec


@dataclass(frozen=True)
class PicturedRow:
    """A row of the table, with the files of its first seed and fold.

    Attributes:
        label: text that names the row in the table.
        predictions: predictions of the test images.
        scores: their scores.
    """

    label: str
    predictions: str
    scores: str


def pictured_rows(study: Study) -> list[PicturedRow]:
    """Return the measured rows of the figure of predictions, in the order of the table.

    There are none if the data set is absent.

    Raises:
        ValueError: see :func:`gains.tables.of_study.table_spec`.
    """
    dataset = study.settings.figure_dataset("predictions")
    rows = table_spec(study, study.settings.pictured_table).rows
    return [
        PicturedRow(row.label, str(Path(scores).with_name("test.predictions.json.gz")), scores)
        for row in rows
        if dataset in row.cells
        for scores in row.cells[dataset].scores[:1]
    ]
