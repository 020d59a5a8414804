"""Maps against the outputs of the published programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.anomaly.maps import anomaly_maps
from gains.anomaly.raster import rasterize
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco

FILES = [
    "chrom_mixed_t0_ws5_f0.5_ol0.1",
    "chrom_one_t1_ws5_f0.5_ol0.3",
    "isbi_mixed_t0_ws3_f0.5_ol0.1",
    "isbi_mixed_t0_ws5_f0.5_ol0.1",
    "isbi_mixed_t0_ws8_f0.8_ol0.3",
    "nuclei_mixed_t1_ws8_f0.5_ol0.1",
    "nuclei_one_t1_ws5_f0.5_ol0.1",
    "nuclei_one_t1_ws8_f0.8_ol0.1",
]
# Maps that the programs wrote as NaN: there is no second instance of the target category to
# compare with (in the image, or for nuclei among the neighbours), or the mask has no pixel.
NAN_IDS = {
    "chrom_mixed_t0_ws5_f0.5_ol0.1": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "chrom_one_t1_ws5_f0.5_ol0.3": {1, 49, 53},
    "isbi_mixed_t0_ws3_f0.5_ol0.1": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "isbi_mixed_t0_ws5_f0.5_ol0.1": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "isbi_mixed_t0_ws8_f0.8_ol0.3": {1, 35, 36, 37, 38, 39, 40, 41, 49, 53},
    "nuclei_mixed_t1_ws8_f0.5_ol0.1": {6, 7, 11, 12, 49, 52, 53},
    "nuclei_one_t1_ws5_f0.5_ol0.1": {49},
    "nuclei_one_t1_ws8_f0.8_ol0.1": {49, 53},
}


def golden_settings(name: str, mode: Any) -> MapSettings:
    program, _, target, window, f_ga, highlight = re.match(
        r"(\w+?)_(\w+?)_t(\d+)_ws(\d+)_f([\d.]+)_ol([\d.]+)", name
    ).groups()
    return MapSettings(
        program=program,
        target_category=int(target),
        window_size=int(window),
        f_ga=float(f_ga),
        overlap_highlight=float(highlight),
        mode=mode,
        rasterize="points",
    )


def golden_maps(golden: Path, name: str, mode: Any) -> Iterator[tuple[int, Any, Any]]:
    """Yield annotation id, our full map, the program's map."""
    settings = golden_settings(name, mode)
    expected = np.load(golden / "anomaly_maps" / f"{name}.npz")
    coco = read_coco(golden / f"{name.split('_')[1]}.json")
    seen = 0
    for image in coco.images.values():
        found = coco.annotations[image.id]
        masks = [rasterize(a, image.height, image.width, settings) for a in found]
        boxes = np.array([a["bbox"] for a in found])
        maps = anomaly_maps(masks, [a["category_id"] for a in found], settings, boxes)
        for annotation, ours in zip(found, maps, strict=True):
            seen += 1
            full = ours.full((image.height, image.width))
            yield annotation["id"], full, expected[str(annotation["id"])]
    assert seen == len(expected.files)


@pytest.mark.parametrize("name", FILES)
def test_agrees_with_the_published_programs(golden: Path, name: str) -> None:
    undefined = set()
    for annotation_id, ours, published in golden_maps(golden, name, "as_published"):
        if np.isnan(published).any():
            undefined.add(annotation_id)
            assert (ours == 1.0).all()
        else:
            np.testing.assert_allclose(ours, published, rtol=0, atol=1e-8)
    assert undefined == NAN_IDS[name]


def test_every_reference_file_is_compared(golden: Path) -> None:
    assert sorted(p.stem for p in (golden / "anomaly_maps").glob("*.npz")) == sorted(FILES)


@pytest.mark.parametrize("name", [n for n in FILES if n.startswith("nuclei")])
def test_isolated_nuclei_are_zero_as_published_and_one_clean(golden: Path, name: str) -> None:
    zero = {i for i, ours, _ in golden_maps(golden, name, "as_published") if (ours == 0).all()}
    assert {1, 2, 3, 31} <= zero
    for annotation_id, ours, published in golden_maps(golden, name, "clean"):
        if annotation_id in zero:
            assert (ours == 1.0).all()
        elif not np.isnan(published).any():  # nothing else differs
            np.testing.assert_allclose(ours, published, rtol=0, atol=1e-8)
