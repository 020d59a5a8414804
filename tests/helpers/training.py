"""Samples of the tiny data set, and the comparison of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gains.anomaly.store import MapStore
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.models import checkpoint
from gains.training.samples import Samples
from helpers.tiny import Tiny


def weights(path: Path) -> dict[str, torch.Tensor]:
    return dict(checkpoint.load_model(path)["state"])


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert [k for k in a if not torch.equal(a[k], b[k])] == []


def samples_of(tiny: Tiny, maps: bool = True, **recipe: Any) -> Samples:
    coco = read_coco(tiny.coco)
    records = coco.by_name(read_split(tiny.split).names("train"))
    settings = RecipeSettings.model_validate(
        {"train_sizes": (64,), "test_size": 64, "max_size": 96, **recipe}
    )
    archive = ImageArchive(tiny.coco.with_suffix(".zip"))
    store = MapStore(tiny.maps) if maps else None
    return Samples(coco, archive, records, settings, store, seed=3, length=40)
