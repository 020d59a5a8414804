"""The training loop: its outputs, and what changes the weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gains.config.recipe import RecipeSettings
from gains.models.contract import Detector
from gains.training import train as training
from gains.training.step import step
from helpers.tiny import Tiny, job_of, settings_of
from helpers.training import assert_equal, samples_of, weights


@pytest.mark.parametrize("method", ["mask_rcnn", "gains"])
def test_training_writes_what_it_promises(tiny: Tiny, tmp_path: Path, method: str) -> None:
    job = job_of(tiny, tmp_path, settings_of(method))
    training.train(job)
    rows = (tmp_path / "losses.csv").read_text().splitlines()
    assert rows[0].startswith("iteration,lr,loss,")
    assert len(rows) == 7
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["settings"] == job.settings.training_json()
    assert record["seed"] == 0
    assert record["versions"]["torch"] == torch.__version__
    assert set(record["inputs"]) - {"maps"} == {"coco", "images", "split"}
    assert not job.scratch.exists()


def test_same_seed_same_weights(tiny: Tiny, tmp_path: Path) -> None:
    settings = settings_of("gains")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        training.train(job_of(tiny, tmp_path / name, settings, seed))
    a, b, c = (weights(tmp_path / n / "model.pt") for n in "abc")
    assert_equal(a, b)
    assert any(not torch.equal(a[k], c[k]) for k in a)
    assert (tmp_path / "a/model.pt").read_bytes() == (tmp_path / "b/model.pt").read_bytes()


def test_parts_of_a_batch_add_up_to_its_gradient(tiny: Tiny) -> None:
    class Mean(Detector):
        """A model whose loss is a mean over images, as that of a detector."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(3))

        def losses(self, images: list[torch.Tensor], *_: Any) -> dict[str, torch.Tensor]:
            means = torch.stack([image.float().mean(dim=(1, 2)) for image in images])
            return {"a": (means * self.weight).mean(), "b": (self.weight**2).sum()}

        def detect(self, *_: Any) -> Any:
            raise AssertionError

    samples = samples_of(tiny)
    batch = [samples[k] for k in range(4)]
    found = []
    for accumulate in (1, 2, 4):
        recipe = RecipeSettings(batch_size=4, accumulate=accumulate, lr=0.5)
        model = Mean()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
        losses = step(model, optimiser, batch, recipe, torch.Generator(), torch.device("cpu"))
        found.append((model.weight.detach(), losses["a"], losses["b"]))
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])
    assert not torch.equal(found[0][0], torch.ones(3))


def test_loading_processes_change_nothing(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.train(job_of(tiny, tmp_path / "a", settings_of("mask_rcnn")))
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": 0})
    training.train(job_of(tiny, tmp_path / "b", settings_of("mask_rcnn", workers=1)))
    assert_equal(weights(tmp_path / "a/model.pt"), weights(tmp_path / "b/model.pt"))


def test_a_training_with_amp_has_finite_losses(tiny: Tiny, tmp_path: Path) -> None:
    training.train(job_of(tiny, tmp_path, settings_of("gains", amp=True)))
    values = np.loadtxt(tmp_path / "losses.csv", delimiter=",", skiprows=1)
    assert np.isfinite(values).all()
