"""A table in LaTeX for the package ``booktabs``, and for ``graphicx`` if it is wide."""

from __future__ import annotations

import pandas as pd

from gains.tables.numerals import BLANK, INCOMPARABLE, QUOTED
from gains.tables.printed import PrintedTable

WIDE = 8
"""Columns beyond which the table is scaled to the width of the text."""

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    BLANK: "--",
    QUOTED: r"$\dagger$",
    INCOMPARABLE: r"$\ddagger$",
    "×": r"$\times$",
}


def to_latex(table: PrintedTable) -> str:
    """Return a ``table`` environment with caption, label and notes; input it as it is."""
    tabular, packages = _tabular(table), "booktabs"
    if len(table.text.columns) > WIDE:
        tabular, packages = (
            f"\\resizebox{{\\linewidth}}{{!}}{{%\n{tabular}}}",
            "booktabs and graphicx",
        )
    notes = " ".join(escape_latex(note) for note in table.notes)
    lines = [
        f"% needs the packages {packages}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escape_latex(table.title)}}}",
        f"\\label{{tab:{table.name}}}",
        tabular,
        "",
        f"\\smallskip\\begin{{minipage}}{{\\linewidth}}\\footnotesize {notes}\\end{{minipage}}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escape_latex(text: str) -> str:
    """Return ``text`` with every character that LaTeX interprets escaped, on one line."""
    return "".join(_SPECIAL.get(character, character) for character in " ".join(text.splitlines()))


def _tabular(table: PrintedTable) -> str:
    text = table.text.map(escape_latex).rename(index=escape_latex, columns=escape_latex)
    text = text.mask(table.best.to_numpy(), "\\textbf{" + text + "}")
    columns, k = len(text.columns), len(text.columns.unique(1))
    # pandas would join neighbouring groups of one title, so it gets their numbers as keys
    titles, metrics = (text.columns.get_level_values(level) for level in (0, 1))
    text.columns = pd.MultiIndex.from_arrays([[i // k for i in range(columns)], metrics])
    # which then formats the titles as templates, in which a brace is written twice
    templates = [title.replace("{", "{{").replace("}", "}}") for title in titles]
    style = text.style.relabel_index(templates, axis="columns", level=0)
    lines = style.to_latex(
        column_format="l" + "c" * columns, hrules=True, multicol_align="c"
    ).splitlines()
    # pandas does not draw rules below the groups of columns
    rules = "".join(f"\\cmidrule(lr){{{i}-{i + k - 1}}}" for i in range(2, columns + 2, k))
    return "\n".join([*lines[:3], rules, *lines[3:]])
