"""The scores of a report by kind of contact."""

from __future__ import annotations

import math

from gains.metrics.contact import ALL, KINDS, REGIONS, UNMATCHED
from gains.report.content import Cell, HtmlTable
from gains.tables.contact.sections import PIXELS, ContactCell, ContactSection
from gains.tables.numerals import BLANK

NOTES = (
    "Recall (R50): share of the objects of a kind that are found, with IoU above 0.5. The kind is "
    "the contact of an object with others of its class.",
    "Overlap region and rest of object: share of the pixels that the detection covers, of the "
    "objects that overlap and are found. Unmatched detections: their share of all detections.",
)


def contact_table(section: ContactSection) -> HtmlTable:
    """Return the scores by contact of a table on one data set and subset of classes."""
    kinds = [kind for kind in KINDS if section.objects[kind]]
    rows = [
        [
            Cell(row),
            *(_cell(section.cell(row, "R50", kind)) for kind in kinds),
            *(_cell(section.cell(row, PIXELS, region)) for region in REGIONS),
            _cell(section.cell(row, UNMATCHED, ALL)),
        ]
        for row in section.rows
    ]
    headings = [f"{kind} (n = {section.objects[kind]})" for kind in kinds]
    return HtmlTable(
        f"{section.title}, recall by contact", ["row", *headings, *REGIONS, UNMATCHED], rows, NOTES
    )


def _cell(found: ContactCell) -> Cell:
    value = found.score.mean
    if value is None:
        return Cell(BLANK)
    lines: tuple[str, ...] = ()
    if found.standing is not None and not math.isnan(found.standing.interval.low):
        low, high = found.standing.interval
        lines = (f"[{low:z.1f}, {high:z.1f}]",)
    return Cell(f"{value:z.2f}", lines, value, found.leading)
