"""The verb `gains train`: the job that its options describe."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.training import train as training
from gains.training.job import Job
from helpers.paths import ROOT


@pytest.mark.parametrize("own", [True, False])
def test_named_files_come_before_those_of_the_study(
    own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []
    monkeypatch.setattr(training, "train", jobs.append)
    monkeypatch.chdir(ROOT)
    words = ["train", "--study", "demo", "--dataset", "synthetic-cells", "--method", "gains"]
    words += ["--seed", "3", "--fold", "2", "--out", "m.pt"]
    words += ["--coco", "c.json", "--split", "s.json", "--maps", "m.npz"] if own else []
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    (job,) = jobs
    assert (job.seed, job.fold, job.out) == (3, 2, Path("m.pt"))
    files = (str(job.coco), str(job.split), str(job.maps))
    if own:
        assert files == ("c.json", "s.json", "m.npz")
    else:
        assert files[:2] == (
            "data/demo/coco/synthetic-cells.json",
            "data/demo/splits/synthetic-cells.json",
        )
        assert files[2].startswith("data/demo/maps/synthetic-cells/fold2.train.isbi-")
