"""A small file with the main scores of many runs, for ``dvc metrics show``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gains.scoring.score_file import read_scores
from gains.support.files import write_json
from gains.tables.columns import column

SHOWN = ("mAP", "AP50", "AJI", "Dice", "F1")
MODE = "clean"

Numbers = dict[str, float | None]
"""Percent by column; None where undefined."""


def write_summary(scores: Sequence[str], out: str | Path) -> None:
    """Write ``{data set: {method/variant: {seed: {metric: percent}}}}``.

    Values are averages over classes with two decimals. AJI, Dice and F1 are those of the clean
    mode. An undefined number is null.

    Args:
        scores: score files at ``.../<dataset>/<method>/<variant>/seed<k>/fold<j>/<name>``.
        out: path of the JSON.

    Raises:
        FileNotFoundError: a score file is missing.
        ValueError: no score file is given, one is truncated, lies elsewhere, or is given twice.
    """
    if not scores:
        raise ValueError("no score file given; a summary needs at least one")
    summary: dict[str, dict[str, dict[str, Numbers]]] = {}
    for path in scores:
        dataset, method, seed = _key(path)
        seeds = summary.setdefault(dataset, {}).setdefault(method, {})
        if seed in seeds:
            raise ValueError(f"{path}: a second score file of {dataset}, {method}, {seed}")
        seeds[seed] = _numbers(path)
    write_json(out, summary)


def _key(path: str) -> tuple[str, str, str]:
    parts = Path(path).parts
    if len(parts) < 6 or not parts[-3].startswith("seed") or not parts[-2].startswith("fold"):
        raise ValueError(
            f"{path}: expected .../<dataset>/<method>/<variant>/seed<k>/fold<j>/<name>.scores.json"
        )
    dataset, method, variant, seed, fold = parts[-6:-1]
    return dataset, f"{method}/{variant}", seed if fold == "fold0" else f"{seed}-{fold}"


def _numbers(path: str) -> Numbers:
    scores = read_scores(path)
    values = {column(name, MODE): scores.value(name, MODE) for name in SHOWN}
    return {
        name: None if value is None else round(100 * value, 2) for name, value in values.items()
    }
