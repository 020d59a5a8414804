"""The figure of ranks: methods over many data sets, with the critical difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.figures.base import FIGURES, Figure, Out

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST = 6
"""Smallest number of data sets."""


def draw(
    out: Out,
    certainty: Annotated[Path, typer.Option(help="CSV file <table>.certainty.csv beside a table.")],
    metric: Annotated[str, typer.Option(help="Metric of the table.")] = "mAP",
    subset: Annotated[
        str, typer.Option(help="Classes: average, target or the name of a class, as in the table.")
    ] = "average",
) -> None:
    """Draw the mean ranks of methods over at least six data sets, with the critical difference.

    The test of Friedman says whether the methods differ at all. A line begins at each method and
    reaches to the last one that the data sets cannot tell from it: their mean ranks differ by less
    than the critical difference of Nemenyi.

    \b
    Example:
      gains figure ranks --certainty results/table3.certainty.csv --metric AJI --out ranks.png
    """
    from gains.certainty.ranking import critical_difference, friedman
    from gains.figures.drawing.style import figure

    rows, ranks = _ranks(certainty, metric, subset)
    mean, critical = ranks.mean(axis=1), critical_difference(*ranks.shape)
    order = mean.argsort(kind="stable")
    with figure(5.0, 0.9 + 0.24 * len(rows), out, "constrained") as drawn:
        axes = drawn.subplots()
        for place, k in enumerate(order):
            axes.plot(mean[k], place, "o", color="black", markersize=4)
            last = int((mean[order] < mean[k] + critical).nonzero()[0].max())
            axes.hlines(place, mean[k], mean[order[last]], color="grey", linewidth=1.5, zorder=0)
        axes.set_yticks(range(len(rows)), [rows[k] for k in order])
        axes.invert_yaxis()
        axes.set_xlabel(f"mean rank by {metric} over {ranks.shape[1]} data sets")
        axes.set_title(
            f"critical difference {critical:.2f}, p of Friedman {friedman(ranks):.2g}", loc="left"
        )


def _ranks(path: Path, metric: str, subset: str) -> tuple[list[str], NDArray[np.float64]]:
    """Return the methods that have a value on every data set, and their ranks (methods, sets)."""
    import numpy as np
    from scipy import stats

    from gains.metrics.names import smaller_is_better
    from gains.support.csv_file import read_csv

    lines = [row for _, row in read_csv(path, "no such file; make the table first").rows]
    if any(key not in line for line in lines for key in ("metric", "subset", "minus", "value")):
        raise ValueError(f"{path}: expected the file <table>.certainty.csv of a table")
    values: dict[str, dict[str, float]] = {}
    for line in lines:
        if (line["metric"], line["subset"], line["minus"]) == (metric, subset, ""):
            values.setdefault(line["row"], {})[line["dataset"]] = float(line["value"])
    sets = {name for found in values.values() for name in found}
    rows = [row for row, found in values.items() if sets == set(found)]
    if len(sets) < FEWEST or len(rows) < 3:
        raise ValueError(
            f"{path}: expected at least {FEWEST} data sets and three rows with a value of {metric} "
            f"on all of them, found {len(sets)} and {len(rows)}; fewer cannot rank methods: read "
            "the intervals and tests of each data set instead"
        )
    table = np.array([[values[row][name] for name in sorted(sets)] for row in rows])
    sign = 1 if metric in smaller_is_better() else -1
    return rows, np.asarray(stats.rankdata(sign * table, axis=0), dtype=np.float64)


FIGURES.register(Figure("ranks", draw))
