"""The scenes of a training: what they depend on, their maps, their record, and refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from gains.anomaly.build import build_maps
from gains.anomaly.store import MapStore
from gains.clusters.cells import turned
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from helpers.clusters import MAPS, disc, scenes_of, scenes_of_images, write_images
from helpers.coco_files import write_coco
from helpers.tiny import Tiny

SIZE = (64, 64)


def test_a_scene_depends_on_the_seed_and_its_number_alone(tiny: Tiny) -> None:
    first, second, other = scenes_of(tiny), scenes_of(tiny, scenes=7), scenes_of(tiny, seed=4)
    for number in (4, 0, 4, 2):
        a, b = first.load(number), second.load(number)
        assert first.records[number] == second.records[number]
        assert (a.pixels == b.pixels).all()
        assert (a.objects.stack() == b.objects.stack()).all()
        assert len(a.placed) == len(b.placed)
    assert len({first.load(number).pixels.tobytes() for number in range(5)}) == 5
    assert any((first.load(k).pixels != other.load(k).pixels).any() for k in range(5))


def test_scenes_are_made_of_training_images_alone(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, original = set(), ImageArchive.read

    def spy(archive: ImageArchive, file_name: str) -> object:
        read.add(file_name)
        return original(archive, file_name)

    monkeypatch.setattr(ImageArchive, "read", spy)
    scenes = scenes_of(tiny, scenes=30)
    split = read_split(tiny.split)
    for number in range(30):
        scenes.load(number)
    train = set(split.names("train"))
    assert read <= train
    assert {cell.image.file_name for cell in scenes.cells} <= train
    assert len(read) > 1


def test_the_objects_of_the_canvas_stay_and_masks_are_whole(tiny: Tiny) -> None:
    scenes, coco = scenes_of(tiny), read_coco(tiny.coco)
    archive = ImageArchive(tiny.coco.with_suffix(".zip"))
    for number in range(5):
        scene = scenes.load(number)
        present = coco.instances(scene.canvas.id)
        stack = scene.objects.stack()
        assert (stack[: len(present)] == present.stack()).all()
        assert (scene.objects.ids[: len(present)] == present.ids).all()
        assert len(set(scene.objects.ids.tolist())) == len(stack)
        before = archive.pixels(scene.canvas)
        added = stack[len(present) :].any(axis=0)
        assert (scene.pixels[~added] == before[~added]).all()
        assert (scene.pixels[added] != before[added]).mean() > 0.5
        shapes = [turned(one.cell.mask, one.turn).sum() for one in scene.placed]
        cells = scene.objects.categories[len(present) :] == 1
        assert stack[len(present) :][cells].sum(axis=(1, 2)).tolist() == shapes


@pytest.mark.parametrize(
    "maps", [MAPS, MapSettings(program="nuclei", window_size=4, mode="as_published")]
)
def test_maps_are_those_of_the_scene_as_a_data_set(
    tiny: Tiny, tmp_path: Path, maps: MapSettings
) -> None:
    scenes = scenes_of(tiny, maps)
    made = [scenes.load(number) for number in range(5)]
    path = tmp_path / "scenes.json"
    named = [
        (record.file_name, s.pixels, s.objects)
        for record, s in zip(scenes.records, made, strict=True)
    ]
    write_coco(path, named, read_coco(tiny.coco).categories, {})
    coco = read_coco(path)
    build_maps(coco, maps, list(coco.images.values()), tmp_path / "maps.npz")
    store = MapStore(tmp_path / "maps.npz")
    for image, scene in zip(coco.images.values(), made, strict=True):
        assert scene.maps is not None
        ids = coco.instances(image.id).ids.tolist()
        for one, own in zip(ids, scene.maps, strict=True):
            stored = store.block(one)
            assert own[:3] == stored[:3]
            assert own.block.dtype == np.float32
            assert np.array_equal(own.block, stored.block)
    assert scenes_of(tiny, None).load(0).maps is None


def test_no_scene_exceeds_its_limits(tiny: Tiny) -> None:
    scenes = scenes_of(tiny, scenes=20)
    for number in range(20):
        objects, pixels = scenes.largest_content(number)
        scene = scenes.load(number)
        assert scene.maps is not None
        shapes = [one.block.shape for one in scene.maps if one.block.size]
        height, width = (max((shape[axis] for shape in shapes), default=0) for axis in (0, 1))
        assert objects >= len(scene.objects)
        assert pixels >= len(shapes) * height * width


def test_the_record_counts_what_is_in_the_scenes(tiny: Tiny) -> None:
    scenes = scenes_of(tiny, scenes=12)
    placed = [one for number in range(12) for one in scenes.load(number).placed]
    found = scenes.to_json()
    assert (found["scenes"], found["placed_cells"]) == (12, len(placed))
    assert found["different_cells"] == len(scenes.cells)
    for key, values in (
        ("overlap_drawn", [one.drawn for one in placed]),
        ("overlap_reached", [one.reached for one in placed]),
        ("opacity", [one.opacity for one in placed]),
    ):
        wanted = {"min": min(values), "mean": math.fsum(values) / len(values), "max": max(values)}
        assert found[key] == pytest.approx(wanted, abs=1e-4)
    assert found["overlap_outside_range"] == 0
    assert found["background"] == "training images with their own objects"


def test_a_ratio_that_cannot_be_reached_is_counted(tmp_path: Path) -> None:
    """A large disc cannot lie on a small one by 40 % of its area, but a small one can."""
    images = [
        (np.where(disc(SIZE, 30, 30, r), 90, 200).astype(np.uint8), [(1, disc(SIZE, 30, 30, r))])
        for r in (4, 16)
    ]
    write_images(tmp_path / "x.json", images)
    scenes = scenes_of_images(tmp_path / "x.json", scenes=40, objects=(1, 1), overlap=(0.4, 0.5))
    assert scenes.to_json()["overlap_outside_range"] == 0
    only_large = [cell for cell in scenes.cells if cell.mask.sum() > 500]
    scenes.cells = only_large
    scenes._placed.clear()
    found = scenes.to_json()
    missed = [k for k in range(40) if scenes.load(k).canvas.file_name == "0.png"]
    assert found["overlap_outside_range"] == len(missed) > 5
    small, large = (disc(SIZE, 30, 30, r).sum() for r in (4, 16))
    assert found["overlap_reached"]["min"] == pytest.approx(small / large, abs=1e-4)
    assert found["overlap_drawn"]["min"] >= 0.4


def test_too_few_cells_are_refused(tmp_path: Path) -> None:
    alone = (np.full(SIZE, 200, np.uint8), [(1, disc(SIZE, 30, 30, 9))])
    covered = (np.full(SIZE, 200, np.uint8), [(1, disc(SIZE, 30, x, 9)) for x in (28, 30)])
    full = np.ones(SIZE, dtype=bool)
    everywhere = (np.full(SIZE, 200, np.uint8), [(1, disc(SIZE, 30, 30, 9)), (2, full)])
    for name, images, numbers in (
        ("a", [alone, covered], "found 1 in the 2 training images"),
        ("b", [alone, everywhere], "found 1 in the 1 training images"),
    ):
        write_images(tmp_path / f"{name}.json", images)
        with pytest.raises(ValueError, match=f"{name}.json: synthetic clusters need 2.*{numbers}"):
            scenes_of_images(tmp_path / f"{name}.json")
    write_images(tmp_path / "c.json", [alone, alone])
    assert len(scenes_of_images(tmp_path / "c.json").cells) == 2
