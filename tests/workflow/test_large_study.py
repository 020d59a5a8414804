"""A study with many seeds and folds: the commands of its rules do not name the files they read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gains.study.opening import open_study
from gains.support.files import write_json
from helpers.project import Project
from helpers.table_scenes import scores

COMMAND_LENGTH = 1000
"""Bytes that a command may have. The limit of Linux is 128 KiB, since Snakemake hands a command to
bash as one argument; five seeds and twenty folds have more bytes of paths."""

TABLE_RULES = ("table", "compare", "summary")


def test_commands_do_not_grow_with_the_seeds_and_folds(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=False)

    def enlarge(study: dict[str, Any]) -> None:
        study["seeds"] = [0, 1, 2]
        study["datasets"] = {"synthetic-cells": study["datasets"]["synthetic-cells"]}
        study["datasets"]["synthetic-cells"]["split"] = {"folds": 3}
        del study["methods"]["fastinst"]["images_factor_on"]

    project.edit_config(enlarge)
    study = open_study(project.path("config.yaml"), "demo")
    paths = [str(study.run_folder(run) / "test.scores.json") for run in study.runs()]
    assert sum(map(len, paths)) > 10 * COMMAND_LENGTH
    for path in paths:
        write_json(project.path(path), scores(0.5))
    output = project.snakemake(
        *("--allowed-rules", *TABLE_RULES, "--"),
        *(f"results/demo/tables/{name}.csv" for name in ("table1", "table2", "table3", "compare")),
        "results/demo/tables/summary.json",
    )
    commands = re.findall("Shell command: (gains .*)", output)
    assert len(commands) == 5
    assert max(map(len, commands)) < COMMAND_LENGTH
    assert "n = 9" in project.path("results/demo/tables/table3.md").read_text()
