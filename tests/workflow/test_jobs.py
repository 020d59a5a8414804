"""The jobs that Snakemake plans, and how it runs them, where every step takes no time."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from gains.study.inputs import NamedRun, parse_settings
from helpers.paths import ROOT
from helpers.project import TABLE3, Project, trim


def test_demo_trains_what_three_tables_share_once(plain: Project) -> None:
    tables = [f"results/table{n}.csv" for n in (1, 2, 3)]
    assert plain.plan("--", *tables) == {
        "convert": 3,
        "split": 3,
        "maps": 9,
        "train": 47,
        "predict": 47,
        "score": 47,
        "table": 3,
        "copy_table": 3,
    }


def test_only_a_table_with_costs_measures_them(plain: Project, tmp_path: Path) -> None:
    project = plain.twin(tmp_path / "twin")
    project.edit_config(lambda study: study["tables"]["table2"].update(costs=["parameters"]))
    plan = project.plan("--", "results/table1.csv", "results/table2.csv")
    assert (plan["cost"], plan["predict"]) == (4, 10)


def test_one_table_asks_for_nothing_else(plain: Project) -> None:
    assert plain.plan("--", TABLE3) == {
        "convert": 3,
        "split": 3,
        "maps": 3,
        "train": 39,
        "predict": 39,
        "score": 39,
        "table": 1,
        "copy_table": 1,
    }
    assert plain.plan("--", "results/data_audit.csv") == {
        "convert": 3,
        "split": 3,
        "audit": 3,
        "audit_table": 1,
        "copy_audit": 1,
    }
    assert plain.plan("--", "results/figure3.png") == {
        "convert": 1,
        "split": 1,
        "figure": 1,
        "copy_figure": 1,
    }


def test_the_figure_of_predictions_asks_for_its_runs_and_the_scores_that_choose(
    plain: Project, tmp_path: Path
) -> None:
    study = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]
    file = tmp_path / "own.yaml"

    def planned(**block: object) -> tuple[dict[str, int], str]:
        file.write_text(yaml.safe_dump({"studies": {"mine": {**study, "predictions": block}}}))
        asked = ("--configfile", str(file), "--", "results/predictions.png")
        (command,) = re.findall("Shell command: (gains figure .*)", plain.snakemake("-n", *asked))
        return plain.plan(*asked), command

    plan, command = planned()
    assert plan == {
        **{"convert": 1, "split": 1, "maps": 1, "train": 2, "predict": 2, "score": 1},
        **{"figure": 1, "copy_figure": 1},
    }
    for text in ("--label 'GAInS (R18)'", "--spread 4 --scores", "--min-score 0.5", "--study mine"):
        assert text in command
    plan, command = planned(images=["{a} 'b'.png"])
    assert "score" not in plan
    assert """--image '{a} '"'"'b'"'"'.png'""" in command


def test_published_data_are_fetched_once(plain: Project) -> None:
    assert plain.plan("--config", "study=paper", "--", "all_data") == {
        "fetch": 3,
        "fetch_weights": 2,
        "convert": 3,
        "split": 3,
        "maps": 9,
        "all_data": 1,
    }


def test_override_without_a_name_is_refused(plain: Project) -> None:
    change = 'studies={"demo": {"seeds": [7]}}'
    text = plain.snakemake("-n", "--config", change, "--", TABLE3, ok=False)
    assert "label=<name>" in text
    text = plain.snakemake("-n", "--config", change, "label=seven", "--", TABLE3)
    assert "results/demo+seven/runs/synthetic-cells/gains/default/seed7/fold0/model.pt" in text


def test_misspelt_study_names_the_nearest(plain: Project) -> None:
    text = plain.snakemake("-n", "--config", "study=demos", ok=False)
    assert "did you mean 'demo'?" in text


def test_a_table_of_another_study_is_refused_with_its_command(plain: Project) -> None:
    text = plain.snakemake("-n", "results/others.csv", ok=False)
    assert "Study 'demo', which is in force, does not make results/others.csv. Run" in text
    assert "`snakemake --cores 8 results/others.csv --config study=real-images`" in text


def test_another_working_folder_gets_the_same_plan(plain: Project, tmp_path: Path) -> None:
    shutil.copy2(plain.path("config.yaml"), tmp_path)
    elsewhere = plain.plan("--directory", str(tmp_path))
    assert elsewhere == plain.plan()
    assert elsewhere["compare"] == 1


def test_a_file_with_one_study_is_run_and_settings_travel_in_files(
    plain: Project, tmp_path: Path
) -> None:
    study = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({"studies": {"mine": study}}))
    text = plain.snakemake("-n", TABLE3, "--configfile", str(file))
    commands = re.findall("Shell command: (gains train .*)", text)
    assert len(commands) == 4
    assert max(map(len, commands)) < 600
    run = NamedRun(file, "mine", "synthetic-cells", "gains", "default", 1, 0)
    opened, found = run.find()
    (command,) = [c for c in commands if "/gains/" in c and "--seed 1" in c]
    settings = plain.path(command.split("--settings ")[1].split()[0])
    assert settings.parent == plain.path("scratch/mine/settings")
    assert parse_settings(settings) == opened.run_settings(found)
    text = plain.snakemake("-n", "results/table1.csv", "--configfile", str(file), ok=False)
    assert "`snakemake --cores 8 results/table1.csv --config study=demo`" in text
    text = plain.snakemake("-n", "all_data", "--configfile", str(file), "--config", "study=first")
    assert f"{file} defines the study 'mine', but the study in force is 'first'" in text


def test_one_training_at_a_time_on_the_accelerator(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.edit_config(trim)
    project.edit_config(lambda study: study.update(gpu=1))
    project.snakemake("--quiet", "all", "--", "all_runs", STUB_ALONE=str(tmp_path))
    models = list(project.path("results/demo/runs").rglob("model.pt"))
    assert len(models) == 6
