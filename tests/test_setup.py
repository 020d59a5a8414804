"""The files that set up an environment agree with each other."""

from __future__ import annotations

import os
import re
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.paths import ROOT


def pins(lines: list[str]) -> dict[str, str]:
    found = (re.fullmatch(r"([A-Za-z0-9_.-]+)==(\S+)", line.strip()) for line in lines)
    return {canonicalize_name(m[1]): m[2] for m in found if m}


def project() -> dict[str, list[Requirement]]:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "main": [Requirement(text) for text in content["dependencies"]],
        "dev": [Requirement(text) for text in content["optional-dependencies"]["dev"]],
        "bench": [Requirement(text) for text in content["optional-dependencies"]["bench"]],
    }


def conda() -> list[str]:
    content = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert content["name"] == "gains"
    lists = [entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict)]
    return [str(text) for text in lists[0]]


CONSTRAINTS = pins((ROOT / "constraints.txt").read_text().splitlines())


def test_constraints_satisfy_pyproject() -> None:
    for requirement in (r for part in project().values() for r in part):
        pinned = CONSTRAINTS[canonicalize_name(requirement.name)]
        assert pinned in requirement.specifier, f"{requirement} but {pinned} in constraints.txt"


def test_conda_environment_pins_what_pyproject_asks_for() -> None:
    pinned = pins(conda())
    assert pinned.keys() == {canonicalize_name(r.name) for r in project()["main"]}
    for name, version in pinned.items():
        assert CONSTRAINTS[name] == version, f"{name}: environment.yml and constraints.txt differ"


def test_conda_environment_installs_the_project() -> None:
    assert "-e .[dev]" in conda()


def test_ci_runs_the_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()
    assert re.search(r"^test:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_pre_commit_runs_the_versions_that_the_tests_pass_with() -> None:
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    revisions = {repo["repo"].rsplit("/", 1)[1]: repo["rev"] for repo in content["repos"]}
    tools = {"ruff-pre-commit": "ruff", "snakefmt": "snakefmt", "codespell": "codespell"}
    for repository, tool in tools.items():
        assert revisions[repository] == f"v{CONSTRAINTS[tool]}"
