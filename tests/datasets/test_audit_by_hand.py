"""An audit of three images, every number by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gains.datasets.audit import audit
from gains.datasets.audit_csv import audit_table
from gains.instances import Instances
from gains.masks.rle import Rle, encode_mask
from gains.support.files import write_json
from helpers.coco_files import write_coco


def box(size: tuple[int, int], top: int, left: int, bottom: int, right: int) -> Rle:
    mask = np.zeros(size, dtype=bool)
    mask[top:bottom, left:right] = True
    return encode_mask(mask)


def test_every_number_of_an_audit(tmp_path: Path) -> None:
    """Image a: 8, 12 (they share a pixel), 4 and 4 px; b: 3 and 1 px that touch; c: 20 px."""
    wide, small = (6, 10), (4, 8)
    masks = {
        "a.png": [
            box(wide, 0, 0, 2, 4),
            box(wide, 1, 3, 3, 9),
            box(wide, 4, 0, 6, 2),
            box(wide, 4, 8, 6, 10),
        ],
        "b.png": [box(small, 0, 0, 1, 3), box(small, 1, 3, 2, 4)],
        "c.png": [box(small, 0, 0, 4, 5)],
    }
    scenes = []
    for name, rles in masks.items():
        height, width = wide if name == "a.png" else small
        instances = Instances.from_rles(height, width, rles, [1] * len(rles))
        scenes.append((name, np.zeros((height, width), np.uint8), instances))
    counts = {
        "images": {"expected": 5, "found": 3},
        "objects": {"cell": {"expected": 9, "found": 7}},
    }
    write_coco(tmp_path / "hand.json", scenes, {1: "cell"}, {"counts": counts})
    folds = [
        {"train": ["a.png"], "val": ["b.png"], "test": ["c.png"]},
        {"train": ["c.png"], "val": ["a.png"], "test": ["b.png"]},
    ]
    write_json(tmp_path / "split.json", {"folds": folds})
    out = tmp_path / "audit.json"
    found = audit(tmp_path / "hand.json", tmp_path / "split.json", max_detections=2, out_json=out)
    every = found["parts"]["all"]
    assert every["image_sizes"] == {"6x10": 1, "4x8": 2}
    assert every["images_above_max_detections"] == ["a.png"]
    # sorted areas are 1 3 4 4 8 12 20; a quantile q lies at position 6 q
    area = every["categories"]["1"]["area"]
    assert area is not None
    assert {name: round(value, 9) for name, value in area.items()} == {
        "min": 1,
        "max": 20,
        "q05": 1.6,
        "q25": 3.5,
        "q50": 4,
        "q75": 10,
        "q95": 17.6,
    }
    audit_table([out], tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines() == [
        "dataset,part,category,category_name,images,images_without_objects,"
        "images_above_max_detections,objects,objects_per_image_mean,objects_per_image_max,"
        "area_median,overlapping,touching,overlap_ratio_median,overlap_ratio_max,"
        "objects_isolated,objects_touching,objects_light,objects_medium,objects_heavy,"
        "objects_crossing,images_published,objects_published",
        # the shared pixel is 1/8 of the one and 1/12 of the other
        "hand,all,1,cell,3,0,1,7,2.33333,4,4,0.285714,0.285714,0.125,0.125,3,2,1,1,0,0,5,9",
        "hand,train,1,cell,1,0,1,4,4,4,6,0.5,0,0.125,0.125,2,0,1,1,0,0,,",
        "hand,val,1,cell,1,0,0,2,2,2,2,0,1,,,0,2,0,0,0,0,,",
        "hand,test,1,cell,1,0,0,1,1,1,20,0,0,,,1,0,0,0,0,0,,",
    ]
