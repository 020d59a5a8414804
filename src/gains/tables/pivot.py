"""A table as people read it: rows by (data set, subset, metric), with its notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gains.tables.cells import Cell
from gains.tables.scores import COCO_METRICS, LOWER_IS_BETTER, Value, column

BLANK = "–"


@dataclass(frozen=True)
class Entry:
    """One printed cell.

    Args:
        text: e.g. ``12.34 ± 0.40``.
        bold: best of its column, by more than chance.
    """

    text: str
    bold: bool


@dataclass(frozen=True)
class Pivot:
    """What is printed, without markup.

    Args:
        name: of the table, e.g. ``table3``.
        title: caption.
        groups: data set and subset of each group of columns.
        metrics: columns of every group.
        rows: label and one entry per group and metric.
        notes: sentences below the table.
    """

    name: str
    title: str
    groups: list[str]
    metrics: list[str]
    rows: list[tuple[str, list[Entry]]]
    notes: list[str]


def pivot(spec: dict[str, Any], found: list[Cell]) -> Pivot:
    """Return the table in the study's report mode; values are percent with two decimals."""
    keys = [(d["name"], subset) for d in spec["datasets"] for subset in spec["subsets"]]
    by_key = {(c.row["label"], c.dataset["name"], c.subset): c for c in found}
    labels = [row["label"] for row in spec["rows"]]
    columns = []
    for dataset, subset in keys:
        for metric in spec["metrics"]:
            name = column(metric, spec["mode"])
            values = [by_key[label, dataset, subset].values[name] for label in labels]
            columns.append(_entries(values, metric in LOWER_IS_BETTER))
    return Pivot(
        name=spec["name"],
        title=spec["title"],
        groups=[
            d["title"] + (f", {_subset(subset)}" if len(spec["subsets"]) > 1 else "")
            for d in spec["datasets"]
            for subset in spec["subsets"]
        ],
        metrics=spec["metrics"],
        rows=[(label, [entries[i] for entries in columns]) for i, label in enumerate(labels)],
        notes=_notes(spec),
    )


def show(value: Value) -> str:
    """Return ``12.34 ± 0.40``, ``12.34`` for a single seed, or a dash where undefined."""
    if value.mean is None:
        return BLANK
    return f"{value.mean:.2f}" if value.sd is None else f"{value.mean:.2f} ± {value.sd:.2f}"


def _entries(values: list[Value], lower_is_better: bool) -> list[Entry]:
    best = _clearly_best(values, lower_is_better)
    return [Entry(show(value), i == best) for i, value in enumerate(values)]


def _clearly_best(values: list[Value], lower_is_better: bool) -> int | None:
    """Return the best row, if it leads the next by more than the larger of their two spreads."""
    sign = -1 if lower_is_better else 1
    ranked = sorted(
        (
            (sign * value.mean, value.sd, i)
            for i, value in enumerate(values)
            if value.mean is not None and value.sd is not None
        ),
        reverse=True,
    )
    if len(ranked) < 2:
        return None
    (first, first_sd, index), (second, second_sd, _) = ranked[:2]
    return index if first - second > max(first_sd, second_sd) else None


def _subset(subset: str) -> str:
    return "target class" if subset == "target" else "average over classes"


def _notes(spec: dict[str, Any]) -> list[str]:
    notes = [f"Study {spec['study']}: {spec['study_title']}.", _seeds_note(spec)]
    with_mode = [m for m in spec["metrics"] if m not in COCO_METRICS]
    without = [m for m in spec["metrics"] if m in COCO_METRICS]
    if without:
        notes.append(f"{', '.join(without)}: COCO definitions, all predictions, percent.")
    if with_mode:
        rule = (
            f"clean mode, predictions with a score of at least {spec['clean_score_threshold']:g}"
            if spec["mode"] == "clean"
            else "as_published mode (the published programs' definitions), all predictions"
        )
        notes.append(f"{', '.join(with_mode)}: {rule}, percent.")
    if "target" in spec["subsets"]:
        ids = ", ".join(f"{d['title']}: category {d['target_category']}" for d in spec["datasets"])
        notes.append(f"Target class of the anomaly maps: {ids}.")
    limits = ", ".join(f"{d['title']}: {d['max_detections']}" for d in spec["datasets"])
    notes.append(f"Detections kept per image at most: {limits}.")
    notes += _training_notes(spec)
    notes += [
        f"{d['title']} is a stand-in for {d['stands_for']}, another set of images: its numbers "
        "cannot be compared with published ones."
        for d in spec["datasets"]
        if d["stands_for"]
    ]
    return notes


def _training_notes(spec: dict[str, Any]) -> list[str]:
    """Name the rows that saw more images in training than the row that saw fewest."""
    fewest = {
        d["name"]: min(row["images_seen"][d["name"]] for row in spec["rows"])
        for d in spec["datasets"]
    }
    more: dict[str, list[str]] = {}
    for row in spec["rows"]:
        factors = [row["images_seen"][name] / count for name, count in fewest.items()]
        if max(factors) > 1:
            low, high = f"{min(factors):.2g}", f"{max(factors):.2g}"
            more.setdefault(low if low == high else f"{low} to {high}", []).append(row["label"])
    seen = ", ".join(f"{d['title']}: {fewest[d['name']]}" for d in spec["datasets"])
    if not more:
        return [f"Images seen in training, repetitions counted: {seen}."]
    others = "; ".join(
        f"{', '.join(rows)}: {factor} times as many" for factor, rows in more.items()
    )
    return [f"Images seen in training, repetitions counted: {seen}. {others}."]


def _seeds_note(spec: dict[str, Any]) -> str:
    counts = {len(paths) for row in spec["rows"] for paths in row["scores"].values()}
    if counts == {1}:
        return "One seed (n = 1): no spread is known, so no value is marked as best."
    n = "/".join(str(count) for count in sorted(counts))
    over = "seeds and folds" if max(d["folds"] for d in spec["datasets"]) > 1 else "seeds"
    return (
        f"Mean ± sample standard deviation over {over} (n = {n}). Bold: ahead of the next row by "
        "more than the larger of their two standard deviations."
    )
