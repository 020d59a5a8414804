"""A folder of the project without network, and a cost that is computed instead of measured."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gains.config.file import load_config
from gains.proposal import propose
from gains.proposal.text import Draft
from gains.study.cost import StudyCost
from helpers.paths import ROOT

Cost = Callable[[Draft], StudyCost]


def made_cost(iteration: float, start: float = 5, at_once: int = 2) -> Cost:
    """Return the cost of drafts whose trainings take so many seconds to start and per iteration."""

    def cost(draft: Draft) -> StudyCost:
        runs = len(draft.methods) * draft.folds
        each = start + iteration * draft.iterations
        together = -(-runs // at_once) * each
        return StudyCost(at_once, together, runs * each, 0, runs * each, 0, 1000, None, 0, 0, 0)

    return cost


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter an empty folder with the table of addresses, where no server answers."""
    monkeypatch.chdir(tmp_path)
    load_config.cache_clear()
    Path("data").mkdir()
    shutil.copy(ROOT / "data/sources.csv", "data/sources.csv")
    shutil.copy(ROOT / "config.yaml", "config.yaml")
    monkeypatch.setattr("gains.proposal.weights._reached", lambda _: False)
    monkeypatch.setattr("gains.running.choice.find_project", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def unmeasured(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter such a folder, where a training takes 5 s and a second per iteration."""
    monkeypatch.setattr(propose, "_cost", lambda draft, *_: made_cost(1)(draft))
    return clone
