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
