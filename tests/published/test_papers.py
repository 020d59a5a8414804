"""The papers, and the names of their tables and figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from gains.config.figures import FIGURES as FIGURES_OF_STUDIES
from gains.figures import FIGURES
from gains.methods import METHODS
from gains.published import records
from gains.published.papers import PAPERS, paper_named
from helpers.paths import ROOT


@pytest.fixture
def unread() -> Iterator[None]:
    """Forget the published numbers before and after a test."""
    records.numbers.cache_clear()
    yield
    records.numbers.cache_clear()


def test_every_published_number_is_of_a_known_paper() -> None:
    assert {number.paper for number in records.numbers()} == set(PAPERS.names())


def test_a_number_of_an_unknown_paper_is_refused_with_the_nearest(
    unread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "published_records", lambda _: [{"paper": "DoNets"}])
    with pytest.raises(ValueError, match="unknown paper 'DoNets'; did you mean 'DoNet'"):
        records.numbers()


def test_the_name_of_a_table_or_figure_tells_its_paper() -> None:
    names = {
        "table1": "GAInS",
        "table3_published_recipe": "GAInS",
        "figure3": "GAInS",
        "donet_table1": "DoNet",
        "donet_figure1": "DoNet",
        "layering_figure4": "Layering",
        "a2b_table3": "A2B-IS",
        "layering_table2": "Layering",
    }
    found = {name: paper_named(name) for name in [*names, "others", "tables", "my_donet_table1"]}
    assert {name: paper.name for name, paper in found.items() if paper} == names


def test_no_prefix_and_no_study_belongs_to_two_papers() -> None:
    prefixes = [paper.prefix for paper in PAPERS]
    studies = [study for paper in PAPERS for study in paper.studies]
    assert len(set(prefixes)) == len(prefixes) and len(set(studies)) == len(studies)
    assert not [a for a in prefixes for b in prefixes if a and a != b and b.startswith(a)]


def test_the_records_agree_with_those_of_the_project_and_of_the_methods() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())["preferred-citation"]
    gains, donet = PAPERS.get("GAInS"), PAPERS.get("DoNet")
    assert (gains.title, str(cited["year"])) == (cited["title"], gains.venue.split()[-1])
    assert gains.authors == ", ".join(author["family-names"] for author in cited["authors"])
    assert METHODS.get("donet").citation == f"{donet.authors}: {donet.title}. {donet.venue}"


def test_a_figure_is_named_after_its_paper() -> None:
    for figure in FIGURES:
        paper, published = paper_named(figure.name), figure.published
        assert (paper.name if paper else None) == (published.paper if published else None)
    shown = FIGURES.get("figure3").published
    assert shown and (shown.paper, shown.number) == ("GAInS", "3")
    assert FIGURES.get("predictions").published is None


def test_every_figure_of_a_study_is_registered() -> None:
    assert set(FIGURES_OF_STUDIES) <= set(FIGURES.names())
