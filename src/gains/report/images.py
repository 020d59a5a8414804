"""The data of a report: pictures of each data set, and the numbers of its audit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gains.figures.contact_sheet import contact_sheet
from gains.masks.contacts import LIGHT, MEDIUM, Contact
from gains.report.content import DATA, Cell, HtmlTable, Picture, photograph
from gains.report.spec import ImagesSpec, ReportSpec
from gains.support.csv_file import read_csv
from gains.tables.numerals import BLANK

COLUMNS, SIDE = 6, 160
"""Images of a data set in its picture, and their longer side in px."""

AUDITED = {
    "part": "part",
    "category_name": "class",
    "images": "images",
    "objects": "objects",
    "objects_per_image_mean": "objects per image",
    "area_median": "median area (px)",
    "overlapping": "overlapping (%)",
    **{f"objects_{kind.name}": kind.value for kind in Contact},
}
"""Headings of the columns of the audit."""


def pictures_of(spec: ReportSpec) -> list[Picture]:
    """Return the first images of each data set, without and with the outlines of their objects."""
    return [_picture(dataset, DATA // len(spec.datasets)) for dataset in spec.datasets]


def _picture(dataset: ImagesSpec, most: int) -> Picture:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sheet.png"
        contact_sheet([dataset.coco], out, COLUMNS, SIDE)
        caption = f"{dataset.name}: {dataset.title}. Licence: {dataset.licence}."
        if dataset.stands_for:
            caption += (
                f" It stands in for {dataset.stands_for}: other images or another split, so its "
                "numbers cannot be compared with published ones."
            )
        alt = f"The first images of {dataset.name}, and below them the same with outlined objects"
        return photograph(out.read_bytes(), alt, caption, most)


def audit_numbers(spec: ReportSpec) -> HtmlTable:
    """Return the numbers, sizes, overlap and contact of the objects of each data set."""
    lines = [row for _, row in read_csv(spec.audit).rows]
    missing = [name for name in AUDITED if lines and name not in lines[0]]
    if missing or not lines:
        raise ValueError(f"{spec.audit}: expected the table that `gains audit-table` writes")
    return HtmlTable(
        "Number, size, overlap and contact of the objects",
        ["data set", *AUDITED.values()],
        [[Cell(line["dataset"]), *(_cell(name, line[name]) for name in AUDITED)] for line in lines],
        [
            "Overlapping objects share pixels with another object of their class.",
            "Numbers of objects by their strongest contact: touching objects share no pixel, but "
            f"lie side by side; light, medium and heavy overlap is up to {LIGHT:.0%}, up to "
            f"{MEDIUM:.0%} or more of an object's pixels; crossing objects cut each other.",
        ],
    )


def _cell(name: str, text: str) -> Cell:
    if not text:
        return Cell(BLANK)
    try:
        value = float(text)
    except ValueError:
        return Cell(text)
    if name == "overlapping":
        return Cell(f"{100 * value:.1f}", order=value)
    return Cell(text if value.is_integer() else f"{value:.1f}", order=value)
