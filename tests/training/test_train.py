"""The training loop: its outputs, and what changes the weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gains.config.recipe import RecipeSettings
from gains.methods.run_settings import RunSettings
from gains.models.contract import Detector
from gains.models.imagenet import FILES, imagenet_file
from gains.models.settings import BackboneSettings
from gains.support.files import sha256
from gains.training import train as training
from gains.training.step import step
from helpers.official_weights import put_official_weights
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
    assert record["weights"] is None
    assert record["versions"]["torch"] == torch.__version__
    maps = {"maps": sha256(tiny.maps)} if method == "gains" else {}
    files = {"coco": tiny.coco, "images": tiny.coco.with_suffix(".zip"), "split": tiny.split}
    assert record["inputs"] == {**{role: sha256(path) for role, path in files.items()}, **maps}
    assert not job.scratch.exists()


def test_fetched_weights_need_no_network_and_are_on_record(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("socket.socket.connect", offline)
    monkeypatch.chdir(tmp_path)
    path, state = put_official_weights(monkeypatch)
    settings = with_imagenet(settings_of("mask_rcnn"))
    training.train(job_of(tiny, tmp_path, settings))
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["inputs"]["weights"] == sha256(path)
    assert record["weights"] == path.name
    assert record["settings"]["method"]["backbone"]["weights"] == "imagenet"
    assert str(path.parent) not in (tmp_path / "run.json").read_text()
    own = weights(tmp_path / "model.pt")  # the stem is frozen
    assert torch.equal(own["backbone.body.conv1.weight"], state["conv1.weight"])


def test_a_job_with_other_weights_has_other_inputs(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put_official_weights(monkeypatch)
    job = job_of(tiny, tmp_path, with_imagenet(settings_of("mask_rcnn")))
    first = job.inputs()
    other = b"other weights"
    monkeypatch.setitem(FILES, "resnet18", f"resnet18-{hashlib.sha256(other).hexdigest()[:8]}.pth")
    imagenet_file("resnet18").write_bytes(other)
    assert job.inputs() == {**first, "weights": hashlib.sha256(other).hexdigest()}


def test_missing_weights_name_the_verb_that_fetches_them(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = job_of(tiny, tmp_path, with_imagenet(settings_of("mask_rcnn")))
    with pytest.raises(
        FileNotFoundError, match="Run `gains fetch imagenet-resnet18` in the folder"
    ):
        training.train(job)
    assert not job.out.exists()


def with_imagenet(settings: RunSettings) -> RunSettings:
    """Return settings of a run that starts from ImageNet weights of a ResNet-18."""
    own = {"name": "resnet18", "norm": "frozen_bn", "freeze_at": 2, "width": 64}
    backbone = BackboneSettings.model_validate({**own, "weights": "imagenet", "fpn_channels": 32})
    return replace(settings, model=settings.model.model_copy(update={"backbone": backbone}))


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
