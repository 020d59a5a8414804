"""Scores by contact against a slow count on whole masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.masks.rle import encode_mask
from gains.metrics.contact import KINDS, TERMS
from gains.scoring.score import score

SIZE = 48
Mask = np.ndarray


def box(x: int, y: int, width: int, height: int) -> Mask:
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[y : y + height, x : x + width] = True
    return mask


SCENES: dict[str, list[Mask]] = {
    "isolated": [box(2, 2, 10, 10), box(20, 20, 10, 10)],
    "touching": [box(2, 2, 10, 10), box(12, 2, 10, 10)],
    "light overlap": [box(2, 2, 20, 10), box(21, 2, 20, 10)],
    "medium overlap": [box(2, 2, 20, 10), box(18, 2, 20, 10)],
    "heavy overlap": [box(2, 2, 20, 10), box(12, 2, 20, 10)],
    "crossing": [box(2, 20, 40, 6), box(20, 2, 6, 40)],
}


def data_of(images: list[list[Mask]]) -> CocoDataset:
    """Return a data set of one class."""
    annotations: dict[int, list[dict[str, Any]]] = {}
    for image, masks in enumerate(images, start=1):
        annotations[image] = [
            {
                "id": 100 * image + k,
                "image_id": image,
                "category_id": 1,
                "segmentation": encode_mask(mask),
                "iscrowd": 0,
            }
            for k, mask in enumerate(masks)
        ]
    records = {i: ImageRecord(i, f"{i}.png", SIZE, SIZE) for i in annotations}
    return CocoDataset("truth.json", records, {1: "cell"}, annotations)


def found(image: int, value: float, mask: Mask) -> dict[str, Any]:
    return {
        "image_id": image, "category_id": 1, "score": value, "segmentation": encode_mask(mask),
    }  # fmt: skip


def block_of(images: list[list[Mask]], detections: list[dict[str, Any]], **options: Any) -> Any:
    return score(data_of(images), detections, **options)["contact"]["1"]


def quotient(block: Any, name: str) -> float | None:
    over, under = (
        sum(map(float, block["terms"][name][part].split())) for part in ("over", "under")
    )
    return over / under if under else None


@pytest.mark.parametrize("kind", SCENES)
def test_objects_of_each_kind_are_counted_in_their_kind(kind: str) -> None:
    """The first of two objects is found, and nothing of the other kinds exists."""
    block = block_of([SCENES[kind]], [found(1, 0.9, SCENES[kind][0])])
    for name in KINDS:
        expected = 0.5 if name in ("all", kind) else None
        assert quotient(block, f"R50 {name}") == quotient(block, f"R75 {name}") == expected
        assert (block["precision"][f"AP50 {name}"] is None) == (expected is None)
    # precision 1 at the recalls 0, 0.01 .. 0.5
    assert block["precision"][f"AP50 {kind}"] == pytest.approx(51 / 101)


def random_scenes(seed: int) -> tuple[list[list[Mask]], list[dict[str, Any]]]:
    """Return scenes of rectangles of all kinds, with moved, missing and wrong detections."""
    generator = np.random.default_rng(seed)
    images, detections = [], []
    for image in range(1, 6):
        masks = []
        for _ in range(int(generator.integers(1, 9))):
            width, height = generator.integers(3, 25, 2)
            x, y = generator.integers(0, SIZE - 25, 2)
            masks.append(box(int(x), int(y), int(width), int(height)))
        images.append(masks)
        for mask in masks:
            if generator.random() < 0.8:
                moved = np.roll(mask, tuple(generator.integers(-2, 3, 2)), axis=(0, 1))
                detections.append(found(image, float(generator.random()), moved))
        wrong = box(int(generator.integers(0, 30)), 30, 5, 5)
        detections.append(found(image, float(generator.random()), wrong))
    return images, detections


def slow_kinds(masks: list[Mask]) -> list[str]:
    """Return the kinds, by whole masks."""
    from scipy import ndimage

    def pieces(mask: Mask, least: float) -> int:
        labels, n = ndimage.label(mask, np.ones((3, 3)))
        return sum((labels == k).sum() >= least for k in range(1, n + 1))

    def cut(mask: Mask, other: Mask) -> bool:
        return pieces(mask & ~other, 0.05 * mask.sum()) > pieces(mask, 0.05 * mask.sum())

    kinds = []
    for i, mask in enumerate(masks):
        others = [other for k, other in enumerate(masks) if k != i]
        union = np.any([np.zeros_like(mask), *others], axis=0)
        share = (mask & union).sum() / mask.sum()
        near = ndimage.binary_dilation(mask, np.ones((3, 3)))
        if any((mask & o).any() and cut(mask, o) and cut(o, mask) for o in others):
            kinds.append("crossing")
        elif share > 0.3:
            kinds.append("heavy overlap")
        elif share > 0.1:
            kinds.append("medium overlap")
        elif share > 0:
            kinds.append("light overlap")
        elif any((near & o).any() for o in others):
            kinds.append("touching")
        else:
            kinds.append("isolated")
    return kinds


def slow_terms(
    images: list[list[Mask]], detections: list[dict[str, Any]], threshold: float
) -> dict[str, np.ndarray]:
    """Return every quotient's two sums, counted object by object and pixel by pixel."""
    from gains.masks.rle import decode_mask

    sums = {name: np.zeros(2) for name in TERMS}
    for image, masks in enumerate(images, start=1):
        kept = [d for d in detections if d["image_id"] == image and d["score"] >= threshold]
        kept.sort(key=lambda d: -d["score"])
        shapes = [decode_mask(d["segmentation"]) for d in kept]
        pairs = sorted(
            ((-(s & m).sum() / (s | m).sum(), i, j) for i, s in enumerate(shapes)
             for j, m in enumerate(masks) if (s & m).sum() / (s | m).sum() > 0.5),
        )  # fmt: skip
        best: dict[int, tuple[float, int]] = {}
        for negative, i, j in pairs:
            if j not in best and i not in {d for _, d in best.values()}:
                best[j] = (-negative, i)
        for j, (mask, kind) in enumerate(zip(masks, slow_kinds(masks), strict=True)):
            for measure, above in (("R50", 0.5), ("R75", 0.75)):
                hit = j in best and best[j][0] > above
                for name in ("all", kind):
                    sums[f"{measure} {name}"] += hit, 1
            union = np.any([np.zeros_like(mask), *masks[:j], *masks[j + 1 :]], axis=0)
            if j in best and (mask & union).any():
                shape = shapes[best[j][1]]
                sums["overlap region"] += (mask & union & shape).sum(), (mask & union).sum()
                sums["rest of object"] += (mask & ~union & shape).sum(), (mask & ~union).sum()
        sums["unmatched detections"] += len(kept) - len(best), len(kept)
    return sums


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("threshold", [0.0, 0.4])
def test_every_term_equals_a_slow_count(seed: int, threshold: float) -> None:
    images, detections = random_scenes(seed)
    block = block_of(images, detections, clean_score_threshold=threshold)
    for name, (over, under) in slow_terms(images, detections, threshold).items():
        terms = block["terms"][name]
        assert sum(map(int, terms["over"].split())) == over, name
        assert sum(map(int, terms["under"].split())) == under, name


@pytest.mark.parametrize("seed", range(4))
def test_ap_of_all_kinds_is_that_of_coco_and_recalls_of_kinds_add_up(seed: int) -> None:
    images, detections = random_scenes(seed)
    content = score(data_of(images), detections)
    block = content["contact"]["1"]
    for name in ("AP50", "AP75"):
        assert block["precision"][f"{name} all"] == pytest.approx(content["coco"][name], abs=1e-12)
    for part in ("over", "under"):
        texts = [block["terms"][f"R50 {kind}"][part].split() for kind in KINDS]
        whole, *parts = np.array(texts, dtype=float)
        assert np.array_equal(whole, np.sum(parts, axis=0))


def test_a_kind_carries_its_share_of_the_unmatched_detections() -> None:
    """Two of four objects cross; a false detection is first, and then all objects are found.

    At the recall 1/2 of the kind (one found) R n / (R n + F) = 2 / 3, at 1 it is 4 / 5, and the
    best precision at or above every recall is 4 / 5.
    """
    scene = [*SCENES["crossing"], box(2, 2, 5, 5), box(40, 42, 5, 5)]
    wrong = box(2, 40, 6, 6)
    first = [found(1, 0.9, wrong)]
    all_found = [found(1, 0.8 - 0.1 * k, mask) for k, mask in enumerate(scene)]
    values = block_of([scene], first + all_found)["precision"]
    assert values["AP50 crossing"] == pytest.approx(4 / 5)
    assert values["AP50 isolated"] == pytest.approx(4 / 5)
    # a detection of another kind is ignored: without the crossing objects' detections nothing
    # changes for the isolated ones
    others = block_of([scene], first + all_found[2:])["precision"]
    assert others["AP50 isolated"] == pytest.approx(4 / 5) and others["AP50 crossing"] == 0


def test_crowd_regions_are_neither_objects_nor_contact() -> None:
    truth = data_of([[*SCENES["crossing"], box(30, 30, 10, 10)]])
    truth.annotations[1][0]["iscrowd"] = 1
    detections = [found(1, 0.9, SCENES["crossing"][0]), found(1, 0.8, SCENES["crossing"][1])]
    block = score(truth, detections)["contact"]["1"]
    assert quotient(block, "R50 isolated") == 0.5 and quotient(block, "R50 crossing") is None
    # the detection in the crowd region is ignored
    assert quotient(block, "unmatched detections") == 0
    assert block["precision"]["AP50 isolated"] == pytest.approx(51 / 101)


def test_objects_of_other_classes_make_no_contact() -> None:
    truth = data_of([SCENES["crossing"]])
    truth.categories[2] = "other"
    truth.annotations[1][0]["category_id"] = 2
    for block in score(truth, [])["contact"].values():
        assert quotient(block, "R50 isolated") == 0 and quotient(block, "R50 crossing") is None


def test_a_class_without_objects_or_detections_has_no_value() -> None:
    truth = data_of([SCENES["isolated"]])
    truth.categories[2] = "absent"
    block = score(truth, [])["contact"]["2"]
    assert all(quotient(block, name) is None for name in TERMS)
    assert set(block["precision"].values()) == {None}
