"""The comparison with published numbers as Markdown, for people."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from gains.support.markdown import escape_markdown, grid
from gains.tables.comparison import Line
from gains.tables.numerals import BLANK
from gains.tables.printed import format_number
from gains.tables.specs import CompareSpec

_NOTE = (
    "Percent. Papers print different numbers for the same cell, so every source is shown. A "
    "difference is ours minus published. `comparable` is yes only if data set, backbone, modules "
    "and other settings of the method, score threshold, NMS, size of test images, number of "
    "detections, anomaly maps and definition of the metric are known to be the same; the numbers "
    "after no are the reasons below the table. A data set with an official split must be divided "
    "by it. The papers print no split of the other data sets, so ours may be another one."
)


def comparison_markdown(spec: CompareSpec, lines: list[Line]) -> str:
    """Return the comparison: a section for each table, then the recipes of both sides."""
    parts = [
        f"# Ours and published\n\nStudy {escape_markdown(spec.study)}: "
        f"{escape_markdown(spec.study_title)}."
    ]
    if not lines:
        parts.append("No cell of this study's tables has a published counterpart.")
    else:
        parts.append(_NOTE)
    parts += _absences(spec)
    for table in spec.tables:
        own = [line for line in lines if line.table == table.name]
        if own:
            parts += [f"## {escape_markdown(table.title)}", _numbers(own)]
            parts += _reasons(own)
    if lines:
        parts += _recipes(lines)
    return "\n\n".join(parts) + "\n"


def _absences(spec: CompareSpec) -> list[str]:
    """Return a sentence on each data set that is not on this machine."""
    absent = {d.name: d.absent for table in spec.tables for d in table.datasets if d.absent}
    return [
        f"{escape_markdown(name)} is not on this machine ({escape_markdown(path)} does not exist), "
        "so no cell on it is compared."
        for name, path in absent.items()
    ]


def _numbers(lines: list[Line]) -> str:
    index = _index(lines)
    records = [
        {
            "row": line.row,
            "data set": line.dataset,
            "metric": f"{line.metric}, {line.subset}",
            "ours": format_number(line.mean, line.sd),
            "published": format_number(line.published, line.published_spread),
            "source": f"{_source(line)}, {line.published_dataset}",
            "difference": BLANK if line.difference is None else f"{line.difference:+.2f}",
            "comparable": _verdict(line, index),
        }
        for line in lines
    ]
    return grid(pd.DataFrame(records), words=(0, 1, 2, 5, 7))


def _verdict(line: Line, index: dict[str, int]) -> str:
    if line.comparable == "yes":
        return "yes"
    return f"no ({', '.join(str(n) for n in sorted(index[reason] for reason in line.reasons))})"


def _index(lines: list[Line]) -> dict[str, int]:
    """Return the number of each reason, in order of appearance."""
    found = _once(reason for line in lines if line.comparable == "no" for reason in line.reasons)
    return {reason: number for number, reason in enumerate(found, start=1)}


def _reasons(lines: list[Line]) -> list[str]:
    index = _index(lines)
    if not index:
        return []
    return ["\n".join(f"{number}. {escape_markdown(reason)}" for reason, number in index.items())]


def _recipes(lines: list[Line]) -> list[str]:
    ours = [(line.row, line.dataset, line.recipe) for line in lines]
    theirs = [(_source(line), line.published_dataset, _published_recipe(line)) for line in lines]
    unless = (
        " unless another is named" if any(", checkpoint: " in line.recipe for line in lines) else ""
    )
    return [
        "## Recipes",
        "The training may differ between comparable numbers.",
        f"Ours, with the last checkpoint{unless}:\n\n{_by_recipe(ours)}",
        f"Published:\n\n{_by_recipe(theirs)}",
    ]


def _published_recipe(line: Line) -> str:
    recipe, picking = line.published_recipe, line.published_picking
    if recipe is None and picking is None:
        return "unknown"
    return f"{recipe or 'unknown'}, checkpoint: {picking or 'unknown'}"


def _by_recipe(trainings: list[tuple[str, str, str]]) -> str:
    """Return a list with an item for each recipe, which names the rows that have it.

    Args:
        trainings: row, data set and recipe; data sets are named where they decide the recipe.
    """
    recipes: dict[str, set[str]] = {}
    for row, _, recipe in trainings:
        recipes.setdefault(row, set()).add(recipe)
    items: dict[str, dict[str, list[str]]] = {}
    for row, dataset, recipe in trainings:
        named = [dataset] if len(recipes[row]) > 1 else []
        items.setdefault(recipe, {}).setdefault(row, []).extend(named)
    return "\n".join(
        f"- {escape_markdown(recipe)}: {escape_markdown(_rows_of(rows))}"
        for recipe, rows in items.items()
    )


def _rows_of(rows: dict[str, list[str]]) -> str:
    groups: dict[str, list[str]] = {}
    for row, names in rows.items():
        groups.setdefault(", ".join(_once(names)), []).append(row)
    return ". ".join(
        (f"On {names}: " if names else "") + "; ".join(groups[names]) for names in sorted(groups)
    )


def _source(line: Line) -> str:
    return f"{line.published_paper} {line.published_table}, {line.published_row}"


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
