"""What a reader must know of the rows that show predictions of other programs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gains.external.origin import origin_in
from gains.metrics.names import COCO_METRICS
from gains.published.classes import AVERAGE
from gains.scoring.score_file import ScoreFile
from gains.tables.columns import Field
from gains.tables.specs import RowSpec, TableSpec

FORMAT, SCORED, ABSENT = "external", "external_scores", "external_without"
"""Columns of the CSV: the format of external predictions, whether they have scores, and the classes
of which they have no detection."""


def external_columns(
    row: RowSpec, dataset: str, files: Mapping[str, ScoreFile]
) -> dict[str, Field]:
    """Return the columns that mark external predictions; empty for other rows and absent data.

    Args:
        row: the row.
        dataset: name of the data set.
        files: the score files of the table.

    Raises:
        ValueError: a score file is not one of external predictions.
    """
    found = [(path, origin_in(files[path].content)) for path in row.external.get(dataset, ())]
    for path, origin in found:
        if origin is None:
            raise ValueError(
                f"{path}: expected scores of external predictions ({row.label}), but the file does "
                "not say that they are; make them again with `gains import-predictions` and `gains "
                "score`"
            )
    known = [origin for _, origin in found if origin]
    if not known:
        return {}
    scored = all(origin["scored"] for origin in known)
    absent = ", ".join(known[0]["absent"])
    return {FORMAT: known[0]["format"], SCORED: "yes" if scored else "no", ABSENT: absent or None}


def notes_on_external(spec: TableSpec, cells: pd.DataFrame) -> list[str]:
    """Return the notes on the rows that show external predictions, if there are any.

    Args:
        spec: the table.
        cells: the frame of :func:`gains.tables.cells.read_cells`.
    """
    if FORMAT not in cells:
        return []
    lines = cells.dropna(subset=[FORMAT])
    formats = lines.groupby("row", sort=False)[FORMAT].unique()
    named = "; ".join(f"{row}: {', '.join(found)}" for row, found in formats.items())
    notes = [
        f"Predictions of other programs, read from files ({named}) and scored like those of the "
        "other rows. They have no seeds. How the programs were trained and run is not known here; "
        "the notes on training and score thresholds are about the other rows."
    ]
    if unranked := list(dict.fromkeys(lines.loc[lines[SCORED] == "no", "row"])):
        notes.append(_on_unranked(spec, unranked))
    return notes + _on_absent_classes(spec, lines)


def _on_absent_classes(spec: TableSpec, lines: pd.DataFrame) -> list[str]:
    if AVERAGE not in spec.subsets:
        return []
    found = lines.dropna(subset=[ABSENT])[["row", "dataset", ABSENT]].drop_duplicates()
    titles = {dataset.name: dataset.title for dataset in spec.datasets}
    return [
        f"{row} has no detection of {classes} on {titles[dataset]}, so {classes} counts as missed "
        "in its averages over classes."
        for row, dataset, classes in found.itertuples(index=False)
    ]


def _on_unranked(spec: TableSpec, rows: list[str]) -> str:
    note = (
        f"The files of {', '.join(rows)} hold no scores, so every detection has the score 1 and "
        "counts at any threshold."
    )
    ap = [metric for metric in spec.metrics if metric in COCO_METRICS]
    if not ap:
        return note
    return (
        f"{note} Their {', '.join(ap)}: detections without a ranking, not to be compared with the "
        "values of the other rows."
    )
