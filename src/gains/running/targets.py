"""The tables and figures that a person asks for, and their files."""

from __future__ import annotations

from pathlib import Path

from gains.study.study import Study
from gains.support.registry import nearest

EVERYTHING = "all"
"""The target for the whole study."""
FURTHER = ("compare", "data_audit")
"""Tables that every study has."""
REPORT = "report"
"""The report that every study has."""


def product_target(study: Study, name: str | None) -> str:
    """Return the target of Snakemake for a name; everything if no name is given.

    Args:
        study: the study.
        name: name of a table or figure or `report`, or its file, such as ``results/table3.csv``.

    Raises:
        ValueError: the study makes no such table or figure.
    """
    if name is None:
        return EVERYTHING
    known = [*study.tables, *study.validation_tables, *FURTHER, *study.figures, REPORT]
    stem = Path(name).stem
    if stem not in known:
        raise ValueError(
            f"study {study.name!r} makes no table or figure {name!r}; {nearest(stem, known)}"
            f"known: {', '.join(known)}"
        )
    suffix = "html" if stem == REPORT else "png" if stem in study.figures else "csv"
    return f"results/{stem}.{suffix}"


def made(study: Study, target: str) -> tuple[list[Path], list[Path]]:
    """Return the tables (Markdown) and the other files that a call for a target has made.

    Args:
        study: the study.
        target: what :func:`product_target` returned.
    """
    stem = Path(target).stem

    def asked(name: str) -> bool:
        return target == EVERYTHING or name == stem

    folder = Path(study.results).absolute()
    names = [*study.tables, *study.validation_tables]
    tables = [folder / f"tables/{name}.md" for name in names if asked(name)]
    figures = [folder / f"figures/{name}.png" for name in study.figures if asked(name)]
    further = [folder / f"tables/{name}.csv" for name in FURTHER if asked(name)]
    report = [folder / f"{REPORT}.html"] if asked(REPORT) else []
    files = [*(table.with_suffix(".csv") for table in tables), *further, *figures, *report]
    return [table for table in tables if table.is_file()], [f for f in files if f.is_file()]
