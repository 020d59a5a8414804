"""A tiny data set with split and maps, and settings of a tiny detector, for tests of training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from gains.anomaly.build import build_maps
from gains.config.data import SplitSettings
from gains.config.maps import MapSettings
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import read_coco
from gains.datasets.convert import convert
from gains.datasets.make_split import make_split
from gains.datasets.split_file import read_split
from gains.methods import METHODS
from gains.methods.run_settings import RunSettings
from gains.models.block_maps import BlockMaps
from gains.testing.small_models import DETECTOR, maps_of, tiny_settings
from gains.training.job import Job

__all__ = ["DETECTOR", "maps_of", "tiny_settings"]

RECIPE: dict[str, Any] = {
    "iterations": 6,
    "batch_size": 2,
    "lr": 0.01,
    "warmup_iterations": 2,
    "milestones": [],
    "train_sizes": [64],
    "test_size": 64,
    "max_size": 96,
    "device": "cpu",
    "checkpoint_every": 2,
}


@dataclass(frozen=True)
class Tiny:
    """Paths of the data set."""

    coco: Path
    split: Path
    maps: Path


def make_tiny(folder: Path, source: str = "synthetic-cells", images: int = 6) -> Tiny:
    """Make a data set of 64 px images."""
    tiny = Tiny(folder / "tiny.json", folder / "split.json", folder / "maps.npz")
    convert("tiny", source, {"count": images, "size": 64, "seed": 5}, tiny.coco)
    make_split(tiny.coco, SplitSettings(), tiny.split)
    coco = read_coco(tiny.coco)
    records = coco.by_name(read_split(tiny.split).names("train"))
    build_maps(coco, MapSettings(window_size=3), records, tiny.maps)
    return tiny


def settings_of(method: str, variant: str = "default", **recipe: Any) -> RunSettings:
    """Return the settings of a tiny run."""
    record = METHODS.get(method)
    chosen = tiny_settings(method, variant)
    return RunSettings(
        method=method,
        model=chosen,
        recipe=RecipeSettings.model_validate({**RECIPE, **recipe}),
        maps=MapSettings(window_size=3) if record.needs_maps(chosen) else None,
        max_detections=20,
        cell_category=1 if record.needs_cell else None,
    )


def planes_of(maps: BlockMaps) -> Tensor:
    """Return maps as whole planes (N, H, W)."""
    height, width = maps.size
    planes = maps.constants[:, None, None].repeat(1, height, width)
    for plane, number in zip(planes, maps.index.tolist(), strict=True):
        if number >= 0:
            x, y = (int(v) for v in maps.corners[number])
            block = maps.blocks[number]
            top, left = max(0, -y), max(0, -x)
            part = block[top : max(top, height - y), left : max(left, width - x)]
            plane[y + top : y + top + part.shape[0], x + left : x + left + part.shape[1]] += part
    return planes


def job_of(tiny: Tiny, folder: Path, settings: RunSettings, seed: int = 0) -> Job:
    """Return a training job that writes into ``folder``."""
    maps = tiny.maps if settings.maps else None
    return Job(
        settings, tiny.coco, tiny.split, maps, seed, 0, folder / "model.pt", folder / "scratch"
    )
