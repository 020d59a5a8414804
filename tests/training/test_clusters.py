"""A training with synthetic clusters: its samples, its record, and a training without them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from gains.clusters.scenes import cluster_scenes
from gains.datasets.coco import read_coco
from gains.datasets.split_file import read_split
from gains.methods.run_settings import RunSettings
from gains.models.resize import resize_image
from gains.training.samples import CPU, Sample, Samples
from gains.training.train import samples_of_job, train
from helpers.clusters import BLOCK, scenes_of
from helpers.tiny import Tiny, job_of, planes_of, settings_of

PLAIN: dict[str, Any] = {"horizontal_flip": 0.0, "train_sizes": (64,), "iterations": 20}


def clustered(method: str = "gains", **recipe: Any) -> RunSettings:
    settings = settings_of(method, clusters=BLOCK, **recipe)
    return dataclasses.replace(settings, cell_category=1)


def samples_with(tiny: Tiny, settings: RunSettings, seed: int = 3) -> Samples:
    job = job_of(tiny, tiny.coco.parent, settings, seed=seed)
    return samples_of_job(job, read_coco(tiny.coco), CPU, cluster_scenes)


def assert_same(a: Sample, b: Sample) -> None:
    assert a.name == b.name
    assert torch.equal(a.image, b.image)
    assert torch.equal(a.target.masks, b.target.masks)
    assert torch.equal(a.target.boxes, b.target.boxes)
    assert a.target.maps is not None and b.target.maps is not None
    assert torch.equal(planes_of(a.target.maps), planes_of(b.target.maps))


def test_an_epoch_has_each_image_and_each_scene_once(tiny: Tiny) -> None:
    samples, scenes = samples_with(tiny, clustered(**PLAIN)), scenes_of(tiny)
    names = read_split(tiny.split).names("train") + [r.file_name for r in scenes.records]
    count = len(names)
    for epoch in range(2):
        shown = [samples[epoch * count + k] for k in range(count)]
        assert sorted(sample.name for sample in shown) == sorted(names)
        for sample in shown:
            if not sample.name.startswith("clusters"):
                continue
            scene = scenes.load(int(sample.name[-5:]) - 1)
            pixels = torch.from_numpy(scene.pixels.copy()).permute(2, 0, 1)
            assert torch.equal(sample.image, resize_image(pixels, (64, 64)))
            assert (sample.target.masks.numpy() == scene.objects.stack()).all()
            assert scene.maps is not None and sample.target.maps is not None
            for found, own in zip(planes_of(sample.target.maps), scene.maps, strict=True):
                torch.testing.assert_close(found, torch.from_numpy(own.full((64, 64))).float())
    (first, *_) = samples.positions(names[-1])
    assert samples[first].name == names[-1]


def test_scenes_do_not_depend_on_loading(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe: dict[str, Any] = {
        "train_sizes": (48, 64),
        "augmentations": [{"name": "crop"}],
        "iterations": 10,
    }
    kept = samples_with(tiny, clustered(**recipe))
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": 0})
    fresh = samples_with(tiny, clustered(**recipe))
    assert (kept.cached, fresh.cached) == (True, False)
    for position in (13, 2, 19):  # as a training that is continued
        assert_same(kept[position], fresh[position])
    loader = DataLoader(fresh, batch_size=1, num_workers=2, collate_fn=list)
    for position, (sample,) in enumerate(loader):
        assert_same(sample, kept[position])


def test_the_bytes_of_scenes_are_an_upper_limit(tiny: Tiny) -> None:
    samples = samples_with(tiny, clustered(**PLAIN))
    alone = samples_with(tiny, settings_of("gains", **PLAIN))
    taken = 0
    for position in range(len(samples.shown)):
        sample = samples[position]
        assert sample.target.maps is not None
        tensors = (sample.image, sample.target.masks, sample.target.maps.blocks)
        taken += sum(t.numel() * t.element_size() for t in tensors)
    assert alone.bytes < taken < samples.bytes


def test_without_clusters_the_samples_are_those_of_before(tiny: Tiny) -> None:
    """The function that makes scenes is not called, and the images of both are the same."""
    settings = settings_of("gains", **PLAIN)
    job = job_of(tiny, tiny.coco.parent, settings, seed=3)
    plain = samples_of_job(job, read_coco(tiny.coco), CPU)
    given = samples_with(tiny, settings)
    extended = samples_with(tiny, clustered(**PLAIN))
    assert given.scenes is None and given.bytes == plain.bytes
    for position in range(len(plain)):
        assert_same(plain[position], given[position])
    for index in range(len(plain.records)):
        assert_same(plain._at_size(index, 64), extended._at_size(index, 64))
    assert plain.scale() == extended.scale()


@pytest.mark.parametrize("method", ["mask_rcnn", "gains"])
def test_a_training_records_its_clusters(tiny: Tiny, tmp_path: Path, method: str) -> None:
    job = job_of(tiny, tmp_path, clustered(method))
    train(job, make_scenes=cluster_scenes)
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["clusters"] == scenes_of(tiny, seed=0).to_json()
    assert record["settings"]["recipe"]["clusters"]["scenes"] == BLOCK["scenes"]
    assert record["images"] == len(read_split(tiny.split).names("train"))


def test_clusters_without_what_they_need_are_refused(tiny: Tiny) -> None:
    job = job_of(tiny, tiny.coco.parent, clustered(**PLAIN))
    with pytest.raises(ValueError, match="no function that makes them is given"):
        samples_of_job(job, read_coco(tiny.coco), CPU)
    settings = settings_of("mask_rcnn", clusters=BLOCK)
    with pytest.raises(ValueError, match="recipe.clusters and cell_category"):
        samples_with(tiny, settings)
