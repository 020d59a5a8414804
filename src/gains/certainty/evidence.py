"""The values of one score file in resamples of its images, from its block ``resampling``."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gains.certainty.precision import Floats, Ranked, resampled_precision
from gains.external.origin import origin_in
from gains.metrics.names import COCO_METRICS, quotients_of
from gains.metrics.pairs import IOU_THRESHOLDS
from gains.scoring.resampling import Block, parse_numbers
from gains.scoring.score_file import ScoreFile

_PRECISIONS = list(COCO_METRICS)


class Quantity(NamedTuple):
    """What a column of a table shows of a method.

    Attributes:
        metric: name of the metric.
        mode: ``clean`` or ``as_published``; COCO metrics are the same in both.
        target: category id of one class; None for the average over classes.
    """

    metric: str
    mode: str
    target: int | None = None


class Evidence:
    """The images of one score file, and the values of every resample of them.

    Args:
        file: the score file.

    Raises:
        ValueError: the file holds no such block, because an earlier version wrote it, or the block
            is damaged.
    """

    def __init__(self, file: ScoreFile) -> None:
        self.file = file
        try:
            names = [str(image["file_name"]) for image in file.content["per_image"]]
            classes: dict[str, Block] = file.content["resampling"]
            self.truths = {key: parse_numbers(block["truths"]) for key, block in classes.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{file.path}: expected the block `resampling` with what every image adds to the "
                "metrics, which this version of `gains score` writes; score the predictions again"
            ) from error
        self.images = tuple(names)
        self._classes = classes

    @functools.cached_property
    def digest(self) -> str:
        """A text that depends on the content of the file, and not on its name."""
        content = json.dumps([self.images, self._classes], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def objects(self, target: int | None) -> int:
        """Return the number of objects of one class, or of all classes."""
        return int(sum(self.truths[key].sum() for key in self._keys(target)))

    def ranks_in(self, quantity: Quantity) -> bool:
        """Return whether the value can be compared with those of other methods.

        The AP of detections without scores cannot, nor can a metric without terms be resampled.
        """
        if quantity.metric in COCO_METRICS:
            origin = origin_in(self.file.content)
            return origin is None or origin["scored"]
        terms = [block["terms"][quantity.mode] for block in self._classes.values()]
        return all(name in known for known in terms for name in quotients_of(quantity.metric))

    def values(self, quantity: Quantity, weights: Floats) -> Floats:
        """Return a metric in resamples.

        Args:
            quantity: metric, mode and class.
            weights: float64 (N, R), how often each resample holds each image of the file.

        Returns:
            Fractions, float64 (R,): the mean over the classes of which the resample has an object,
            NaN if there is no such class.
        """
        found = [
            np.where(self.truths[key] @ weights > 0, self._of_class(key, quantity, weights), np.nan)
            for key in self._keys(quantity.target)
        ]
        return mean_of_known(np.array(found).reshape(len(found), weights.shape[1]))

    def per_image(self, quantity: Quantity) -> Floats:
        """Return the value of every image, float64 (N,).

        It is the mean over the classes that have a value there, NaN if no class has one. The value
        of a class is the quotient of its terms. If the second term is 0, the value is 0 in an image
        with objects of the class, and does not exist in another one.
        """
        found = []
        for key in self._keys(quantity.target):
            if self.truths[key].any():
                empty = np.where(self.truths[key] > 0, 0.0, np.nan)
                found.append(self._quotient(key, quantity, np.eye(len(self.images)), empty))
        return mean_of_known(np.array(found).reshape(len(found), len(self.images)))

    def present(self, quantity: Quantity) -> dict[str, NDArray[np.bool_]]:
        """Return which images have what a value is computed from, bool (N,), by class."""
        return {key: self._counted(key, quantity) > 0 for key in self._keys(quantity.target)}

    def _counted(self, key: str, _: Quantity) -> Floats:
        return self.truths[key]

    def _keys(self, target: int | None) -> list[str]:
        if target is None:
            return list(self._classes)
        return [key for key in self._classes if key == str(target)]

    def _of_class(self, key: str, quantity: Quantity, weights: Floats) -> Floats:
        if quantity.metric in COCO_METRICS:
            precision: Floats = self._precision(key, weights)[_PRECISIONS.index(quantity.metric)]
            return precision
        return self._quotient(key, quantity, weights, np.zeros(weights.shape[1]))

    def _quotient(self, key: str, quantity: Quantity, weights: Floats, empty: Floats) -> Floats:
        """Return the quotient of the weighted terms, float64 (R,), or the mean of several ones.

        Where the second term is 0, the value is that of ``empty``.
        """
        values = []
        for name in quotients_of(quantity.metric):
            over, under = self._terms(key, quantity._replace(metric=name))
            sums = under @ weights
            values.append(np.divide(over @ weights, sums, out=empty.copy(), where=sums > 0))
        mean: Floats = np.mean(values, axis=0)
        return mean

    def _terms(self, key: str, quantity: Quantity) -> tuple[Floats, Floats]:
        terms = self._classes[key]["terms"][quantity.mode][quantity.metric]
        return parse_numbers(terms["over"]), parse_numbers(terms["under"])

    def _precision(self, key: str, weights: Floats) -> Floats:
        """Return the three values of COCO; the last ones are kept, since tables show several."""
        kept = self.__dict__.setdefault("_kept", {})
        if key not in kept or kept[key][0] is not weights:
            kept[key] = (weights, resampled_precision(self._ranked(key), weights))
        values: Floats = kept[key][1]
        return values

    def _ranked(self, key: str) -> Ranked:
        detections = self._classes[key]["detections"]
        image = parse_numbers(detections["image"]).astype(np.intp)
        return Ranked(
            image,
            _bits(detections["hits"], len(image)),
            _bits(detections["ignored"], len(image)),
            self.truths[key],
        )


def mean_of_known(values: Floats, times: Floats | float = 1.0) -> Floats:
    """Return the mean over the rows that have a value, float64 (N,), NaN where none has one.

    Args:
        values: float64 (rows, N).
        times: how often each value counts, a number or float64 (rows, N).
    """
    known = ~np.isnan(values)
    times = np.where(known, times, 0.0)
    count = times.sum(axis=0)
    total = (np.where(known, values, 0) * times).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _bits(text: str, length: int) -> NDArray[np.bool_]:
    """Return bool (10, D), a row for each bit; an empty text has no bit."""
    values = parse_numbers(text).astype(np.int64) if text else np.zeros(length, dtype=np.int64)
    return (values >> np.arange(len(IOU_THRESHOLDS))[:, None] & 1).astype(bool)
