"""What a study cites, as BibTeX."""

from __future__ import annotations

import re

from gains.datasets.catalogue import DATASETS
from gains.methods import METHODS
from gains.published.papers import PAPERS
from gains.published.references import PROGRAM, references, references_of
from gains.study.citations import bibtex, cited_names
from gains.study.opening import open_study
from helpers.paths import ROOT


def test_every_method_paper_and_published_data_set_has_an_entry_and_no_entry_is_left_over() -> None:
    asked = {PROGRAM}
    asked |= {f"method {method.name}" for method in METHODS}
    asked |= {f"paper {paper.name}" for paper in PAPERS}
    asked |= {f"data set {source.name}" for source in DATASETS if source.citation}
    assert {subject for entry in references() for subject in entry.subjects} == asked


def test_the_entries_are_whole() -> None:
    keys = [entry.key for entry in references()]
    assert len(set(keys)) == len(keys) > 20
    for entry in references():
        assert entry.text.count("{") == entry.text.count("}")
        assert re.search(r"^ +title +=", entry.text, re.MULTILINE), entry.key
        assert re.search(r"^ +author +=", entry.text, re.MULTILINE), entry.key
        assert "keywords" not in entry.text and "VERSION" not in entry.text


def test_the_years_and_venues_are_those_of_the_records() -> None:
    for method in METHODS:
        (entry,) = references_of([f"method {method.name}"])
        assert f"year{{{method.citation[-4:]}}}" in re.sub(r"[ =]", "", entry.text)
        title = method.citation.split(": ", 1)[1].rsplit(". ", 1)[0]
        assert title in re.sub(r"(?<!\\)[{}]", "", entry.text), method.name


def test_a_study_cites_what_it_uses_and_nothing_else() -> None:
    first = cited_names(open_study(ROOT / "config.yaml", "first"))
    assert list(first) == [
        PROGRAM,
        "paper GAInS",
        "method mask_rcnn",
        "method gains",
        "data set synthetic-cells",
    ]
    text = "\n".join(bibtex(first))
    assert re.findall(r"^@\w+\{(.*),", text, re.MULTILINE) == [
        "gains_bench",
        "liu2024gains",
        "he2017mask",
    ]


def test_what_has_no_entry_is_cited_by_its_text() -> None:
    assert bibtex({"method mine-2": "Nobody 2026"}) == [
        "@misc{method_mine_2,\n  note = {Nobody 2026}\n}"
    ]
