"""What a reader must know of quoted numbers: their marks, and the notes on them."""

from __future__ import annotations

from gains.metrics.names import COCO_METRICS
from gains.tables.columns import definition
from gains.tables.numerals import INCOMPARABLE, QUOTED
from gains.tables.specs import DatasetSpec, QuotedSpec, TableSpec


def differences(spec: TableSpec, number: QuotedSpec) -> list[str]:
    """Return why the measured values of the column cannot be compared with a quoted number.

    The list is empty if definition and split are the same. The models and their training may still
    differ.
    """
    found, theirs = [], number.definition or "unknown"
    ours, dataset = _definition(spec, number), _dataset(spec, number)
    if ours != theirs:
        found.append(f"definition: {theirs}, measured: {ours}")
    if dataset.has_another_split:
        found.append(f"official split, measured: {dataset.split}")
    return found


def mark(spec: TableSpec, number: QuotedSpec) -> str:
    """Return the mark of a quoted number, which says whether something speaks against comparing."""
    return INCOMPARABLE if differences(spec, number) else QUOTED


def notes_on_quoted(spec: TableSpec) -> list[str]:
    """Return the notes on the rows that quote published numbers, if there are any."""
    rows = [row for row in spec.rows if row.quotes]
    marks = sorted({mark(spec, number) for row in rows for number in row.quoted})
    notes = []
    if marks:
        names = ", ".join(row.label for row in rows if row.quoted)
        notes.append(
            f"Numbers with {' or '.join(marks)} are not measured here: {spec.source} prints them "
            f"({names}). The notes above are about the other rows."
        )
    notes += _on_marks(spec)
    if empty := [row.label for row in rows if not row.quoted]:
        notes.append(
            f"Nothing is quoted in the row of {', '.join(empty)}: {spec.source} prints no number "
            "of these metrics and classes on a data set of this table."
        )
    titles = [d.title for d in spec.datasets if d.represents is None]
    if rows and titles:
        notes.append(f"Nothing is quoted on {', '.join(titles)}: no published data set.")
    return notes


def _on_marks(spec: TableSpec) -> list[str]:
    """Return a note for each data set, mark and reason, with the metrics that it is about."""
    metrics: dict[tuple[str, str], list[str]] = {}
    for number in (number for row in spec.rows for number in row.quoted):
        if reasons := "; ".join(differences(spec, number)):
            text = f"{INCOMPARABLE} Cannot be compared with the measured values ({reasons})"
        else:
            same = f"{QUOTED} Same definition as the measured values ({number.definition})"
            text = f"{same}, but models and training of the paper"
        key = (text, _dataset(spec, number).title)
        metrics.setdefault(key, []).append(number.metric)
    return [
        f"{text}: {', '.join(dict.fromkeys(names))} on {title}."
        for (text, title), names in metrics.items()
    ]


def _definition(spec: TableSpec, number: QuotedSpec) -> str:
    """Return the definition of the measured values in the column of a quoted number."""
    if spec.mode == "clean" and number.metric not in COCO_METRICS:
        return "clean mode"
    return definition(number.metric)


def _dataset(spec: TableSpec, number: QuotedSpec) -> DatasetSpec:
    return next(dataset for dataset in spec.datasets if dataset.name == number.dataset)
