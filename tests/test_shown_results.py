"""The tables of results that pages show are those that the kept runs of the repository give."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.study.opening import open_study
from gains.support.embedding import embed_results, shown_files
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec, table_spec
from gains.tables.validation.of_study import validation_spec
from gains.tables.validation.write import write_validation_table
from gains.tables.write import write_table
from helpers.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWING = [page for page in PAGES if shown_files(page)]


def make(name: str, study_name: str) -> None:
    """Make a table, or the comparison, of a study from its kept runs."""
    study = open_study("config.yaml", study_name)
    folder = Path(study.results, "tables")
    if name in study.settings.tables:
        write_table(table_spec(study, name), folder / f"{name}.csv")
    elif name in study.settings.validation_tables:
        write_validation_table(validation_spec(study, name), folder / f"{name}.csv")
    else:
        assert name == "compare", f"{name} is no table of the study {study_name}"
        tables = [str(folder / f"{table}.csv") for table in study.tables]
        for table in study.tables:
            make(table, study_name)
        write_compare(compare_spec(study), tables, folder / "compare.csv")


@pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.name)
def test_a_page_shows_the_tables_of_the_kept_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("config.yaml", "studies", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    made = [file for file in shown_files(page) if file.parts[0] == "results"]
    files = {(file.name.split(".")[0], file.parts[1]) for file in made}
    for name, study in sorted(files):
        make(name, study)
    wrong = [place for place in embed_results(page, check=True) if not place.agrees]
    assert not wrong, f"type `gains embed {page.relative_to(ROOT)}` in the project: {wrong}"
