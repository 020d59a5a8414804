"""Every format gives the objects back exactly: masks, order, classes and scores."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pycocotools.coco import COCO
from roifile import ROI_TYPE, ImagejRoi

from gains.datasets.coco import ImageRecord, read_coco
from gains.export import FORMATS
from gains.export.base import ExportedImage, Results
from gains.export.job import ExportJob
from gains.export.label_images import layers_of
from gains.instances import Instances
from gains.masks.rle import decode_mask, encode_mask
from helpers import exports
from helpers.parts import filled

SCORES = [0.5, 0.9, 0.8125, 0.7, 0.49]
ORDER = [1, 2, 3, 0]
"""The masks with a score of at least 0.5, best first."""
CLASSES = [exports.CATEGORIES[c] for c in (1, 4, 1, 1)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder with an export in all formats that need no images."""
    formats = [f for f in FORMATS if not f.needs_images]
    ExportJob(formats, tmp_path / "out").run(exports.write(tmp_path, SCORES))
    return tmp_path / "out"


def expected() -> list[NDArray[np.bool_]]:
    every = exports.masks()
    return [every[k] for k in ORDER]


def same(found: list[NDArray[np.bool_]]) -> bool:
    return len(found) == len(ORDER) and all(map(np.array_equal, found, expected()))


def read_features(text: str | bytes) -> list[tuple[NDArray[np.bool_], dict[str, Any]]]:
    found = []
    for feature in json.loads(text)["features"]:
        geometry = feature["geometry"]
        parts = geometry["coordinates"]
        parts = [parts] if geometry["type"] == "Polygon" else parts
        rings = [ring for part in parts for ring in part]
        assert all(ring[0] == ring[-1] for ring in rings)
        found.append((filled(rings, *exports.SIZE), feature))
    return found


def read_rois(data: bytes) -> list[tuple[NDArray[np.bool_], ImagejRoi]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        rois = [ImagejRoi.frombytes(archive.read(name)) for name in archive.namelist()]
    return [(filled(roi.coordinates(multi=True), *exports.SIZE), roi) for roi in rois]


def read_layers(path: Any) -> list[NDArray[np.bool_]]:
    with tifffile.TiffFile(path) as file:
        pages = np.stack([page.asarray() for page in file.pages])
    numbers = [int(n) for n in np.unique(pages) if n]
    assert numbers == list(range(1, len(numbers) + 1))
    for number in numbers:
        assert np.any(pages == number, axis=(1, 2)).sum() == 1, "an object lies on one layer"
    return [(pages == number).any(axis=0) for number in numbers]


def test_coco(out: Path) -> None:
    path = out / "coco/detections.json"
    found = read_coco(path)
    assert same(list(found.instances(1).stack()))
    assert [found.categories[c] for c in found.instances(1).categories.tolist()] == CLASSES
    assert len(found.instances(2)) == 0
    loaded = COCO(str(path))
    annotations = loaded.loadAnns(loaded.getAnnIds(imgIds=1))
    assert [a["score"] for a in annotations] == [0.9, 0.8125, 0.7, 0.5]
    assert [a["area"] for a in annotations] == [int(mask.sum()) for mask in expected()]
    assert annotations[2]["bbox"] == [0, 19, 1, 1]
    assert loaded.loadCats([4])[0]["name"] == "nucleus/Kern"
    # a result list, as `loadRes` reads it, is the list of annotations
    assert len(loaded.loadRes(annotations).anns) == 4


def test_annotations_of_several_images_have_ids_of_their_own() -> None:
    record = ImageRecord(1, "a.png", *exports.SIZE)
    images = [
        ExportedImage(replace(record, id=k, file_name=f"{k}.png"), exports.objects(SCORES))
        for k in (1, 2)
    ]
    results = Results(Path("d.json"), exports.CATEGORIES, images, 0.0, 10, 0, {})
    made = json.loads(FORMATS.get("coco").content(results, images))
    assert [(a["id"], a["image_id"]) for a in made["annotations"]] == [
        *((k, 1) for k in range(1, 6)),
        *((k, 2) for k in range(6, 11)),
    ]


def test_geojson(out: Path) -> None:
    features = read_features((out / "geojson/day 1/a.geojson").read_bytes())
    assert same([mask for mask, _ in features])
    properties = [feature["properties"] for _, feature in features]
    assert [p["classification"]["name"] for p in properties] == CLASSES
    assert [p["measurements"]["score"] for p in properties] == [0.9, 0.8125, 0.7, 0.5]
    assert {p["objectType"] for p in properties} == {"detection"}
    assert properties[0]["classification"]["color"] == [0xE6, 0x9F, 0x00]
    kinds = [feature["geometry"]["type"] for _, feature in features]
    assert kinds == ["Polygon", "MultiPolygon", "Polygon", "Polygon"]
    assert json.loads((out / "geojson/b.geojson").read_bytes()) == {
        "type": "FeatureCollection",
        "features": [],
    }


def test_rois(out: Path) -> None:
    rois = read_rois((out / "imagej/day 1/a.zip").read_bytes())
    assert same([mask for mask, _ in rois])
    assert [roi.name for _, roi in rois] == [
        "0001-cell-0.90",
        "0002-nucleus_Kern-0.81",
        "0003-cell-0.70",
        "0004-cell-0.50",
    ]
    assert [roi.properties for _, roi in rois][1] == {"class": "nucleus/Kern", "score": 0.8125}
    # a hole and a second part need a composite ROI, which lies in a rectangle
    kinds = [roi.roitype for _, roi in rois]
    assert kinds == [ROI_TYPE.RECT, ROI_TYPE.RECT, ROI_TYPE.TRACED, ROI_TYPE.TRACED]
    assert [roi.composite for _, roi in rois] == [True, True, False, False]


def test_label_images(out: Path) -> None:
    path = out / "labels/day 1/a.tif"
    assert same(read_layers(path))
    with tifffile.TiffFile(path) as file:
        said = file.shaped_metadata[0]
        assert (said["axes"], file.series[0].shape) == ("ZYX", (2, *exports.SIZE))
        assert file.pages[0].dtype == np.uint16
    assert said["classes"] == {str(k): name for k, name in enumerate(CLASSES, start=1)}
    assert sorted(n for layer in said["layers"] for n in layer) == [1, 2, 3, 4]
    assert not tifffile.imread(out / "labels/b.tif").any()


@settings(max_examples=60, deadline=None)
@given(st.lists(arrays(bool, exports.SIZE, elements=st.booleans()), max_size=6))
def test_any_masks(stack: list[NDArray[np.bool_]]) -> None:
    stack = [mask for mask in stack if mask.any()]
    rles = [encode_mask(mask) for mask in stack]
    objects = Instances.from_rles(*exports.SIZE, rles, [4] * len(rles))
    image = ExportedImage(ImageRecord(1, "a.png", *exports.SIZE), objects)
    results = Results(Path("d.json"), exports.CATEGORIES, [image], 0.5, len(rles), 0, {})
    made = {
        name: FORMATS.get(name).content(results, [image])
        for name in ("geojson", "imagej", "labels")
    }
    read = (
        [mask for mask, _ in read_features(made["geojson"])],
        [mask for mask, _ in read_rois(made["imagej"])],
        read_layers(io.BytesIO(made["labels"])),
    )
    for found in read:
        assert len(found) == len(stack)
        assert all(map(np.array_equal, found, stack))


def test_layers_are_few_and_hold_no_overlap() -> None:
    """A chain of overlapping objects needs two layers, whatever their order."""
    masks = []
    for k in range(12):
        mask = np.zeros((4, 60), dtype=bool)
        mask[:, 4 * k : 4 * k + 6] = True
        masks.append(encode_mask(mask))
    order = [3, 0, 7, 11, 5, 1, 9, 2, 10, 4, 8, 6]
    layers = layers_of([masks[k] for k in order])
    assert len(layers) == 2
    for layer in layers:
        assert sum(decode_mask(masks[order[k]]).astype(int) for k in layer).max() == 1
    assert layers_of([]) == [[]]


def test_equal_predictions_give_equal_bytes(out: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    ExportJob([f for f in FORMATS if not f.needs_images], again).run(tmp_path / "det.json.gz")
    files = sorted(p.relative_to(out) for p in out.rglob("*") if p.is_file())
    assert len(files) == 9
    for file in files:
        assert (out / file).read_bytes() == (again / file).read_bytes(), file
