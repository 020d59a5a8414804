"""The values at several score thresholds as files: CSV for machines, Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gains.methods import METHODS
from gains.metrics import METRICS
from gains.support.files import require_suffix, write_text, written_last
from gains.support.markdown import escape_markdown, grid, listed
from gains.tables.numerals import exact
from gains.tables.validation.threshold_search import ThresholdRow, ThresholdSearch
from gains.tables.validation.words import NOT_SEEN

ALL_ROWS = "mean of the rows"


def write_thresholds(found: ThresholdSearch, out_csv: str | Path) -> None:
    """Write the values as CSV, and as Markdown beside it.

    The CSV has a line for each data set, method, metric and threshold.

    Args:
        found: the values.
        out_csv: path ending in ``.csv``.

    Raises:
        ValueError: ``out_csv`` does not end in ``.csv``.
    """
    out_csv = require_suffix(out_csv, ".csv")
    text = pd.DataFrame(_lines(found)).to_csv(index=False, float_format="%.4f", lineterminator="\n")
    with written_last(out_csv, text.encode()):
        write_text(out_csv.with_suffix(".md"), threshold_markdown(found))


def _lines(found: ThresholdSearch) -> Iterator[dict[str, object]]:
    for row in found.rows:
        for m, metric in enumerate(row.metrics):
            for t, threshold in enumerate(found.thresholds):
                yield {
                    "study": found.study.tag,
                    "dataset": row.dataset,
                    "method": row.method,
                    "variant": row.variant,
                    "metric": metric,
                    "threshold": exact(threshold),
                    "settings_hash": row.settings_hash,
                    "runs": len(row.values),
                    "images": " ".join(map(str, dict.fromkeys(row.images))),
                    "mean": 100 * row.mean[t, m],
                    "sd": 100 * row.sd[t, m],
                }


def threshold_markdown(found: ThresholdSearch) -> str:
    """Return the values as Markdown: for each data set a table of each metric."""
    parts = ["# Score thresholds, on validation images"]
    for dataset in dict.fromkeys(row.dataset for row in found.rows):
        rows = [row for row in found.rows if row.dataset == dataset]
        metrics = rows[0].metrics
        parts.append(f"## {escape_markdown(dataset)}")
        parts.append(listed(threshold_verdict(found, rows, m) for m in range(len(metrics))))
        for m, metric in enumerate(metrics):
            parts += [f"{escape_markdown(metric)}:", grid(_grid(found, rows, m))]
    return "\n\n".join([*parts, listed(_notes(found))]) + "\n"


def threshold_verdict(found: ThresholdSearch, rows: Sequence[ThresholdRow], metric: int) -> str:
    """Return which threshold is best for the mean of rows, and what it brings.

    Args:
        found: all values.
        rows: the rows of a data set.
        metric: index of the metric.
    """
    mean = np.mean([row.mean[:, metric] for row in rows], axis=0)
    name = rows[0].metrics[metric]
    best = _best(found, mean, name)
    own = found.thresholds.index(found.own)
    what = f"the {ALL_ROWS}" if len(rows) > 1 else _label(rows[0])
    text = f"{name}: {what} is best at {exact(found.thresholds[best])}"
    if best == own:
        return f"{text}, the threshold of the study ({100 * mean[best]:.2f})."
    return (
        f"{text} ({100 * mean[best]:.2f}); at {exact(found.own)}, the threshold of the study, it "
        f"is {100 * mean[own]:.2f}."
    )


def _best(found: ThresholdSearch, values: NDArray[np.float64], metric: str) -> int:
    """Return the index of the best value: of equal ones, that of the study, or else the lowest."""
    signed = -values if METRICS.get(metric).smaller_is_better else values
    own = found.thresholds.index(found.own)
    return own if signed[own] == signed.max() else int(signed.argmax())


def _grid(found: ThresholdSearch, rows: Sequence[ThresholdRow], metric: int) -> pd.DataFrame:
    """Return the values of a metric as text: a row for each method, ``**`` marks its best value."""
    name = rows[0].metrics[metric]
    means = [row.mean[:, metric] for row in rows]
    lines = [
        [_label(row), *_cells(found, mean, row.sd[:, metric], name), str(len(row.values))]
        for row, mean in zip(rows, means, strict=True)
    ]
    if len(rows) > 1:
        mean = np.mean(means, axis=0)
        unknown = np.full(len(mean), np.nan)
        lines.append([ALL_ROWS, *_cells(found, mean, unknown, name), ""])
    return pd.DataFrame(lines, columns=["", *map(exact, found.thresholds), "runs"])


def _cells(
    found: ThresholdSearch, mean: NDArray[np.float64], sd: NDArray[np.float64], metric: str
) -> list[str]:
    best = _best(found, mean, metric)
    return [_cell(m, s, t == best) for t, (m, s) in enumerate(zip(mean, sd, strict=True))]


def _cell(mean: float, sd: float, best: bool) -> str:
    text = f"{100 * mean:.2f}"
    return (f"**{text}**" if best else text) + ("" if np.isnan(sd) else f" ± {100 * sd:.2f}")


def _label(row: ThresholdRow) -> str:
    title = METHODS.get(row.method).title
    return row.label or (title if row.variant == "default" else f"{title}, {row.variant}")


def _notes(found: ThresholdSearch) -> list[str]:
    counts: dict[str, set[int]] = {}
    for row in found.rows:
        counts.setdefault(row.dataset, set()).update(row.images)
    images = ", ".join(f"{name}: {counted(numbers)}" for name, numbers in counts.items())
    notes = [
        f"Study {found.study.tag}. Percent, clean mode, mean over the classes: the detections "
        "count whose score is at least the number above the column. Mean ± sample standard "
        "deviation over seeds and folds.",
        "Bold: the best value of a row; of equal ones that of the study, or else of the lowest "
        "threshold. Below the score threshold of the predictions of a method, nothing changes.",
        f"Images in each validation part: {images}. {NOT_SEEN}",
        "Choose one threshold for all methods that are compared, so that none is favoured.",
    ]
    if found.study.settings.printed_mode != "clean":
        notes.append(
            "The tables of this study show these metrics as published, which do not depend on "
            "`clean_score_threshold`."
        )
    if missing := found.missing:
        what = "1 run has" if len(missing) == 1 else f"{len(missing)} runs have"
        notes.append(
            f"{what} no model here, and no value in these tables: first {missing[0].path}."
        )
    return notes


def counted(numbers: set[int]) -> str:
    """Return numbers as text: ``9``, or ``9 to 10`` if they differ."""
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
