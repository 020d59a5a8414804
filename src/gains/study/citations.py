"""What the results of a study cite: its methods, data sets and papers, and this program."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gains.datasets.base import DATASETS
from gains.methods import METHODS
from gains.published.references import PROGRAM, references_of
from gains.study.study import Study


def cited_names(study: Study) -> dict[str, str]:
    """Return what a study cites, e.g. ``method htc``, each with the citation text of its record.

    The text is empty for papers, which are always known, and for what has none, as own images.
    """
    settings = study.settings
    names = [row.method for table in settings.tables.values() for row in table.rows if row.method]
    names += [row.method for t in settings.validation_tables.values() for row in t.rows]
    methods = [METHODS.get(name) for name in names]
    sources = [DATASETS.get(block.source or name) for name, block in settings.datasets.items()]
    papers = [table.paper for table in settings.tables.values() if table.table]
    return {
        PROGRAM: "",
        **{f"paper {name}": "" for name in papers},
        **{f"method {method.name}": method.citation for method in methods},
        **{f"data set {source.name}": source.citation for source in sources},
    }


def bibtex(cited: dict[str, str]) -> Sequence[str]:
    """Return the entries of what is cited.

    A method or data set without an entry, as of another package, gets one from its citation text.

    Args:
        cited: what :func:`cited_names` returns.
    """
    found = references_of(cited)
    known = {subject for reference in found for subject in reference.subjects}
    others = [
        f"@misc{{{re.sub(r'[^A-Za-z0-9]+', '_', name)},\n  note = {{{text}}}\n}}"
        for name, text in cited.items()
        if text and name not in known
    ]
    return [*(reference.text for reference in found), *others]
