"""Stores, building over many images, and `gains maps`."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.anomaly.anomaly_map import AnomalyMap, constant_map
from gains.anomaly.build import build_maps, maps_of_image
from gains.anomaly.store import MapStore, write_full, write_store
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from gains.support.files import write_json
from helpers.damage import refused_or_equal
from helpers.stores import sum_of_all

MapRecord = tuple[int, tuple[int, int], AnomalyMap]

SETTINGS = MapSettings(target_category=0, rasterize="points")


@pytest.fixture
def records() -> list[MapRecord]:
    block = 1 + np.random.default_rng(0).random((5, 4)) / 2
    return [
        (0, (12, 10), AnomalyMap(1.0, 3, 2, block)),
        (17, (12, 10), constant_map(1.0)),
        (3, (9, 11), constant_map(0.0)),
    ]


def test_store_round_trip(tmp_path: Path, records: list[MapRecord]) -> None:
    path = tmp_path / "maps.npz"
    settings = MapSettings(program="chrom", f_ga=0.7)
    assert write_store(path, settings, records) == 3
    store = MapStore(path)
    assert store.settings == settings
    assert store.annotation_ids == [0, 17, 3]
    for annotation_id, size, expected in records:
        full = store.full(annotation_id)
        assert full.dtype == np.float32
        assert full.shape == size
        np.testing.assert_allclose(full, expected.full(size), rtol=0, atol=6e-8)
        constant, y0, x0, block = store.block(annotation_id)
        assert store.shape(annotation_id) == block.shape
        assert (constant, y0, x0) == expected[:3]
        assert block.dtype == np.float32
        assert block.shape == expected.block.shape


def test_equal_maps_give_equal_bytes(tmp_path: Path, records: list[MapRecord]) -> None:
    for write in (lambda p: write_store(p, SETTINGS, records), lambda p: write_full(p, records)):
        write(tmp_path / "a.npz")
        write(tmp_path / "b.npz")
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_full_files_hold_one_whole_map_per_annotation(
    tmp_path: Path, records: list[MapRecord]
) -> None:
    write_full(tmp_path / "full.npz", records)
    found = np.load(tmp_path / "full.npz")
    assert sorted(found.files) == ["0", "17", "3"]
    for annotation_id, size, expected in records:
        assert found[str(annotation_id)].dtype == np.float64
        np.testing.assert_array_equal(found[str(annotation_id)], expected.full(size))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_store_is_safe_in_worker_processes(
    tmp_path: Path, records: list[MapRecord], method: str
) -> None:
    write_store(tmp_path / "maps.npz", SETTINGS, records)
    store = MapStore(tmp_path / "maps.npz")
    _, expected = sum_of_all(store)  # the file is open by now
    with multiprocessing.get_context(method).Pool(2) as pool:
        for process, found in pool.map(sum_of_all, [store] * 4):
            assert process != os.getpid()
            assert found == expected
    assert sum_of_all(pickle.loads(pickle.dumps(store))) == (os.getpid(), expected)


def _read_in_forked_child(store: MapStore, results: Any) -> None:
    results.put([float(store.full(0).sum()) for _ in range(50)])


def test_an_open_store_survives_a_fork(tmp_path: Path) -> None:
    # a small file would lie in the buffer of each process, which then never reads at its position
    block = 1 + np.random.default_rng(0).random((200, 300))
    records = [(number, (200, 300), AnomalyMap(1.0, 0, 0, block + number)) for number in range(2)]
    write_store(tmp_path / "maps.npz", SETTINGS, records)
    store = MapStore(tmp_path / "maps.npz")
    expected = float(store.full(0).sum())
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    children = [
        context.Process(target=_read_in_forked_child, args=(store, results)) for _ in range(3)
    ]
    for child in children:
        child.start()
    for _ in range(50):
        assert float(store.full(0).sum()) == expected
    for _ in children:
        assert results.get(timeout=60) == [expected] * 50
    for child in children:
        child.join()


def test_a_store_refuses_what_is_no_store_or_has_no_map(
    tmp_path: Path, records: list[MapRecord]
) -> None:
    path = tmp_path / "maps.npz"
    with pytest.raises(FileNotFoundError, match="make the anomaly maps first"):
        MapStore(path)
    with pytest.raises(ValueError, match="there is no anomaly map to write"):
        write_store(path, SETTINGS, [])
    with pytest.raises(ValueError, match="annotation id 17 occurs more than once"):
        write_full(path, [*records, records[1]])
    assert not list(tmp_path.iterdir())  # a failure leaves nothing behind
    write_full(path, records)
    with pytest.raises(ValueError, match="expected a compact store"):
        MapStore(path)
    write_store(path, SETTINGS, records)
    with pytest.raises(ValueError, match="no map of annotation 5"):
        MapStore(path).full(5)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="damaged store"):
        MapStore(path)
    broken = bytearray(data)
    broken[60:160] = bytes(100)
    path.write_bytes(broken)
    with pytest.raises(ValueError, match="damaged store"):
        MapStore(path).full(0)


def test_changed_bytes_of_a_store_are_refused_or_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "maps.npz"
    block = np.linspace(1, 2, 12).reshape(3, 4)
    maps = {3: AnomalyMap(1.0, 2, 3, block), 12: AnomalyMap(1.0, 0, 0, block[:0, :0])}
    write_store(path, SETTINGS, [(number, (8, 9), found) for number, found in maps.items()])

    def read(file: Path) -> list[Any]:
        store = MapStore(file)
        return [(i, store.shape(i), store.full(i).tolist()) for i in store.annotation_ids]

    assert refused_or_equal(path, read) > path.stat().st_size / 4


def test_build_does_not_depend_on_the_number_of_processes(tmp_path: Path, golden: Path) -> None:
    coco = read_coco(golden / "mixed.json")
    images = list(coco.images.values())
    number = sum(len(a) for a in coco.annotations.values())
    assert build_maps(coco, SETTINGS, images, tmp_path / "one.npz") == number
    assert build_maps(coco, SETTINGS, images, tmp_path / "two.npz", jobs=2) == number
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    store = MapStore(tmp_path / "one.npz")
    assert store.annotation_ids == [a["id"] for i in images for a in coco.annotations[i.id]]


def test_a_failure_in_a_worker_names_image_and_annotation(tmp_path: Path, golden: Path) -> None:
    content = json.loads((golden / "mixed.json").read_text())
    content["annotations"][5]["segmentation"] = {"size": [64, 80], "counts": "x"}
    write_json(tmp_path / "ann.json", content)
    coco = read_coco(tmp_path / "ann.json")
    for jobs in (1, 2):
        with pytest.raises(ValueError, match=r"ann\.json: image 3 \(i03.*annotation 6.*polygons"):
            build_maps(coco, SETTINGS, list(coco.images.values()), tmp_path / "o.npz", jobs=jobs)
    assert not (tmp_path / "o.npz").exists()


def test_building_maps_refuses_settings_that_do_not_fit_the_data(
    tmp_path: Path, golden: Path
) -> None:
    coco = read_coco(golden / "mixed.json")
    images, out = list(coco.images.values()), tmp_path / "maps.npz"
    with pytest.raises(ValueError, match=r"no category 5, .*known: 0 \(Cell\), 1 \(Nuclei\)"):
        build_maps(coco, MapSettings(target_category=5), images, out)
    with pytest.raises(ValueError, match=r"image 1 \(i01_single.png\): window_size 65"):
        build_maps(coco, MapSettings(target_category=0, window_size=65), images, out)
    with pytest.raises(ValueError, match="hold no annotation"):
        build_maps(coco, SETTINGS, [], out)
    empty = dataclasses.replace(coco, annotations={image.id: [] for image in images})
    with pytest.raises(ValueError, match="chosen images hold no annotation"):
        build_maps(empty, SETTINGS, images, out)
    dummy = dataclasses.replace(coco, categories={**coco.categories, 7: "_background_"})
    counts = r"objects by category: 0 \(Cell\): \d+, 1 \(Nuclei\): \d+, 7 \(_background_\): 0\. Set"
    with pytest.raises(ValueError, match=rf"category 7 \(_background_\), .*flat; {counts}"):
        build_maps(dummy, MapSettings(target_category=7), images, out)
    for box in (None, 5, [1, 2, 3], [1, 2, 3, "4"], [1, 2, 3, float("nan")], [9, 9, 3, -1]):
        coco.annotations[1][0]["bbox"] = box
        with pytest.raises(ValueError, match="annotation 1: program 'nuclei' finds neighbours"):
            build_maps(coco, MapSettings(program="nuclei"), images, out)
    with pytest.raises(ValueError, match=r"maps\.txt: expected a name ending in \.npz"):
        build_maps(coco, SETTINGS, images, tmp_path / "maps.txt")
    assert not list(tmp_path.iterdir())


def test_stored_boxes_may_be_empty_or_leave_the_image_and_only_nuclei_need_them(
    golden: Path,
) -> None:
    coco = read_coco(golden / "mixed.json")
    annotations = coco.annotations[1]
    annotations[0]["bbox"] = [-3, -2.5, 0, 0]
    job = coco.images[1], annotations, MapSettings(program="nuclei")
    assert len(maps_of_image(job)) == len(annotations)
    del annotations[0]["bbox"]
    for program in ("isbi", "chrom"):
        job = coco.images[1], annotations, MapSettings(program=program)
        assert len(maps_of_image(job)) == len(annotations)


def test_whole_maps_are_not_rounded(tmp_path: Path, golden: Path) -> None:
    coco = read_coco(golden / "mixed.json")
    images = list(coco.images.values())
    build_maps(coco, SETTINGS, images, tmp_path / "full.npz", full=True)
    found, rounded = np.load(tmp_path / "full.npz"), 0
    for image in images:
        for number, size, made in maps_of_image((image, coco.annotations[image.id], SETTINGS)):
            exact = made.full(size)
            np.testing.assert_array_equal(found[str(number)], exact)
            rounded += (exact.astype(np.float32) != exact).any()
    assert rounded


def test_images_without_annotations_are_fine(tmp_path: Path, golden: Path) -> None:
    coco = read_coco(golden / "mixed.json")
    coco.annotations[1].clear()
    images = list(coco.images.values())
    assert build_maps(coco, SETTINGS, images[:2], tmp_path / "maps.npz") == 2
    for program in ("isbi", "chrom", "nuclei"):
        assert maps_of_image((images[0], [], MapSettings(program=program))) == []


def run_maps(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("gains")
    return subprocess.run(
        [program, "maps", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_the_command_line_gives_the_maps_of_the_published_program(
    tmp_path: Path, golden: Path
) -> None:
    name = "isbi_mixed_t0_ws8_f0.8_ol0.3"
    numbers = ("--window-size", 8, "--f-ga", 0.8, "--overlap-highlight", 0.3)
    arguments = (
        *("--coco", golden / "mixed.json", "--program", "isbi", "--target-category", 0),
        *(*numbers, "--mode", "as_published", "--rasterize", "points"),
    )
    done = run_maps(*arguments, "--full", "--out", tmp_path / "full.npz")
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "full.npz")
    expected = np.load(golden / "anomaly_maps" / f"{name}.npz")
    assert sorted(found.files) == sorted(expected.files)
    for key in found.files:
        published = np.nan_to_num(expected[key], nan=1.0)
        np.testing.assert_allclose(found[key], published, rtol=0, atol=1e-8)
    fold = {"train": ["i05_crossing.png"], "val": [], "test": ["i01_single.png"], "unlabelled": []}
    split = tmp_path / "split.json"
    write_json(split, {"dataset": "mixed", "generator": {}, "folds": [fold]})
    chosen = ("--split", split, "--part", "train", "--fold", 0)
    done = run_maps(*arguments, *chosen, "--out", tmp_path / "store.npz")
    assert done.returncode == 0, done.stderr
    store = MapStore(tmp_path / "store.npz")
    assert store.annotation_ids == [13, 14, 15, 16]
    assert store.settings.rasterize == "points"
    for annotation_id in store.annotation_ids:
        full = found[str(annotation_id)]
        np.testing.assert_allclose(store.full(annotation_id), full, rtol=0, atol=6e-8)


@pytest.mark.parametrize("option", [("--part", "train"), ("--fold", 0)])
def test_a_part_needs_a_split(tmp_path: Path, golden: Path, option: list[str]) -> None:
    done = run_maps(
        *("--coco", golden / "mixed.json", "--program", "isbi", "--target-category", 0),
        *(*option, "--out", tmp_path / "maps.npz"),
    )
    assert done.returncode == 1
    assert "name it with --split" in done.stderr
    assert not list(tmp_path.iterdir())


def test_command_line_fails_with_one_message(tmp_path: Path, golden: Path) -> None:
    done = run_maps(
        *("--coco", golden / "mixed.json", "--program", "isbi", "--target-category", 0),
        *("--window-size", 0, "--out", tmp_path / "maps.npz"),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("gains: error: maps.window_size:")
    assert not list(tmp_path.iterdir())
