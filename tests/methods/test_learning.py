"""Slow tests: methods overfit to real images, and the demo learns its scenes."""

from __future__ import annotations

import csv
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gains.anomaly.build import build_maps
from gains.config.base import merge
from gains.config.maps import MapSettings
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import read_coco
from gains.datasets.split_file import read_split
from gains.methods import METHODS
from gains.methods.run_settings import RunSettings
from gains.prediction.predict import predict_split
from gains.prediction.predictor import Predictor
from gains.scoring.score import score_files
from gains.support.files import write_json
from gains.training.job import Job
from gains.training.train import train
from helpers.coco_files import write_coco
from helpers.paths import ROOT

pytestmark = pytest.mark.slow

ITERATIONS = 250
SIZE = 320
WITH_BACKBONE = [m.name for m in METHODS if "backbone" in m.settings.model_fields]
CASES = [*((name, "default") for name in WITH_BACKBONE), ("donet", "mrp")]
"""Methods that start from weights of ImageNet; test_layering_learning has one that does not."""
OWN_RECIPE: dict[str, dict[str, Any]] = {
    "condinst": {"iterations": 400},
    "stardist": {"iterations": 200, "optimiser": "adamw", "lr": 0.001, "weight_decay": 0.0},
    "fastinst": {
        "iterations": 600,
        "optimiser": "adamw",
        "lr": 0.0003,
        "weight_decay": 0.05,
        "backbone_lr_factor": 0.1,
        "clip_norm": 0.01,
    },
}
"""What a method's recipe demands otherwise."""
OWN_WIDTHS: dict[str, dict[str, Any]] = {
    "vrsp_net": {
        "backbone": {"fpn_channels": 64},
        "box_dim": 256,
        "mask_channels": 64,
        "reclass_dim": 64,
    }
}
"""Smaller heads where each step passes them several times."""


@pytest.fixture(scope="module")
def weights(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ImageNet weights of a ResNet-18."""
    spec = importlib.util.spec_from_file_location("load", shared / "weights/load_backbone.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = tmp_path_factory.mktemp("weights") / "resnet18.pt"
    torch.save(module.load_backbone("resnet18"), path)
    return path


@pytest.fixture(scope="module")
def two_images(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Two real images to overfit to, and a third one that is not used: data, split, maps."""
    source = shared / "data/isbi2014_train45"
    folder = tmp_path_factory.mktemp("two")
    truth = read_coco(source / "annotations.json")
    records = list(truth.images.values())[:3]
    images = (
        (
            r.file_name,
            np.asarray(Image.open(source / "images" / r.file_name)),
            truth.instances(r.id),
        )
        for r in records
    )
    write_coco(folder / "two.json", images, truth.categories, {})
    names = [r.file_name for r in records]
    fold = {"train": names[:2], "val": [], "test": names[2:], "unlabelled": []}
    write_json(folder / "split.json", {"dataset": "two", "generator": {}, "folds": [fold]})
    coco = read_coco(folder / "two.json")
    build_maps(coco, MapSettings(), list(coco.images.values()), folder / "maps.npz")
    return folder / "two.json", folder / "split.json", folder / "maps.npz"


@pytest.mark.parametrize(("method", "variant"), CASES)
def test_two_images_by_heart(
    method: str, variant: str, weights: Path, two_images: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    record = METHODS.get(method)
    shared_settings = {
        "backbone": {"name": "resnet18", "weights": str(weights), "fpn_channels": 128},
        "anchor_sizes": [16, 32, 64, 128, 256],
        "sizes_of_interest": [32, 64, 128, 256],
        "rpn_pre_nms_train": 1000,
        "rpn_post_nms_train": 500,
        "rpn_post_nms_test": 300,
        "rois_per_image": 64,
        "box_dim": 512,
        "mask_channels": 128,
        "iou_channels": 128,
        "iou_dim": 512,
        "reclass_dim": 128,
        "prior_steps": 200,
    }
    widths = merge(shared_settings, OWN_WIDTHS.get(method, {}))
    shared = {k: v for k, v in widths.items() if k in record.settings.model_fields}
    chosen = record.settings.model_validate(merge(shared, record.variants.get(variant, {})))
    own = OWN_RECIPE.get(method, {})
    iterations = own.get("iterations", ITERATIONS)
    recipe = RecipeSettings.model_validate(
        {
            "iterations": iterations,
            "batch_size": 2,
            "lr": 0.01,
            "clip_norm": 10,
            "warmup_iterations": 50,
            "milestones": [int(0.8 * iterations)],
            "train_sizes": [SIZE],
            "test_size": SIZE,
            "max_size": 2 * SIZE,
            "device": "cpu",
            "threads": 1,
            **own,
        }
    )
    settings = RunSettings(
        method=method,
        model=chosen,
        recipe=recipe,
        maps=MapSettings() if record.needs_maps(chosen) else None,
        max_detections=100,
        cell_category=1 if record.needs_cell else None,
    )
    coco, split, maps = two_images
    model = tmp_path / "model.pt"
    needed = maps if settings.maps else None
    train(Job(settings, coco, split, needed, 0, 0, model, tmp_path / "scratch"))
    predict_split(Predictor(model), coco, split, "train", 0, tmp_path / "p.json")
    names = read_split(split).names("train")
    found = score_files(coco, tmp_path / "p.json", file_names=names)
    assert found["coco"]["AP50"] >= 0.9
    if variant == "mrp":  # each of its stages finds one of the classes
        assert min(values["AP50"] for values in found["coco"]["per_category"].values()) >= 0.9


def test_the_demo_learns_every_row(tmp_path: Path) -> None:
    """A fresh copy of the project makes all tables, and every trained row has learned."""
    project = tmp_path / "project"
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in tracked:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    snakemake = Path(sys.executable).with_name("snakemake")
    subprocess.run([snakemake, "--cores", "2", "--quiet", "all"], cwd=project, check=True)
    with (project / "results/table3.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 39
    for row in rows:
        two_stage = row["method"] not in ("condinst", "fastinst")
        assert float(row["mAP"]) >= (25 if two_stage else 10), row
    again = subprocess.run(
        [snakemake, "--cores", "2"], cwd=project, check=True, capture_output=True, text=True
    )
    assert "Nothing to be done" in again.stdout + again.stderr
