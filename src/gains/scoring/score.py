"""Scores of predictions: every metric in both modes, per class and per image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gains import __version__
from gains.datasets.coco import CocoDataset, read_coco
from gains.external.origin import KEY, origin_of
from gains.metrics import METRICS, Metric
from gains.metrics.base import mean
from gains.metrics.coco import average_precision, mean_average_precision
from gains.metrics.names import COCO_METRICS
from gains.metrics.pairs import Pairs
from gains.prediction.files import Predictions, parse_predictions, read_predictions
from gains.prediction.sidecar import check_sidecar
from gains.scoring.contact import contact_block
from gains.scoring.pairing import ByClass, clean, pairs_by_class
from gains.scoring.resampling import resampling_block
from gains.support.files import sha256

Values = dict[str, float | None]
Content = dict[str, Any]
"""Content of a score file, or a part of it."""


def score_files(
    ground_truth: str | Path,
    predictions: str | Path,
    *,
    file_names: Iterable[str] | None = None,
    max_detections: int = 100,
    clean_score_threshold: float = 0.0,
) -> Content:
    """Score a prediction file against a COCO file; see :func:`score`.

    Args:
        ground_truth: COCO JSON file.
        predictions: COCO result list, plain or gzip.
        file_names: names of the images to score; None: all.
        max_detections: see :func:`score`.
        clean_score_threshold: see :func:`score`.

    Returns:
        The content of the score file: the result of :func:`score`, the names and SHA-256 of the
        inputs, and for predictions of another program its record, see
        :func:`gains.external.origin.Origin`.

    Raises:
        FileNotFoundError: an input is missing.
        ValueError: an input is broken, or the two belong to different data sets.
    """
    truth = read_coco(ground_truth)
    if file_names is not None:
        truth = truth.part(file_names)
    check_sidecar(predictions, truth)
    detections = read_predictions(predictions, truth)
    result = _score(truth, detections, max_detections, clean_score_threshold)
    inputs = {"ground_truth": ground_truth, "predictions": predictions}
    result["inputs"] = {
        key: {"file": Path(path).name, "sha256": sha256(path)} for key, path in inputs.items()
    }
    if origin := origin_of(predictions):
        result[KEY] = origin
    return result


def score(
    ground_truth: CocoDataset,
    predictions: list[dict[str, Any]],
    max_detections: int = 100,
    clean_score_threshold: float = 0.0,
) -> Content:
    """Compute every metric; values are fractions.

    The AP and the clean values of a class without ground truth are None, and no mean over classes
    contains them. Crowd regions are no ground truth of these values.

    Args:
        ground_truth: data set; ids, categories and empty masks are scored as they are.
        predictions: COCO result list, masks as RLE or polygons.
        max_detections: number of detections per image and category that count, the best ones.
        clean_score_threshold: score below which a detection does not count in clean values.

    Returns:
        A JSON-like dict with ``coco``, ``as_published``, ``clean``, ``per_image``,
        ``resampling``, ``contact``, ``categories``, ``counts``, ``settings``, ``version``.

    Raises:
        ValueError: the ground truth is empty or holds only crowd regions, one of its masks is
            broken, or a prediction does not belong to it.

    Examples:
        The ground truth itself as predictions scores one.

        >>> from gains.datasets.coco import read_coco
        >>> cells = read_coco("my-cells.json")
        >>> predictions = [
        ...     {**annotation, "score": 0.9}
        ...     for annotations in cells.annotations.values()
        ...     for annotation in annotations
        ... ]
        >>> score(cells, predictions)["clean"]["average"]["F1"]
        1.0
    """
    detections = parse_predictions(predictions, ground_truth)
    return _score(ground_truth, detections, max_detections, clean_score_threshold)


def _score(
    ground_truth: CocoDataset,
    predictions: Predictions,
    max_detections: int,
    clean_score_threshold: float,
) -> Content:
    if max_detections < 1 or not 0 <= clean_score_threshold <= 1:
        raise ValueError(
            f"expected max_detections >= 1 and clean_score_threshold in [0, 1], "
            f"found {max_detections} and {clean_score_threshold}"
        )
    total = number_of_truths(ground_truth)
    everything = pairs_by_class(ground_truth, predictions, max_detections)
    cleaned = clean(everything, clean_score_threshold)
    return {
        "coco": _coco(everything),
        "as_published": _as_published(everything),
        "clean": _clean(cleaned),
        "per_image": _per_image(ground_truth, cleaned),
        "resampling": resampling_block(sorted(ground_truth.images), everything, cleaned),
        "contact": contact_block(sorted(ground_truth.images), everything, cleaned),
        "categories": {str(number): name for number, name in ground_truth.categories.items()},
        "counts": {
            "images": len(ground_truth.images),
            "ground_truths": total,
            "detections": sum(map(len, predictions.values())),
        },
        "settings": {
            "max_detections": max_detections,
            "clean_score_threshold": clean_score_threshold,
        },
        "version": __version__,
    }


def value_of(
    metric: str,
    ground_truth: CocoDataset,
    predictions: Predictions,
    max_detections: int,
    clean_score_threshold: float,
) -> float:
    """Return one value of :func:`score`, over all classes: an AP, or a metric in clean mode.

    Args:
        metric: name of the metric.
        ground_truth: see :func:`score`.
        predictions: checked detections by image.
        max_detections: see :func:`score`.
        clean_score_threshold: see :func:`score`.

    Raises:
        ValueError: no class has ground truth.
    """
    by_class = pairs_by_class(ground_truth, predictions, max_detections)
    if metric in COCO_METRICS:
        return float(_coco(by_class)[COCO_METRICS[metric]])
    cleaned = _clean(clean(by_class, clean_score_threshold), [METRICS.get(metric)])
    return float(cleaned["average"][metric])


def number_of_truths(ground_truth: CocoDataset) -> int:
    """Return the number of annotations.

    Raises:
        ValueError: none of them is an object to find.
    """
    found = [a for listed in ground_truth.annotations.values() for a in listed]
    if all(a.get("iscrowd") for a in found):
        problem = "all annotations are crowd regions (iscrowd)" if found else "no annotation"
        raise ValueError(
            f"{ground_truth.path}: {problem} on the {len(ground_truth.images)} images to score; "
            "expected at least one object to find"
        )
    return len(found)


def _coco(by_class: ByClass) -> Content:
    classes = {category: average_precision(images) for category, images in by_class.items()}
    absent: Values = {"AP": None, "AP50": None, "AP75": None}
    return {
        **mean_average_precision(list(classes.values())).to_json(),
        "per_category": {
            str(category): absent if value is None else value.to_json()
            for category, value in classes.items()
        },
    }


def _as_published(by_class: ByClass) -> Content:
    """Return the values of every class, and the mean of two rows as the program prints it.

    Category 0 fills the first row. Every other category fills the second row, so the last one
    remains there. A row without a category is 0, so the mean of a single class is half its value.
    """
    metrics = {metric.name: metric.as_published for metric in METRICS if metric.as_published}
    per_class = {
        category: {name: compute(images) for name, compute in metrics.items()}
        for category, images in by_class.items()
    }
    rows = {0 if category == 0 else 1: values for category, values in per_class.items()}
    return {
        "per_class": {str(category): values for category, values in per_class.items()},
        "average": {name: sum(row[name] for row in rows.values()) / 2 for name in metrics},
    }


def _clean(by_class: ByClass, chosen: Iterable[Metric] = METRICS) -> Content:
    """Return the values of every class and their mean.

    A class without ground truth on the scored images has the value None, as in the AP, whatever
    detections it has, and does not enter the mean.
    """
    metrics = {metric.name: metric.clean for metric in chosen if metric.clean}
    values = {
        category: {name: compute(images) for name, compute in metrics.items()}
        for category, images in by_class.items()
        if _has_truth(images)
    }
    absent: Values = dict.fromkeys(metrics)
    return {
        "per_class": {str(category): values.get(category, absent) for category in by_class},
        "average": {name: mean([block[name] for block in values.values()]) for name in metrics},
    }


def _has_truth(images: list[Pairs]) -> bool:
    return any(pairs.num_truths for pairs in images)


def _per_image(truth: CocoDataset, by_class: ByClass) -> list[dict[str, Any]]:
    """Return the clean values of every image and each class that is present in it.

    They are None for a class that has no ground truth on any of the scored images.
    """
    metrics = {metric.name: metric.clean for metric in METRICS if metric.clean}
    blocks: dict[int, dict[str, Any]] = {image_id: {} for image_id in sorted(truth.images)}
    for category, images in by_class.items():
        known = _has_truth(images)
        for pairs in images:
            blocks[pairs.image_id][str(category)] = {
                **{name: compute([pairs]) if known else None for name, compute in metrics.items()},
                "ground_truths": pairs.num_truths,
                "detections": pairs.num_detections,
            }
    return [
        {"image_id": image_id, "file_name": truth.images[image_id].file_name, "per_class": block}
        for image_id, block in blocks.items()
    ]
