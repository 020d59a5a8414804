"""The scores by contact as files beside a table: CSV for machines, Markdown for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gains.certainty.judgement import FEW, LEAST
from gains.certainty.words import NO_INTERVAL, verdict
from gains.masks.contacts import LIGHT, MEDIUM
from gains.metrics.contact import ALL, KINDS, REGIONS, UNMATCHED
from gains.support.files import write_text, written_last
from gains.support.markdown import escape_markdown, grid, listed
from gains.tables.contact.sections import PIXELS, ContactCell, ContactSection
from gains.tables.numerals import BLANK
from gains.tables.specs import TableSpec

GRIDS = {
    "R50": "Recall (R50): share of the objects that are found with an IoU above 0.5",
    "R75": "The same with an IoU above 0.75",
    "AP50": "Average precision at an IoU of 0.5",
}
"""The grids of the Markdown file, and their titles."""


def write_contact(spec: TableSpec, sections: Sequence[ContactSection], out_csv: Path) -> None:
    """Write the scores by contact of a table as CSV, and as Markdown beside it.

    The CSV has a line for each value: row, measure and kind, by data set and subset. Values are
    percent.

    Args:
        spec: the table.
        sections: its scores, see :func:`gains.tables.contact.sections.contact_sections`.
        out_csv: path ending in ``.csv``.
    """
    lines = [
        {"study": spec.study, "table": spec.name, "dataset": s.dataset, "subset": s.subset}
        | {"images": str(s.images)}
        | _line(cell)
        for s in sections
        for cell in s.cells
    ]
    text = pd.DataFrame(lines).to_csv(index=False, lineterminator="\n")
    with written_last(out_csv, text.encode()):
        write_text(out_csv.with_suffix(".md"), _markdown(spec, sections))


def _line(cell: ContactCell) -> dict[str, str]:
    low, high = cell.standing.interval if cell.standing else (math.nan, math.nan)
    return {
        "row": cell.row,
        "measure": cell.measure,
        "kind": cell.kind,
        "objects": f"{cell.objects:g}",
        "n": str(cell.score.n),
        "value": _four(cell.score.mean),
        "low": _four(low),
        "high": _four(high),
        "sd": _four(cell.score.sd),
        "leading": "yes" if cell.leading else "no",
    }


def _four(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:z.4f}"


def _markdown(spec: TableSpec, sections: Sequence[ContactSection]) -> str:
    notes = [
        f"Study {spec.study}. Values are percent; in brackets the interval of 95% over the test "
        "images. n is the number of objects. Bold are the best value and all that the images "
        "cannot tell from it; nothing is bold where the images cannot rank the rows.",
        "The kind of an object is its strongest contact with other objects of its class. Light, "
        f"medium and heavy overlap: up to {LIGHT:.0%}, up to {MEDIUM:.0%} or more of its pixels "
        "belong to others too. Crossing: it and another object cut each other into pieces.",
        "Recall and pixels count detections with a score of at least "
        f"{spec.clean_score_threshold:g}.",
        "Overlap region and rest of object: share of the pixels that the detection covers, of the "
        "objects that overlap and are found. Their number is in brackets.",
        "Unmatched detections have no kind: their share of all detections is a column of its own, "
        "and in the AP each kind carries the share of them that it has of the objects. "
        "docs/metrics.md has the formulas.",
        NO_INTERVAL,
    ]
    parts = [f"# {escape_markdown(spec.title)}: scores by contact", listed(notes)]
    for section in sections:
        parts.append(
            f"## {escape_markdown(section.title)}: {section.images} test images with "
            f"{section.objects[ALL]} objects"
        )
        parts.append(listed([*_few(section), *map(verdict, section.judgements.values())]))
        for measure, title in GRIDS.items():
            parts += [f"{title}:", grid(_frame(section, measure))]
    return "\n\n".join(parts) + "\n"


def _few(section: ContactSection) -> list[str]:
    """Return sentences on the kinds that have too few objects to say much, or none."""
    few = [kind for kind, count in section.objects.items() if 0 < count < FEW]
    none = [kind for kind, count in section.objects.items() if not count]
    rare = {
        name.removeprefix("R50 "): least
        for name, judgement in section.judgements.items()
        if (least := min((s.support for s in judgement.standings), default=LEAST)) < LEAST
    }
    listed = ", ".join(f"{name} ({least})" for name, least in rare.items())
    sentences = {
        f"Fewer than {FEW} objects: {', '.join(few)}. Do not rely on their values.": few,
        f"No objects, so no column: {', '.join(none)}.": none,
        f"Fewer than {LEAST} test images (in brackets) with such objects of each class, so no "
        f"interval and no test: {listed}.": rare,
    }
    return [sentence for sentence, kinds in sentences.items() if kinds]


def _frame(section: ContactSection, measure: str) -> pd.DataFrame:
    rows = section.rows
    columns = {
        f"{kind} (n = {section.objects[kind]})": [
            _text(section.cell(row, measure, kind)) for row in rows
        ]
        for kind in KINDS
        if section.objects[kind] or kind == ALL
    }
    if measure == "R50":
        for region in REGIONS:
            cells = [section.cell(row, PIXELS, region) for row in rows]
            columns[region] = [f"{_text(cell)} ({cell.objects:.0f})" for cell in cells]
        columns[UNMATCHED] = [_text(section.cell(row, UNMATCHED, ALL)) for row in rows]
    return pd.DataFrame({"": rows, **columns})


def _text(cell: ContactCell) -> str:
    if cell.score.mean is None:
        return BLANK
    value = f"{cell.score.mean:z.2f}"
    text = f"**{value}**" if cell.leading else value
    if cell.standing is None:
        return text
    low, high = cell.standing.interval
    return text if math.isnan(low) else f"{text} [{low:z.1f}, {high:z.1f}]"
