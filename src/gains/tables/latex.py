"""A table in LaTeX, for ``booktabs`` (and ``graphicx`` where it is too wide for a page)."""

from __future__ import annotations

from gains.tables.pivot import BLANK, Entry, Pivot

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
    "×": r"$\times$",
}


def render(table: Pivot) -> str:
    """Return a ``table`` environment with caption, label and notes; input it as it is."""
    columns = len(table.groups) * len(table.metrics)
    tabular = _tabular(table, columns)
    packages = "booktabs"
    if columns > WIDE:
        packages = "booktabs and graphicx"
        tabular = ["\\resizebox{\\linewidth}{!}{%", *tabular[:-1], tabular[-1] + "}"]
    notes = " ".join(escape(note) for note in table.notes)
    lines = [
        f"% needs the packages {packages}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escape(table.title)}}}",
        f"\\label{{tab:{table.name}}}",
        *tabular,
        "",
        f"\\smallskip\\begin{{minipage}}{{\\linewidth}}\\footnotesize {notes}\\end{{minipage}}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Return ``text`` with every character that LaTeX gives a meaning made harmless."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def _tabular(table: Pivot, columns: int) -> list[str]:
    k = len(table.metrics)
    groups = "".join(f" & \\multicolumn{{{k}}}{{c}}{{{escape(g)}}}" for g in table.groups)
    rules = "".join(
        f"\\cmidrule(lr){{{2 + i * k}-{1 + (i + 1) * k}}}" for i in range(len(table.groups))
    )
    metrics = "".join(f" & {escape(m)}" for _ in table.groups for m in table.metrics)
    body = [
        escape(label) + "".join(f" & {_entry(entry)}" for entry in entries) + r" \\"
        for label, entries in table.rows
    ]
    return [
        f"\\begin{{tabular}}{{l{'c' * columns}}}",
        "\\toprule",
        groups.lstrip() + r" \\",
        rules,
        metrics.lstrip() + r" \\",
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabular}",
    ]


def _entry(entry: Entry) -> str:
    text = escape(entry.text)
    return f"\\textbf{{{text}}}" if entry.bold else text
