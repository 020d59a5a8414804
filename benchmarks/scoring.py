"""Compare the time of scoring with two COCO evaluators.

The script scores 200 images of 512 px with 60 objects and 100 detections each. It prints the median
times of pycocotools and of faster-coco-eval, which compute the mAP alone (``COCO``, ``loadRes``,
evaluation), of ``gains.scoring.score.score_files``, which computes every metric in both modes, of
the same without the scores by contact, and of the part of it that computes the mAP. All times
include reading the files. Of images with more than 100 objects the references count 100 detections,
so their AP is lower.

    python benchmarks/scoring.py [--images 200] [--objects 60] [--size 512] [--runs 5]
    python benchmarks/scoring.py --files TRUTH PREDICTIONS
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from faster_coco_eval import COCO as FasterCOCO
from faster_coco_eval import COCOeval_faster
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from gains.datasets.coco import read_coco
from gains.datasets.coco_writer import annotation_records
from gains.instances import Instances
from gains.masks.rle import Rle
from gains.masks.segmentation import to_rle
from gains.metrics.coco import average_precision, mean_average_precision
from gains.prediction.files import read_predictions
from gains.scoring.pairing import pairs_by_class
from gains.scoring.score import score_files
from gains.support.files import write_json
from lib.timing import interleave, machine


def ellipse(size: int, x: float, y: float, a: float, b: float) -> Rle:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    points = np.column_stack([x + a * np.cos(angles), y + b * np.sin(angles)])
    return to_rle([np.clip(points, 0, size).ravel().tolist()], size, size)


def make_scenes(
    folder: Path, images: int, objects: int = 60, detections: int = 100, size: int = 512
) -> tuple[Path, Path]:
    """Write ellipses, shifted detections of them, and false detections.

    Equal arguments give equal bytes.
    """
    generator = np.random.default_rng(0)
    records: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    predictions: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        records.append({"id": image, "file_name": f"{image}.png", "height": size, "width": size})
        truth: NDArray[np.float64] = np.column_stack(
            [
                generator.uniform(20, size - 20, (objects, 2)),
                generator.uniform(12, 32, (objects, 2)),
            ]
        )
        masks = [ellipse(size, x, y, a, b) for x, y, a, b in truth]
        instances = Instances.from_rles(size, size, masks, [1] * objects)
        annotations += annotation_records(instances, image, len(annotations) + 1)
        for k in range(detections):
            x, y, a, b = truth[k % objects] + generator.normal(0, 2 if k < objects else 12, 4)
            rle = ellipse(size, x, y, max(a, 4), max(b, 4))
            value = round(float(generator.uniform(0.05, 1)), 4)
            predictions.append(
                {"image_id": image, "category_id": 1, "segmentation": rle, "score": value}
            )
    ground_truth, found = folder / "truth.json", folder / "found.json"
    categories = [{"id": 1, "name": "cell"}]
    write_json(
        ground_truth, {"images": records, "annotations": annotations, "categories": categories}
    )
    write_json(found, predictions)
    return ground_truth, found


def evaluated(coco: Any, evaluator: Any, ground_truth: Path, found: Path) -> float:
    """Return the AP of a COCO evaluator that has the interface of pycocotools."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco(str(ground_truth))
        evaluation = evaluator(truth, truth.loadRes(str(found)), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def our_map(ground_truth: Path, found: Path, limit: int) -> float:
    """Return our AP, without computing the other metrics."""
    truth = read_coco(ground_truth)
    by_class = pairs_by_class(truth, read_predictions(found, truth), max_detections=limit)
    classes = [average_precision(images) for images in by_class.values()]
    return float(mean_average_precision(classes).ap)


def without_contact(ground_truth: Path, found: Path, limit: int) -> float:
    """Return our AP, with all that a score file holds but the scores by contact."""
    with mock.patch("gains.scoring.score.contact_block", lambda *_: {}):
        return float(score_files(ground_truth, found, max_detections=limit)["coco"]["AP"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--objects", type=int, default=60, help="objects of an image")
    parser.add_argument("--size", type=int, default=512, help="side of an image, px")
    parser.add_argument("--files", type=Path, nargs=2, help="COCO file and its predictions")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    logging.disable()
    limit = max(100, options.objects)
    everything, without = "gains, every metric and mode", "gains, without contact"
    with tempfile.TemporaryDirectory() as folder:
        files = (
            (options.files[0], options.files[1])
            if options.files
            else make_scenes(Path(folder), options.images, options.objects, limit, options.size)
        )
        calls: dict[str, Callable[[], float]] = {
            "pycocotools, mAP alone": lambda: evaluated(COCO, COCOeval, *files),
            "faster-coco-eval, mAP alone": lambda: evaluated(FasterCOCO, COCOeval_faster, *files),
            "gains, mAP alone": lambda: our_map(files[0], files[1], limit),
            everything: lambda: score_files(*files, max_detections=limit)["coco"]["AP"],
            without: lambda: without_contact(files[0], files[1], limit),
        }
        found = {name: call() for name, call in calls.items()}
        taken = interleave(calls, options.runs)
    print(machine())
    print(f"{options.files or describe(options, limit)}, {options.runs} runs")
    for name, seconds in taken.items():
        ratio = seconds / taken["faster-coco-eval, mAP alone"]
        print(f"{name:30}{seconds:7.3f} s   AP {found[name]:.6f}   {ratio:.2f} x faster-coco-eval")
    print(f"with contact / without: {taken[everything] / taken[without]:.2f}")


def describe(options: argparse.Namespace, limit: int) -> str:
    return (
        f"{options.images} images x {options.objects} objects x {limit} detections of "
        f"{options.size} px"
    )


if __name__ == "__main__":
    main()
