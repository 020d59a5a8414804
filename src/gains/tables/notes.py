"""The notes below a table, which a reader needs in order to understand the numbers."""

from __future__ import annotations

from gains.tables.columns import COCO_METRICS
from gains.tables.obstacles import limit
from gains.tables.specs import TableSpec, TrainingSpec


def notes_of(spec: TableSpec) -> list[str]:
    """Return the notes below a table; each has one or two sentences."""
    notes = [f"Study {spec.study}: {spec.study_title}.", _seeds(spec), *_metrics(spec)]
    if "target" in spec.subsets:
        ids = ", ".join(f"{d.title}: category {d.target_category}" for d in spec.datasets)
        notes.append(f"Target class of the anomaly maps: {ids}.")
    limits = ", ".join(f"{d.title}: {d.max_detections}" for d in spec.datasets)
    notes += [f"Detections kept per image at most: {limits}.", *_thresholds(spec), _training(spec)]
    notes += [
        f"{d.title} is a stand-in for {d.stands_for}, another set of images: its numbers "
        "cannot be compared with published ones."
        for d in spec.datasets
        if d.stands_for
    ]
    return notes


def _seeds(spec: TableSpec) -> str:
    counts = {len(cell.scores) for row in spec.rows for cell in row.cells.values()}
    if counts == {1}:
        return "One seed (n = 1): no spread is known, so no value is marked as best."
    n = "/".join(str(count) for count in sorted(counts))
    over = "seeds and folds" if max(d.folds for d in spec.datasets) > 1 else "seeds"
    return (
        f"Mean ± sample standard deviation over {over} (n = {n}). Bold: ahead of the next row by "
        "more than the larger of their two standard deviations."
    )


def _metrics(spec: TableSpec) -> list[str]:
    notes = []
    with_mode = [metric for metric in spec.metrics if metric not in COCO_METRICS]
    without = [metric for metric in spec.metrics if metric in COCO_METRICS]
    if without:
        notes.append(f"{', '.join(without)}: COCO definitions, all predictions, percent.")
    if with_mode:
        rule = (
            f"clean mode, predictions with a score of at least {spec.clean_score_threshold:g}"
            if spec.mode == "clean"
            else "as_published mode (the published programs' definitions), all predictions"
        )
        notes.append(f"{', '.join(with_mode)}: {rule}, percent.")
    return notes


def _thresholds(spec: TableSpec) -> list[str]:
    """Return a note on the score thresholds of the rows, if they are not all equal."""
    rows: dict[str, list[str]] = {}
    for row in spec.rows:
        values = sorted({cell.score_threshold for cell in row.cells.values()})
        rows.setdefault("/".join(limit(value) for value in values), []).append(row.label)
    if len(rows) == 1:
        return []
    most = max(rows, key=lambda value: len(rows[value]))
    others = "; ".join(f"{v} for {', '.join(rows[v])}" for v in rows if v != most)
    return [f"Score threshold of predictions: {most}, but {others}."]


def _training(spec: TableSpec) -> str:
    """Return a note on the training of each row; rows of equal training are named together."""
    groups: dict[str, list[str]] = {}
    for row in spec.rows:
        trainings = [cell.training for cell in row.cells.values()]
        groups.setdefault(_schedule(trainings), []).append(row.label)
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


def _schedule(trainings: list[TrainingSpec]) -> str:
    """Return rate, steps, batch and images seen on each data set, once if they are all equal."""
    columns = [
        [t.optimiser_title for t in trainings],
        [f"{t.lr:g}" for t in trainings],
        [str(t.iterations) for t in trainings],
        [str(t.batch_size) for t in trainings],
        [str(t.iterations * t.batch_size) for t in trainings],
    ]
    optimiser, rate, steps, batch, seen = (
        column[0] if len(set(column)) == 1 else "/".join(column) for column in columns
    )
    return f"{optimiser}, {rate}, {steps} × {batch} = {seen}"
