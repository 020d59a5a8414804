"""Greedy matchings of detections (rows) and ground truths (columns)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Match = tuple[int, int]
"""A matched pair: row of the detection, column of the ground truth."""


def greedy_by_overlap(overlap: NDArray[np.float64], above: float) -> list[Match]:
    """Return pairs taken in descending order of overlap, with each row and column at most once.

    Args:
        overlap: (D, G), IoU or Dice.
        above: threshold that the overlap of a pair must exceed.

    Returns:
        The matches, best first. Of equal pairs the one with the earlier row is taken, then the one
        with the earlier column.
    """
    rows, columns = np.nonzero(overlap > above)
    order = np.argsort(-overlap[rows, columns], kind="stable")
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    matches: list[Match] = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            matches.append((row, column))
    return matches


def greedy_by_truth(
    iou: NDArray[np.float64], at_least: float, reusable: NDArray[np.bool_] | None = None
) -> list[Match]:
    """Match each ground truth, in the given order, with the best detection that is still free.

    Args:
        iou: (D, G).
        at_least: threshold that the IoU of a pair must reach.
        reusable: bool (G,), ground truths that leave their detection free for another one.

    Returns:
        The matches in order of the ground truths. Of equal detections the one with the later row is
        taken.
    """
    columns, rows = np.nonzero(at_least <= iou.T)
    values = iou[rows, columns].tolist()
    options: dict[int, list[tuple[float, int]]] = {}
    for column, row, value in zip(columns.tolist(), rows.tolist(), values, strict=True):
        options.setdefault(column, []).append((value, row))
    taken: set[int] = set()
    matches: list[Match] = []
    for column, candidates in options.items():
        free = [candidate for candidate in candidates if candidate[1] not in taken]
        if not free:
            continue
        row = max(free)[1]
        matches.append((row, column))
        if reusable is None or not reusable[column]:
            taken.add(row)
    return matches


def greedy_by_score(
    overlap: NDArray[np.float64], crowd: NDArray[np.bool_], thresholds: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Match each detection, in the given order, with the free ground truth of largest overlap.

    Args:
        overlap: (D, G).
        crowd: bool (G,), regions that any number of detections may be matched with.
        thresholds: (T,), overlaps that a pair must reach, in rising order.

    Returns:
        int64 (T, D), the ground truth of each detection, or -1.
    """
    chosen = np.full((len(thresholds), len(overlap)), -1, dtype=np.int64)
    options = _options(overlap, crowd, float(thresholds[0]))
    crowds = crowd.tolist()
    for row, threshold in enumerate(thresholds.tolist()):
        taken: set[int] = set()
        for detection, candidates in options:
            column = _choose(candidates, threshold, taken, crowds)
            if column >= 0:
                chosen[row, detection] = column
                if not crowds[column]:
                    taken.add(column)
    return chosen


def _options(
    overlap: NDArray[np.float64], crowd: NDArray[np.bool_], at_least: float
) -> list[tuple[int, list[tuple[int, float]]]]:
    """Return, for each detection that has any, the ground truths it may take, crowds last."""
    order = np.argsort(crowd, kind="stable")
    rows, columns = np.nonzero(overlap[:, order] >= at_least)
    columns = order[columns]
    options: dict[int, list[tuple[int, float]]] = {}
    values = overlap[rows, columns].tolist()
    for row, column, value in zip(rows.tolist(), columns.tolist(), values, strict=True):
        options.setdefault(row, []).append((column, value))
    return list(options.items())


def _choose(
    candidates: list[tuple[int, float]], threshold: float, taken: set[int], crowd: list[bool]
) -> int:
    """Return the best free candidate, or -1.

    Of equal candidates the later one is chosen, and an object is preferred to any crowd region.
    """
    best, chosen = threshold, -1
    for column, value in candidates:
        if column in taken:
            continue
        if chosen >= 0 and crowd[column] and not crowd[chosen]:
            break
        if value >= best:
            best, chosen = value, column
    return chosen
