"""Copies of the project for tests of the workflow, and functions that run its tools there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from gains.config.file import load_config
from gains.study.opening import open_study
from gains.workflow.pipeline import write_pipeline
from helpers.paths import ROOT
from helpers.preloaded import programs

BIN = Path(sys.executable).parent
REAL_PATH = f"{BIN}{os.pathsep}{os.environ['PATH']}"
"""``PATH`` of a test whose programs must not be the preloaded ones."""
FILES = ("Snakefile", "config.yaml", "dvc.yaml", ".dvcignore", ".gitignore", "environment.yml")
FOLDERS = ("src", "workflow", "profiles", "studies", "tests/studies", "data/splits")
NO_INSTALLATION = shutil.ignore_patterns("*.egg-info")
TABLE3 = "results/table3.csv"
TRIMMED = ("mask_rcnn", "gains")
"""Methods of a trimmed study."""


def trim(study: dict[str, Any]) -> None:
    """Reduce the study demo to one data set and six trainings."""
    study["datasets"] = {"synthetic-cells": study["datasets"]["synthetic-cells"]}
    del study["methods"]["fastinst"]["images_factor_on"]
    rows = study["tables"]["table1"]["rows"]
    study["tables"]["table1"]["rows"] = [r for r in rows if r.get("variant") in (None, "w3", "w7")][
        :3
    ]
    for name in ("table2", "table3"):
        rows = study["tables"][name]["rows"]
        study["tables"][name]["rows"] = [
            r for r in rows if r["method"] in TRIMMED and r.get("variant") != "deep"
        ]
    study["figure4"]["rows"] = [f"{method}/default" for method in TRIMMED]


def environment(**extra: str) -> dict[str, str]:
    """Return the environment variables of a person who has activated the environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONPATH", "SNAKEMAKE"))}
    identity = {
        f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    return {
        **kept,
        **identity,
        "PATH": os.pathsep.join([str(programs()), REAL_PATH]),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
        **extra,
    }


class Project:
    """A copy of the project in a separate folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def copy(cls, folder: Path, stub: bool) -> Project:
        """Copy the files of a clone; with ``stub``, steps write their files without any computation."""
        folder.mkdir(parents=True)
        for name in FILES:
            shutil.copy2(ROOT / name, folder / name)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, folder / name, ignore=NO_INSTALLATION)
        shutil.copy2(ROOT / "data/sources.csv", folder / "data/sources.csv")
        if stub:
            shutil.copy2(
                ROOT / "tests" / "helpers" / "stub_cli.py", folder / "src/gains/cli/main.py"
            )
        return cls(folder)

    @classmethod
    def shared(cls, folder: Path, change: Callable[[dict[str, Any]], object]) -> Project:
        """Return a changed study demo that `dvc repro` made, committed and pushed to a remote."""
        project = cls.copy(folder / "project", stub=True)
        project.edit_config(change)
        project.call("git", "init", "-q", "-b", "main")
        project.call("dvc", "init", "-q")
        project.call("dvc", "remote", "add", "-q", "-d", "local", str(folder / "remote"))
        project.commit("code")
        project.call("dvc", "repro", "-q")
        project.commit("results")
        project.call("dvc", "push", "-q")
        return project

    def clone(self, folder: Path) -> Project:
        """Return a clone of the repository with the results of the remote."""
        self.call("git", "clone", "-q", ".", str(folder))
        project = Project(folder)
        project.call("dvc", "pull", "-q")
        return project

    def twin(self, folder: Path) -> Project:
        """Return a copy with all files that were made here, and with their times."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def path(self, name: str) -> Path:
        return self.folder / name

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence of a text in a file; the text must occur."""
        text = self.path(name).read_text()
        assert old in text, f"{name} has no {old!r}"
        self.path(name).write_text(text.replace(old, new, 1))

    def edit_config(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the block of the study demo with a function."""
        content = yaml.safe_load(self.path("config.yaml").read_text())
        change(content["studies"]["demo"])
        self.path("config.yaml").write_text(yaml.safe_dump(content, sort_keys=False))

    def call(self, *command: str, ok: bool = True, **extra: str) -> str:
        """Run a command and return its output."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(**extra),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert (done.returncode == 0) == ok, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def record(self, study: str) -> None:
        """Write the pipeline of a study, also in a copy whose verbs are stubs."""
        with contextlib.chdir(self.folder):
            load_config.cache_clear()
            write_pipeline(open_study("config.yaml", study))

    def snakemake(self, *arguments: str, ok: bool = True, **extra: str) -> str:
        return self.call("snakemake", "--cores", "8", *arguments, ok=ok, **extra)

    def plan(self, *arguments: str) -> dict[str, int]:
        """Return the number of jobs that Snakemake would run, by rule; empty if there are none."""
        text = self.snakemake("-n", "--quiet", "rules", *arguments)
        if "Nothing to be done" in text:
            return {}
        table = text.rsplit("Job stats:", 1)[1]
        rows = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
        return {rule: int(n) for rule, n in rows if rule not in ("total", "all")}

    def commit(self, message: str) -> None:
        self.call("git", "add", "-A")
        self.call("git", "commit", "-q", "-m", message)
