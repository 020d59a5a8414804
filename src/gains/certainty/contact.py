"""What the test images say about the objects of each kind of contact."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gains.certainty.evidence import Evidence, Quantity, mean_of_known
from gains.certainty.judge import Comparison
from gains.certainty.precision import Floats
from gains.metrics.contact import PRECISIONS
from gains.scoring.contact import ContactBlock
from gains.scoring.resampling import parse_numbers
from gains.scoring.score_file import MeanOverSeeds, ScoreFile, over_seeds


class ContactEvidence(Evidence):
    """The scores by contact in one score file, and their values in every resample of its images.

    The metric of a quantity is the name of a value, such as ``R50 crossing``; see
    :mod:`gains.metrics.contact`.

    Args:
        file: the score file.

    Raises:
        ValueError: the file holds no such scores, because an earlier version wrote it.
    """

    def __init__(self, file: ScoreFile) -> None:
        super().__init__(file)
        if "contact" not in file.content:
            raise ValueError(
                f"{file.path}: expected the block `contact` with the scores of each kind of "
                "contact, which this version of `gains score` writes; score the predictions again"
            )
        self._blocks: dict[str, ContactBlock] = file.content["contact"]

    def ranks_in(self, quantity: Quantity) -> bool:
        """Return whether the value can be compared; an AP of detections without scores cannot."""
        of_precision = quantity.metric.split()[0] in PRECISIONS
        return not of_precision or super().ranks_in(Quantity("mAP", "clean"))

    def values(self, quantity: Quantity, weights: Floats) -> Floats:
        """Return a value in resamples; see :meth:`Evidence.values`.

        Returns:
            Fractions, float64 (R,): the mean over the classes that have such objects in the
            resample, NaN if there is no such class.
        """
        found = []
        for key in self._keys(quantity.target):
            over, under = self._terms(key, quantity)
            sums = under @ weights
            empty = np.full_like(sums, np.nan)
            found.append(np.divide(over @ weights, sums, out=empty, where=sums > 0))
        return mean_of_known(np.array(found).reshape(len(found), weights.shape[1]))

    def per_image(self, quantity: Quantity) -> Floats:
        """Return the value of every image, float64 (N,), NaN in one without such objects."""
        return self.values(quantity, np.eye(len(self.images)))

    def whole(self, quantity: Quantity) -> float | None:
        """Return the value over all images, as a fraction; None without such objects."""
        value = float(self.values(quantity, np.ones((len(self.images), 1)))[0])
        return None if np.isnan(value) else value

    def precision(self, name: str, target: int | None) -> float | None:
        """Return an AP of one kind, as a fraction; None without such objects or without scores."""
        if not self.ranks_in(Quantity(name, "clean", target)):
            return None
        found = [self._blocks[key]["precision"][name] for key in self._keys(target)]
        known = [value for value in found if value is not None]
        return sum(known) / len(known) if known else None

    def count(self, quantity: Quantity) -> int:
        """Return the number of objects, or of detections, behind a value."""
        return int(sum(self._terms(key, quantity)[1].sum() for key in self._keys(quantity.target)))

    def overlapping(self, target: int | None) -> int:
        """Return the number of objects that overlap and are found."""
        keys = self._keys(target)
        return int(sum(parse_numbers(self._blocks[key]["overlapping"]).sum() for key in keys))

    def _counted(self, key: str, quantity: Quantity) -> Floats:
        return self._terms(key, quantity)[1]

    def _terms(self, key: str, quantity: Quantity) -> tuple[Floats, Floats]:
        terms = self._blocks[key]["terms"][quantity.metric]
        return parse_numbers(terms["over"]), parse_numbers(terms["under"])


class ContactComparison(Comparison):
    """The methods of a table on one data set, by contact; see :class:`Comparison`.

    A file without objects of a kind is left out of the mean over seeds and folds.
    """

    reads: ClassVar[type[Evidence]] = ContactEvidence

    def evidence(self, row: str) -> list[ContactEvidence]:
        """Return what the score files of a method say."""
        return [item for item in self.methods[row].evidence if isinstance(item, ContactEvidence)]

    def score(self, row: str, quantity: Quantity) -> MeanOverSeeds:
        """Return the mean and spread of a method, in percent."""
        return mean_of_files([item.whole(quantity) for item in self.evidence(row)])

    def precision(self, row: str, name: str, target: int | None) -> MeanOverSeeds:
        """Return the mean and spread of an AP of one kind, in percent."""
        return mean_of_files([item.precision(name, target) for item in self.evidence(row)])


def mean_of_files(fractions: list[float | None]) -> MeanOverSeeds:
    """Return the mean over the files that have a value, in percent."""
    known = [value for value in fractions if value is not None]
    return over_seeds(known) if known else MeanOverSeeds(None, None, 0)
