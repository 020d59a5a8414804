"""The outlook before the first training names time, memory and disk of the whole study."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from gains.running.forecast import Forecast
from gains.running.outlook import outlook_lines
from gains.study.cost import StudyCost
from gains.study.opening import open_study
from helpers.paths import ROOT

COST = StudyCost(
    at_once=2,
    seconds=500.0,
    one_by_one=900.0,
    maps=100.0,
    trainings=600.0,
    predictions=200.0,
    host_mb=1500,
    device_mb=None,
    disk=4e9,
    archives=0,
    checkpoints=1e9,
)
Usage = namedtuple("Usage", "total used free")


def test_the_outlook_counts_all_jobs_if_all_were_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = open_study(ROOT / "tests/studies/tiny.yaml")
    runs = list(study.trainings())
    monkeypatch.setattr("gains.running.outlook.cost_of", lambda *_: COST)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(9e9, 6e9, 3e9))
    said = "\n".join(outlook_lines(study, Forecast(runs, dict.fromkeys(runs, 150.0), 2)))
    assert "with predictions and anomaly maps about 8 min." in said
    assert (
        "They use up to 3.0 GB of memory, and 5 GB of the disk, of which 3 GB are free, which is "
        "too little: free some first."
    ) in said
    # part of the trainings: the cost of the whole study would be wrong
    part = runs[:-1]
    said = "\n".join(outlook_lines(study, Forecast(part, dict.fromkeys(part, 150.0), 2)))
    assert "predictions" not in said
