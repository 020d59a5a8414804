"""A tiny study with all real steps: data, maps, training, prediction, scores, table, figure."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
import yaml

from helpers.project import Project

OVERLAY = ("--configfile", "tests/studies/tiny.yaml")
TARGETS = ("results/table3.csv", "results/figure3.png")


def add_tables(project: Project, **blocks: dict[str, object]) -> None:
    """Add tables to the study, in blocks such as ``tables`` and ``validation_tables``."""
    file = project.path(OVERLAY[1])
    study = yaml.safe_load(file.read_text())
    for name, tables in blocks.items():
        study["studies"]["tiny"].setdefault(name, {}).update(tables)
    file.write_text(yaml.safe_dump(study))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny study after a complete run."""
    project = Project.copy(tmp_path_factory.mktemp("tiny") / "project", stub=False)
    project.snakemake("--cores", "2", *OVERLAY, "--", *TARGETS)
    return project


def test_table_has_every_row_and_names_its_study(tiny: Project) -> None:
    with tiny.path("results/table3.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows} == {"mask_rcnn", "gains"}
    assert {row["study"] for row in rows} == {"tiny"}
    assert {row["n"] for row in rows} == {"2"}


def test_figure_is_a_picture(tiny: Project) -> None:
    assert tiny.path("results/figure3.png").read_bytes().startswith(b"\x89PNG")


def test_runs_say_how_they_were_made(tiny: Project) -> None:
    folder = tiny.path("results/tiny/runs/synthetic-cells/gains/default/seed1/fold0")
    assert json.loads((folder / "run.json").read_text())["seed"] == 1
    assert len((folder / "losses.csv").read_text().splitlines()) > 1
    assert len((folder / "validation.csv").read_text().splitlines()) == 1 + 2
    validation = json.loads((folder / "run.json").read_text())["validation"]
    assert validation["iteration"] in (3, 6)
    assert "best mAP on validation images" in tiny.path("results/table3.md").read_text()
    usual = folder.parents[3] / "mask_rcnn/default/seed1/fold0/validation.csv"
    assert len(usual.read_text().splitlines()) == 1
    assert not any(path.is_file() for path in Path(tiny.path("scratch")).rglob("*.pt"))


def test_second_run_does_nothing(tiny: Project) -> None:
    assert tiny.plan(*OVERLAY, "--", *TARGETS) == {}


def test_clusters_extend_a_training_whose_code_then_includes_theirs(
    tiny: Project, tmp_path: Path
) -> None:
    project = tiny.twin(tmp_path / "twin")
    block = "mask_rcnn: {recipe: {clusters: {scenes: 4, overlap: [0.1, 0.5]}}}"
    project.replace("tests/studies/tiny.yaml", "    methods:\n", f"    methods:\n      {block}\n")
    runs = "results/tiny/runs/synthetic-cells/{}/default/seed0/fold0/model.pt"
    extended, plain = runs.format("mask_rcnn"), runs.format("gains")
    assert project.plan(*OVERLAY, "--", extended, plain) == {"train": 1}
    project.snakemake(*OVERLAY, "--", extended, plain)
    made = json.loads(project.path(extended).with_name("run.json").read_text())
    assert made["clusters"]["scenes"] == 4
    assert project.plan(*OVERLAY, "--", extended, plain) == {}
    code = project.path("src/gains/clusters/render.py")
    code.write_text(code.read_text() + "\nEDITED = 1\n")
    assert project.plan(*OVERLAY, "--", extended) == {"train": 1}
    assert project.plan(*OVERLAY, "--", plain) == {}


def test_one_setting_reruns_its_descendants(tiny: Project, tmp_path: Path) -> None:
    project = tiny.twin(tmp_path / "twin")
    project.replace("tests/studies/tiny.yaml", "f_ga: 0.5", "f_ga: 0.6")
    plan = project.plan(*OVERLAY, "--", "results/table3.csv")
    assert plan == {
        "maps": 1,
        "train": 2,
        "predict": 2,
        "score": 2,
        "table": 1,
        "copy_table": 1,
    }


def test_rescoring_gives_the_files_that_the_workflow_made(tiny: Project) -> None:
    tiny.snakemake(*OVERLAY, "--", "results/compare.csv", "results/tiny/tables/summary.json")
    common = ("rescore", "--config", "tests/studies/tiny.yaml", "--jobs", "2")
    said = tiny.call("gains", *common, "--out", "again")
    assert "from the scores of 4 runs" in said
    made = sorted(path for path in tiny.path("again").rglob("*") if path.is_file())
    beside = ("certainty.csv", "certainty.md", "contact.csv", "contact.md")
    kinds = ("csv", "md", "tex", *beside)
    tables = ("compare.csv", "compare.md", "summary.json", *(f"table3.{kind}" for kind in kinds))
    of_runs = ["run.json", "test.scores.json"]
    assert sorted(path.name for path in made) == sorted([*tables, *of_runs * 4])
    for path in made:
        original = tiny.path("results/tiny") / path.relative_to(tiny.path("again"))
        assert path.read_bytes() == original.read_bytes(), path


def test_rescoring_with_another_threshold_says_so(tiny: Project) -> None:
    common = ("rescore", "--config", "tests/studies/tiny.yaml", "--out", "strict")
    tiny.call("gains", *common, "--clean-score-threshold", "0.9")
    assert "Study tiny+rescored" in tiny.path("strict/tables/compare.md").read_text()
    strict = tiny.path("strict/tables/table3.md").read_text()
    usual = tiny.path("results/tiny/tables/table3.md").read_text()
    sentence = "detections with a score of at least {}"
    assert sentence.format("0.9") in strict
    assert sentence.format("0.5") in usual


def test_rescoring_makes_one_table_although_other_runs_have_no_predictions(
    tiny: Project, tmp_path: Path
) -> None:
    project = tiny.twin(tmp_path / "twin")
    more = {"title": "More", "table": "III", "rows": [{"method": "pointrend"}, {"method": "htc"}]}
    order = {"title": "Order", "rows": [{"method": "gains"}]}
    add_tables(project, tables={"more": more}, validation_tables={"order": order})
    common = ("rescore", "--config", OVERLAY[1], "--out", "again")
    assert "4 of 8 runs have none" in project.call("gains", *common, ok=False)
    wrong = project.call("gains", *common, "--table", "order", ok=False)
    assert "'order' is a table of validations, which shows no scores; name a table" in wrong
    said = project.call("gains", *common, "--table", "table3")
    assert "from the scores of 4 runs" in said
    made = project.path("again/tables")
    assert {path.name for path in made.glob("*.csv")} >= {"compare.csv", "table3.csv"}
    assert not list(made.glob("more*"))
    for name in ("table3.csv", "table3.md"):
        assert (
            made.joinpath(name).read_bytes()
            == (project.path("results/tiny/tables") / name).read_bytes()
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "new", "--table", "tabel3"), "has no table 'tabel3'; did you mean 'table3'?"),
        (("--out", "results/tiny"), "the workflow keeps records of what it made there"),
        (("--out", "new", "--config", "config.yaml"), "47 of 47 runs have none"),
        (("--out", "config.yaml"), "cannot be written"),
        (("--out", "new", "--clean-score-threshold", "1.5"), "clean_score_threshold"),
    ],
)
def test_rescoring_refuses_wrong_options_and_writes_nothing(
    tiny: Project, options: tuple[str, ...], message: str
) -> None:
    given = ("gains", "rescore", "--config", "tests/studies/tiny.yaml", *options)
    assert message in tiny.call(*given, ok=False)
    assert not tiny.path("new").exists()


def test_a_table_of_validations_trains_and_tests_nothing_more_than_it_needs(
    tiny: Project, tmp_path: Path
) -> None:
    project = tiny.twin(tmp_path / "twin")
    block = {"title": "Order", "rows": [{"method": "gains"}]}
    add_tables(project, validation_tables={"order": block})
    project.snakemake("--cores", "2", *OVERLAY, "--", "results/order.csv")
    with project.path("results/order.csv").open(newline="") as table:
        rows = {row["quantity"]: row for row in csv.DictReader(table)}
    assert (rows["best"]["n"], rows["end"]["iteration"], rows["third"]["value"]) == ("2", "6", "")
    assert (
        "No test image of the same fold was looked at"
        in project.path("results/order.md").read_text()
    )
    assert project.path("results/order.tex").is_file()
    block["rows"] = [{"method": "gains"}, {"method": "gains", "variant": "gal", "label": "GAL"}]
    add_tables(project, validation_tables={"order": block})
    more = {"train": 2, "validation_table": 1, "copy_validation_table": 1}
    assert project.plan(*OVERLAY, "--", "results/order.csv") == more
    plan = project.plan(*OVERLAY, "--", "all")
    assert plan["train"] == 2
    assert not {"predict", "score"} & plan.keys()


def test_kept_runs_make_the_same_tables_without_training_and_data(
    tiny: Project, tmp_path: Path
) -> None:
    project = tiny.twin(tmp_path / "twin")
    project.replace(OVERLAY[1], "seeds: [0, 1]", "seeds: [0, 1]\n    kept: kept")
    own = str(project.path("src"))
    said = project.call("gains", "keep", "--config", OVERLAY[1], PYTHONPATH=own)
    assert "runs copied: 4" in said
    tables = {path.name: path.read_bytes() for path in project.path("results").glob("table3.*")}
    for folder in ("results", "data/tiny", "scratch", "logs", ".snakemake"):
        shutil.rmtree(project.path(folder))
    target = (*OVERLAY, "--", TARGETS[0])
    assert project.plan(*target) == {"table": 1, "copy_table": 1}
    project.snakemake("--quiet", "all", *target)
    assert project.plan(*target) == {}
    assert len(tables) == 7
    for name, content in tables.items():
        assert project.path(f"results/{name}").read_bytes() == content, name
