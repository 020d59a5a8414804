"""The notes below a table, which a reader needs in order to understand the numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from gains.metrics.names import COCO_METRICS
from gains.published.classes import TARGET
from gains.tables.columns import SUBSETS
from gains.tables.numerals import BLANK, exact, limit
from gains.tables.quotations import notes_on_quoted
from gains.tables.specs import CellSpec, RowSpec, TableSpec, TrainingSpec

_COSTS = (
    "Costs: multiply-adds of convolutions and matrix products for one test image; seconds of one "
    "test image at a time, with the threads of the training; memory of the GPU, or of the process "
    "where there is none. Times of other machines cannot be compared with these."
)

_ONE_SEED = "how another training of a row on the same images would differ is not known."

_ALL = "all detections above the score threshold"


def notes_of(spec: TableSpec, on_images: Sequence[str] = ()) -> list[str]:
    """Return the notes below a table; each has a few sentences.

    Args:
        spec: the table.
        on_images: the notes on the test images.
    """
    own = _of_measured(spec.measured, on_images)
    return [*own, *notes_on_quoted(spec), *_absences(spec)]


def _of_measured(spec: TableSpec, on_images: Sequence[str]) -> list[str]:
    """Return the notes on a table whose rows are all measured."""
    notes = [f"Study {spec.study}: {spec.study_title}.", _seeds(spec), *on_images, *_metrics(spec)]
    if named := [subset for subset in spec.subsets if subset not in SUBSETS]:
        notes.append(f"{', '.join(named)}: only objects and detections of this class count.")
    if TARGET in spec.subsets:
        ids = ", ".join(f"{d.title}: category {d.target_category}" for d in spec.datasets)
        notes.append(f"Target class of the anomaly maps: {ids}.")
    if spec.costs:
        notes.append(_COSTS)
    limits = ", ".join(f"{d.title}: {d.max_detections}" for d in spec.datasets)
    notes.append(f"Detections kept per image at most: {limits}.")
    if (trained := spec.trained).rows:
        notes += [_thresholds(trained), _training(trained)]
        notes += [*_selections(trained), *_differences(trained)]
    notes += [
        f"{d.title} is a stand-in for {d.stands_for}: other images or another split, so its "
        "numbers cannot be compared with published ones."
        for d in spec.datasets
        if d.stands_for
    ]
    return notes


def _absences(spec: TableSpec) -> list[str]:
    """Return a note on each data set that is not on this machine."""
    return [
        f"{d.title} is not on this machine ({d.absent} does not exist), so its measured cells are "
        "empty and the table is not complete; docs/datasets.md says how to get it."
        for d in spec.datasets
        if d.absent
    ]


def _seeds(spec: TableSpec) -> str:
    """Return the note on the spread: over what it is, and of how many values on each data set."""
    counts = {
        d.name: sorted({len(row.scores[d.name]) for row in spec.rows if row.scores.get(d.name)})
        for d in spec.datasets
    }
    shown = [d for d in spec.datasets if counts[d.name]]
    if all(counts[d.name] == [1] for d in shown):
        return f"One seed (n = 1): {_ONE_SEED}"
    folds = max(d.folds for d in shown) > 1
    over = "seeds and folds" if folds and spec.seeds > 1 else "folds" if folds else "seeds"
    texts = {d.title: f"n = {'/'.join(map(str, counts[d.name]))}" for d in shown}
    if len(set(texts.values())) > 1:
        texts = {title: f"{text} on {title}" for title, text in texts.items()}
    listed = ", ".join(dict.fromkeys(texts.values()))
    one = "" if spec.seeds > 1 else f" One seed: {_ONE_SEED}"
    return f"Mean ± sample standard deviation over {over} ({listed}).{one}"


def _metrics(spec: TableSpec) -> list[str]:
    notes = []
    with_mode = [metric for metric in spec.metrics if metric not in COCO_METRICS]
    without = [metric for metric in spec.metrics if metric in COCO_METRICS]
    if without:
        notes.append(f"{', '.join(without)}: COCO definitions, {_ALL}, percent.")
    if with_mode:
        rule = (
            f"clean mode, detections with a score of at least {exact(spec.clean_score_threshold)}"
            if spec.mode == "clean"
            else f"as_published mode (the published programs' definitions), {_ALL}"
        )
        notes.append(f"{', '.join(with_mode)}: {rule}, percent.")
    return notes


def _thresholds(spec: TableSpec) -> str:
    """Return the note on the score thresholds of the rows."""
    values = {
        row.label: _on_data_sets(spec, row, lambda cell: limit(cell.score_threshold))
        for row in spec.rows
    }
    return f"Score threshold, on the score by which a method selects: {_common(values)}."


def _differences(spec: TableSpec) -> list[str]:
    """Return a note on each further setting that is not equal in all rows."""
    settings: dict[str, Callable[[CellSpec], str]] = {
        "Weight decay": lambda cell: exact(cell.training.weight_decay),
        "Start of the training": lambda cell: cell.training.start,
        "Short sides of training images in px": lambda cell: _range(cell.training.train_sizes),
        "Augmentation besides flips": lambda cell: cell.training.augmented_by or "none",
        "Short side of test images in px": _test_size,
        "NMS of detections": _nms,
    }
    found = {
        title: {row.label: _on_data_sets(spec, row, text) for row in spec.rows}
        for title, text in settings.items()
    }
    return [
        f"{title}: {_common(values)}."
        for title, values in found.items()
        if len(set(values.values())) > 1
    ]


def _selections(spec: TableSpec) -> list[str]:
    """Return the notes on the choice of the weights, if those of some row are picked."""
    values = {
        row.label: _on_data_sets(spec, row, lambda cell: cell.training.selection or "last step")
        for row in spec.rows
    }
    if set(values.values()) <= {"last step"}:
        return []
    notes = [f"Weights: {_common(values)}."]
    if spec.picked_on_test:
        notes.append(
            f"The published weights of {', '.join(spec.picked_on_test)} were picked on test "
            "images; none of ours were."
        )
    return notes


def _nms(cell: CellSpec) -> str:
    if cell.nms is None or cell.nms == cell.usual_nms:
        return "default of the method"
    return f"threshold {exact(cell.nms)}"


def _test_size(cell: CellSpec) -> str:
    short, longest = cell.test_size.split("/")
    return f"{short} (longest side at most {longest})"


def _range(sizes: tuple[int, ...]) -> str:
    steps = {after - before for before, after in itertools.pairwise(sizes)}
    if len(sizes) > 2 and len(steps) == 1:
        return f"{sizes[0]} to {sizes[-1]} in steps of {steps.pop()}"
    return ", ".join(map(str, sizes))


def _on_data_sets(spec: TableSpec, row: RowSpec, text: Callable[[CellSpec], str]) -> str:
    """Return a setting of a row: one text if it is equal on all data sets, otherwise one for each.

    The texts are in the order of the data sets; a data set that the row lacks has a dash.
    """
    found = [text(row.cells[d.name]) if d.name in row.cells else None for d in spec.datasets]
    known = [value for value in found if value is not None]
    if len(set(known)) == 1:
        return known[0]
    return "/".join(BLANK if value is None else value for value in found)


def _common(values: dict[str, str]) -> str:
    """Return the most frequent value, and the rows that have another one.

    Args:
        values: the value of each row.
    """
    rows: dict[str, list[str]] = {}
    for label, value in values.items():
        rows.setdefault(value, []).append(label)
    most = max(rows, key=lambda value: len(rows[value]))
    others = "; ".join(f"{v} for {', '.join(rows[v])}" for v in rows if v != most)
    return f"{most}, but {others}" if others else f"{most} for all rows"


def _training(spec: TableSpec) -> str:
    """Return a note on the training of each row; rows of equal training are named together."""
    varied = _varied(spec)
    groups: dict[str, list[str]] = {}
    for row in spec.rows:
        groups.setdefault(_schedule(spec, row, varied), []).append(row.label)
    largest = max(groups, key=lambda text: len(groups[text]))
    parts = [f"{', '.join(rows)}: {text}" for text, rows in groups.items()]
    if len(groups[largest]) > 1:
        parts.remove(f"{', '.join(groups[largest])}: {largest}")
        parts.append(f"{'all other rows' if parts else 'all rows'}: {largest}")
    several = " for each data set in turn" if any("/" in text for text in groups) else ""
    return (
        f"Training (optimiser, learning rate, steps × images per step = images seen{several}): "
        f"{'; '.join(parts)}."
    )


def _columns(training: TrainingSpec) -> list[str]:
    """Return optimiser, rate, steps, batch and number of images seen."""
    seen = training.iterations * training.batch_size
    return [
        training.optimiser_title,
        exact(training.lr),
        str(training.iterations),
        str(training.batch_size),
        str(seen),
    ]


def _varied(spec: TableSpec) -> list[bool]:
    """Return for each column whether it differs between the data sets of some row."""
    rows = [[_columns(cell.training) for cell in row.cells.values()] for row in spec.rows]
    return [any(len({texts[k] for texts in row}) > 1 for row in rows) for k in range(5)]


def _schedule(spec: TableSpec, row: RowSpec, varied: list[bool]) -> str:
    """Return the columns on each data set in turn, once if they are all equal.

    A row that lacks a data set has a dash there, in the columns that differ between data sets.
    """
    found = [
        _columns(row.cells[d.name].training) if d.name in row.cells else None for d in spec.datasets
    ]
    parts = []
    for k in range(5):
        column = [BLANK if texts is None else texts[k] for texts in found]
        values = [text for text in column if text != BLANK]
        equal = len(set(values)) == 1 and (not varied[k] or BLANK not in column)
        parts.append(values[0] if equal else "/".join(column))
    optimiser, rate, steps, batch, seen = parts
    return f"{optimiser}, {rate}, {steps} × {batch} = {seen}"
