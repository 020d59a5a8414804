"""The verb ``gains papers``: for a pipe and for a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from gains.cli.main import app
from helpers.paths import ROOT
from helpers.terminal import printed_to_a_terminal


def papers(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["papers", *arguments], catch_exceptions=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two studies, of which one has an own table, and a broken one beside them."""
    block = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]
    own = {"mine": {"title": "my rows", "rows": [{"method": "gains"}]}}
    studies = {"tiny": block, "other": block | {"tables": own, "figure3": None}}
    (tmp_path / "studies").mkdir()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"study": "tiny", "studies": studies}))
    wrong = {
        "table3": {"title": "t", "table": "III", "rows": [{"method": "gains", "published": "G"}]}
    }
    broken = {"studies": {"broken": block | {"tables": wrong}}}
    (tmp_path / "studies/broken.yaml").write_text(yaml.safe_dump(broken))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_pipe_gets_a_line_for_each_table_and_figure(project: Path) -> None:
    done = papers()
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    run = "snakemake --cores 8"
    data = "synthetic-cells (made here)"
    assert rows == [
        [
            *("GAInS", "Table III", "Comparison of methods", "tiny", f"{run} results/table3.csv"),
            *(data, "", "4", "0", "", ""),
        ],
        [
            *("GAInS", "Figure 3", "From an image and its masks to the gradient anomaly map"),
            *("tiny", f"{run} results/figure3.png", data, "", "0", "0", "", ""),
        ],
        [
            *("", "mine", "my rows", "other", f"{run} results/mine.csv --config study=other"),
            *(data, "", "2", "0", "", ""),
        ],
    ]
    assert "study broken is not listed: studies.broken.tables.table3: GAInS Table" in done.stderr


def test_a_table_whose_data_are_absent_has_no_command(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = yaml.safe_load((project / "config.yaml").read_text())
    block = content["studies"]["other"]
    options = {"images": "mine/images", "labels": "mine/a.json"}
    gone = {"source": "folder", "options": options, "optional": True}
    block["datasets"] = block["datasets"] | {"gone": gone}
    block["tables"]["mine"]["datasets"] = ["gone"]
    (project / "config.yaml").write_text(yaml.safe_dump(content))
    (line,) = papers("--study", "other").stdout.splitlines()
    assert line.split("\t")[3:6] == ["other", "", "gone (absent: mine/a.json does not exist)"]
    shown = printed_to_a_terminal(monkeypatch, "papers", "--study", "other", width=80)
    assert "it cannot be made here, because its data are absent" in shown


def test_a_terminal_of_80_columns_gets_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("results/tiny/tables").mkdir(parents=True)
    for name in ("results/tiny/tables/table3.csv", "results/table3.csv"):
        Path(name).touch()
    shown = printed_to_a_terminal(monkeypatch, "papers", width=80)
    assert max(map(len, shown.splitlines())) == 80
    for text in (
        "│ GAInS ",
        "https://arxiv.org/abs/2409.13988",
        "│ Table III ",
        "study tiny",
        "│ snakemake --cores 8 results/table3.csv ",
        "data: synthetic-cells (made here)",
        "trainings: 0 of 4 done",
        "files: results/tiny/tables/table3.csv",
        "results/table3.csv: of this study",
        "files: none yet",
        "│ DoNet ",
        "No study that is listed makes a table or figure of it.",
        "│ mine ",
    ):
        assert text in shown


def test_one_paper_or_one_study_can_be_listed(project: Path) -> None:
    assert [line.split("\t")[3] for line in papers("--paper", "GAInS").stdout.splitlines()] == [
        "tiny",
        "tiny",
    ]
    done = papers("--study", "other")
    assert len(done.stdout.splitlines()) == 1 and not done.stderr
    done = papers("--study", "broken")
    assert not done.stdout and "study broken is not listed" in done.stderr
    assert not papers("--paper", "DoNet").stdout


@pytest.mark.parametrize(
    ("option", "message"),
    [(("--paper", "GAINS"), "did you mean 'GAInS'"), (("--study", "tny"), "did you mean 'tiny'")],
)
def test_an_unknown_paper_or_study_is_refused(
    project: Path, option: tuple[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        papers(*option)


def test_the_command_names_another_config_file(project: Path) -> None:
    (project / "config.yaml").rename(project / "my own.yaml")
    first, *_ = papers("--config", "my own.yaml").stdout.splitlines()
    assert "\tsnakemake --cores 8 results/table3.csv --configfile 'my own.yaml'\t" in first


def test_the_command_names_the_file_of_a_study_beside_another_config_file(project: Path) -> None:
    for name in ("config.yaml", "studies"):
        Path("other").mkdir(exist_ok=True)
        (project / name).rename(project / "other" / name)
    block = yaml.safe_load(Path("other/config.yaml").read_text())["studies"]["tiny"]
    Path("other/studies/own.yaml").write_text(yaml.safe_dump({"studies": {"own": block}}))
    lines = papers("--config", "other/config.yaml", "--study", "own").stdout
    files = "other/config.yaml other/studies/own.yaml"
    assert f"table3.csv --configfile {files} --config study=own\t" in lines


def test_a_label_of_the_config_file_is_that_of_the_results(project: Path) -> None:
    content = yaml.safe_load(Path("config.yaml").read_text())
    Path("config.yaml").write_text(yaml.safe_dump({**content, "label": "long"}))
    file = Path("results/tiny+long/tables/table3.csv")
    file.parent.mkdir(parents=True)
    file.touch()
    assert str(file) in papers().stdout
    Path("config.yaml").write_text(yaml.safe_dump({**content, "label": "not a name"}))
    assert "study tiny is not listed: config.yaml.label: " in papers().stderr


def test_a_title_of_several_lines_stays_on_its_line(project: Path) -> None:
    content = yaml.safe_load(Path("config.yaml").read_text())
    content["studies"]["tiny"]["tables"]["table3"]["title"] = "a\tb\nc"
    Path("config.yaml").write_text(yaml.safe_dump(content))
    assert papers().stdout.splitlines()[0].split("\t")[2] == "a b c"


def test_the_repository_lists_the_tables_and_figures_of_gains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    done = papers("--paper", "GAInS")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    found = {
        (number, study): command
        for _, number, _, study, command, *_ in rows
        if study in ("demo", "paper") and "published_recipe" not in command
    }
    parts = {
        "Table I": "table1.csv",
        "Table II": "table2.csv",
        "Table III": "table3.csv",
        **{f"Figure {k}": f"figure{k}.png" for k in (1, 3, 4)},
    }
    run = "snakemake --cores 8 results"
    assert found == {
        (number, study): f"{run}/{file}{'' if study == 'demo' else ' --config study=paper'}"
        for number, file in parts.items()
        for study in ("demo", "paper")
    }
    assert not done.stderr
