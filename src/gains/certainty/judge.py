"""The comparison of methods on the test images of a data set, quantity by quantity."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from gains.certainty.evidence import Evidence, Quantity
from gains.certainty.intervals import Interval, bca_interval, p_value, tail
from gains.certainty.judgement import LEAST, NOTHING, Difference, Judgement, Standing
from gains.certainty.ranking import holm, ranks, signed_rank
from gains.certainty.resamples import ResampledMethod, Resamples, Values
from gains.metrics.names import COCO_METRICS, smaller_is_better
from gains.scoring.score_file import MeanOverSeeds, ScoreFile, over_seeds


class Comparison:
    """The methods of a table on one data set.

    Args:
        methods: the score files of each method, by the label of its row.

    Raises:
        ValueError: a file has no block `resampling`, or a method has other test images.
    """

    reads: ClassVar[type[Evidence]] = Evidence
    """What is read from a score file."""

    def __init__(self, methods: Mapping[str, Sequence[ScoreFile]]) -> None:
        evidence = {row: list(map(self.reads, files)) for row, files in methods.items()}
        images = {row: _images(items) for row, items in evidence.items()}
        first, expected = next(iter(images.items()))
        for row, found in images.items():
            if found != expected:
                raise ValueError(
                    f"{row} was scored on {len(found)} images and {first} on {len(expected)}, "
                    f"{len(set(found) ^ set(expected))} of which only one of the two has; methods "
                    "are compared on the same test images, so score them on these"
                )
        resamples = Resamples(expected)
        self.images = len(expected)
        self.methods = {row: ResampledMethod(items, resamples) for row, items in evidence.items()}
        self.files = methods

    @property
    def seeds(self) -> int:
        """Largest number of seeds of a method on the same test images, so without its folds."""
        methods = self.methods.values()
        return max(max(Counter(e.images for e in m.evidence).values()) for m in methods)

    @property
    def any_file(self) -> ScoreFile:
        """One of the score files; all of them are of the same data set."""
        return next(iter(self.files.values()))[0]

    def judge(self, quantity: Quantity) -> Judgement:
        """Return what the images say about the methods whose values can be compared."""
        scores = {row: self.score(row, quantity) for row in self.files}
        methods = {
            row: method
            for row, method in self.methods.items()
            if scores[row].mean is not None
            and all(item.ranks_in(quantity) for item in method.evidence)
        }
        values = {row: method.values(quantity) for row, method in methods.items()}
        support = {row: method.support(quantity) for row, method in methods.items()}
        return Judgement(
            quantity,
            self.images,
            self.objects(quantity.target),
            self.seeds,
            len(self.files),
            _standings(quantity.metric, scores, values, support),
            _differences(quantity, methods, values, support),
        )

    def score(self, row: str, quantity: Quantity) -> MeanOverSeeds:
        """Return the mean and spread of a method, in percent."""
        return over_seeds(
            [
                file.value(quantity.metric, quantity.mode, quantity.target)
                for file in self.files[row]
            ]
        )

    def objects(self, target: int | None) -> int:
        """Return the number of objects of one class, or of all classes, in the test images."""
        first = next(iter(self.methods.values()))
        folds = {item.images: item for item in first.evidence}
        return sum(item.objects(target) for item in folds.values())


def _images(evidence: Sequence[Evidence]) -> list[str]:
    return sorted({name for item in evidence for name in item.images})


def _standings(
    metric: str,
    scores: Mapping[str, MeanOverSeeds],
    values: Mapping[str, Values],
    support: Mapping[str, int],
) -> list[Standing]:
    if not values:
        return []
    sign = -1 if metric in smaller_is_better() else 1
    means = np.array([[scores[row].mean] for row in values], dtype=np.float64)
    resampled = np.stack([found.resampled for found in values.values()])
    known = ~np.isnan(resampled).any(axis=0) & (min(support.values()) >= LEAST)
    order = ranks(sign * means)[:, 0]
    in_resamples = ranks(sign * resampled[:, known])
    share = (1 - 0.95) / 2
    return [
        Standing(
            row,
            scores[row],
            _of_value(found, support[row]),
            int(order[k]),
            Interval(*np.quantile(in_resamples[k], [share, 1 - share], method="inverted_cdf"))
            if known.any()
            else NOTHING,
            support[row],
        )
        for k, (row, found) in enumerate(values.items())
    ]


def _of_value(values: Values, support: int) -> Interval:
    """Return the interval of a value; resamples without any spread say nothing of its own."""
    found = _interval(values, support)
    known = values.resampled[~np.isnan(values.resampled)]
    return found if len(known) and np.ptp(known) > 1e-9 else NOTHING


def _interval(values: Values, support: int) -> Interval:
    return bca_interval(values, tail(len(values.without))) if support >= LEAST else NOTHING


def _differences(
    quantity: Quantity,
    methods: Mapping[str, ResampledMethod],
    values: Mapping[str, Values],
    support: Mapping[str, int],
) -> list[Difference]:
    """Return every pair, with p values that are corrected for all pairs."""
    of_images = (
        {}
        if quantity.metric in COCO_METRICS
        else {row: method.per_image(quantity) for row, method in methods.items()}
    )
    found = []
    for row, other in itertools.combinations(values, 2):
        difference = values[row] - values[other]
        least = min(support[row], support[other])
        tested = least >= LEAST
        found.append(
            Difference(
                row,
                other,
                difference.whole,
                _interval(difference, least),
                p_value(difference) if tested else math.nan,
                math.nan,
                signed_rank(of_images[row], of_images[other]) if of_images and tested else math.nan,
                math.nan,
            )
        )
    corrected = zip(
        found, holm([d.p for d in found]), holm([d.wilcoxon for d in found]), strict=True
    )
    return [replace(d, p_holm=p, wilcoxon_holm=w) for d, p, w in corrected]
