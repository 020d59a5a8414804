"""Samples: their order, their augmentation, and their place in memory."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np
import pytest
import torch

from gains.anomaly.store import MapStore
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.training.samples import Samples
from gains.training.targets import tight_box
from helpers.colours import coloured
from helpers.tiny import Tiny, planes_of
from helpers.training import samples_of


def test_every_image_once_in_an_epoch(tiny: Tiny) -> None:
    samples = samples_of(tiny)
    n = len(samples.records)
    for epoch in range(3):
        names = [samples[epoch * n + i].name for i in range(n)]
        assert sorted(names) == sorted(r.file_name for r in samples.records)


def test_a_sample_depends_on_its_position_alone(tiny: Tiny) -> None:
    first, second = samples_of(tiny), samples_of(tiny)
    for position in (7, 2, 7):
        a, b = first[position], second[position]
        assert a.name == b.name
        assert torch.equal(a.image, b.image)
        assert torch.equal(a.target.masks, b.target.masks)


def test_kept_samples_are_those_read_anew(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe: dict[str, Any] = {"train_sizes": (48, 64), "vertical_flip": 0.5}
    kept = samples_of(tiny, **recipe)
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": 0})
    fresh = samples_of(tiny, **recipe)
    assert (kept.cached, fresh.cached) == (True, False)
    for position in range(30):
        a, b = kept[position], fresh[position]
        assert a.name == b.name
        assert torch.equal(a.image, b.image)
        for field in ("boxes", "labels", "masks"):
            assert torch.equal(getattr(a.target, field), getattr(b.target, field)), field
        for field in ("constants", "blocks", "corners", "index"):
            assert torch.equal(getattr(a.target.maps, field), getattr(b.target.maps, field)), field


@pytest.mark.parametrize("fits", [True, False])
def test_samples_are_kept_where_their_tensors_fit(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    """The estimate leaves out boxes and labels, and the ring around the blocks of maps."""
    recipe: dict[str, Any] = {"train_sizes": (48, 64), "horizontal_flip": 0.0}
    samples = samples_of(tiny, **recipe)
    sizes = {}
    for position in range(40):
        sample = samples[position]
        maps = sample.target.maps
        assert maps is not None
        tensors = (sample.target.masks, maps.blocks)
        own = 3 * sample.image[0].numel() + sum(t.numel() * t.element_size() for t in tensors)
        sizes[sample.name, sample.image.shape] = own
    assert len(sizes) == 2 * len(samples.records)
    share = 1.0 if fits else 0.5
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": share * sum(sizes.values())})
    assert samples_of(tiny, **recipe).cached == fits


class Shapes:
    """A store of maps that knows the sizes of their blocks alone."""

    def shape(self, annotation: int) -> tuple[int, int]:
        return ((16, 5), (10, 24), (0, 0))[annotation % 3]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return coloured(tmp_path_factory.mktemp("coloured"), 3)


@pytest.mark.parametrize("maps", [False, True])
def test_the_limit_of_kept_samples_by_hand(
    data: Tiny, monkeypatch: pytest.MonkeyPatch, maps: bool
) -> None:
    """3 images of 40 x 60 px with 2 objects each, at 40 x 60 px and at most at 64 x 96 px."""
    size = 3 * (40 * 60 + 64 * 96) * (3 + 2)
    coco = read_coco(data.coco)
    assert sorted(a["id"] for own in coco.annotations.values() for a in own) == [1, 2, 3, 4, 5, 6]
    if maps:
        # objects 1 and 2: 10 x 24 and an empty block; 3 and 4: 16 x 5 and 10 x 24; 5 and 6: 16 x 5
        blocks = 10 * 24 + 2 * 16 * 24 + 16 * 5
        size += 4 * blocks + sum(4 * n * 64 * 96 // (40 * 60) for n in (240, 768, 80))
    recipe = RecipeSettings(train_sizes=(40, 80), test_size=40, max_size=96)
    archive = ImageArchive(data.coco.with_suffix(".zip"))

    def kept(limit: int, free: int) -> bool:
        monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": limit})
        monkeypatch.setattr("gains.training.samples.free_bytes", lambda _: free)
        store = cast(MapStore, Shapes()) if maps else None
        return Samples(coco, archive, list(coco.images.values()), recipe, store, 0, 10).cached

    assert kept(size, 4 * size)
    assert not kept(size - 1, 4 * size)
    assert not kept(size, 4 * size - 1)


@pytest.mark.parametrize(("limit", "again"), [(10**9, True), (0, False)])
def test_samples_are_read_once_if_they_fit(
    data: Tiny, monkeypatch: pytest.MonkeyPatch, limit: int, again: bool
) -> None:
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": limit})
    coco = read_coco(data.coco)
    archive = ImageArchive(data.coco.with_suffix(".zip"))
    recipe = RecipeSettings(train_sizes=(80,), test_size=40, max_size=96, horizontal_flip=0.0)
    samples = Samples(coco, archive, list(coco.images.values()), recipe, None, 0, 10)
    first = samples[0]
    assert first.image.shape == (3, 64, 96)
    assert (samples[0] is first) == again


def test_the_numbers_of_a_seed_are_always_the_same(data: Tiny) -> None:
    """Order and augmentation have streams of their own, which no later version may change."""
    coco = read_coco(data.coco)
    archive = ImageArchive(data.coco.with_suffix(".zip"))
    recipe = RecipeSettings(
        train_sizes=(40, 32), test_size=40, horizontal_flip=0.3, vertical_flip=0.7
    )
    samples = Samples(coco, archive, list(coco.images.values()), recipe, None, 5, 30)
    for position in range(30):
        epoch, place = divmod(position, 3)
        order = np.random.default_rng([5, 1, epoch]).permutation(3)
        rng = np.random.default_rng([5, 2, position])
        short = (40, 32)[int(rng.integers(2))]
        across, down = rng.random(2) < (0.3, 0.7)
        sample = samples[position]
        black = torch.nonzero((sample.image == 0).all(dim=0)).float().mean(dim=0)
        found = (sample.name, sample.image.shape[1], black[1] > short * 0.75, black[0] > short / 2)
        assert found == (f"{order[place]}.png", short, across, down)


@pytest.mark.parametrize("size", [64, 48, 90])
def test_masks_and_maps_follow_the_image(tiny: Tiny, size: int) -> None:
    """The image is painted where masks and maps are, so it must equal them after augmentation."""
    samples = samples_of(
        tiny, horizontal_flip=1.0, vertical_flip=1.0, train_sizes=(size,), max_size=200
    )
    plain = samples_of(
        tiny, horizontal_flip=0.0, vertical_flip=0.0, train_sizes=(size,), max_size=200
    )
    a, b = samples[0], plain[0]
    assert a.image.shape == (3, size, size)
    assert torch.equal(a.image.flip(1, 2), b.image)
    assert torch.equal(a.target.masks.flip(1, 2), b.target.masks)
    assert a.target.maps is not None
    assert b.target.maps is not None
    torch.testing.assert_close(planes_of(a.target.maps).flip(1, 2), planes_of(b.target.maps))
    boxes = [tight_box(mask > 0) for mask in a.target.masks]
    assert torch.equal(a.target.boxes, torch.stack(boxes))


def test_maps_stay_on_their_objects(tiny: Tiny) -> None:
    sample = samples_of(tiny, horizontal_flip=1.0)[0]
    maps = sample.target.maps
    assert maps is not None
    high = planes_of(maps) > 1.05
    near = torch.nn.functional.max_pool2d(sample.target.masks[:, None].float(), 7, 1, 3)[:, 0] > 0
    assert high.any()
    assert (high & ~near).sum() == 0


def test_images_without_objects_are_left_out(tiny: Tiny) -> None:
    coco = read_coco(tiny.coco)
    records = list(coco.images.values())
    coco.annotations[records[0].id] = []
    recipe = RecipeSettings()
    archive = ImageArchive(tiny.coco.with_suffix(".zip"))
    samples = Samples(coco, archive, records, recipe, None, 0, 10)
    assert records[0] not in samples.records
    for record in records:
        coco.annotations[record.id] = []
    with pytest.raises(ValueError, match="none of the 6 training images has objects"):
        Samples(coco, archive, records, recipe, None, 0, 10)


def test_an_image_of_another_size_than_its_record_is_refused(tiny: Tiny) -> None:
    samples = samples_of(tiny, maps=False)
    samples.records = [dataclasses.replace(record, height=65) for record in samples.records]
    expected = r"has \(height, width\) \(64, 64\), but the data set's JSON file gives \(65, 64\)"
    with pytest.raises(ValueError, match=expected):
        samples[0]


def test_a_map_of_another_size_than_its_image_is_refused(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MapStore, "size", lambda *_: (65, 64))
    expected = r"the map of annotation \d+ is \(65, 64\), \S+ is \(64, 64\); make the maps"
    with pytest.raises(ValueError, match=expected):
        samples_of(tiny)[0]
