"""The errors of a method in an image, and the signs that mark them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from gains.figures.drawing.style import inner_point
from gains.figures.prediction.outcomes import Outcome
from gains.instances import Instances
from gains.metrics.object_errors import ObjectError, object_errors

# shapes, and colours of Okabe and Ito, which colour-blind readers can distinguish
SIGNS = {
    ObjectError.merged: ("s", "■", "#0072B2"),
    ObjectError.suppressed: ("v", "▼", "#D55E00"),
    ObjectError.missed: ("P", "✚", "#CC79A7"),
    ObjectError.overlap_lost: ("D", "◆", "#009E73"),
    ObjectError.inaccurate: ("o", "●", "#F0E442"),
}
"""The marker of each kind, the letter that looks like it, and its colour."""
FALSE = "✖"
SIZE = {"s": 5.0, "v": 6.0, "P": 6.5, "D": 4.8, "o": 5.5}
"""Sizes of the markers that look equally large, points."""


@dataclass(frozen=True)
class MarkedErrors:
    """The errors of a method in an image.

    Attributes:
        kinds: kind of error by the index of the object.
        meant: int64 (M, 2), indices of a detection and of the object that it is meant for.
        used: int64 (U,), indices of detections that are meant for an object or merge some.
        false: int64 (F,), indices of the other detections.
    """

    kinds: dict[int, ObjectError]
    meant: NDArray[np.int64]
    used: NDArray[np.int64]
    false: NDArray[np.int64]

    @staticmethod
    def of(truth: Instances, detections: Instances, outcome: Outcome) -> MarkedErrors:
        """Return the errors, class by class; crowd regions and detections in them are left out.

        Args:
            truth: all objects of the image.
            detections: the detections that are drawn.
            outcome: what they find.
        """
        objects = np.sort(np.concatenate([outcome.found[:, 1], outcome.missed]))
        counted = np.sort(np.concatenate([outcome.found[:, 0], outcome.false]))
        kinds: dict[int, ObjectError] = {}
        meant: list[tuple[int, int]] = []
        false: list[int] = []
        for category in np.union1d(truth.categories[objects], detections.categories[counted]):
            ours = objects[truth.categories[objects] == category].tolist()
            theirs = counted[detections.categories[counted] == category].tolist()
            found = object_errors(
                [truth.masks[g] for g in ours], [detections.masks[d] for d in theirs]
            )
            kinds |= {g: kind for g, kind in zip(ours, found.kinds, strict=True) if kind}
            pairs = zip(ours, found.detections.tolist(), strict=True)
            meant += [(theirs[d], g) for g, d in pairs if d >= 0]
            false += [theirs[d] for d in found.false.tolist()]
        return MarkedErrors(
            kinds,
            np.array(meant, dtype=np.int64).reshape(-1, 2),
            np.setdiff1d(counted, false),
            np.array(sorted(false), dtype=np.int64),
        )

    @property
    def objects(self) -> NDArray[np.int64]:
        """Indices of the objects with an error, int64."""
        return np.array(sorted(self.kinds), dtype=np.int64)

    @property
    def words(self) -> str:
        """The number of each sign, e.g. ``▼2  ■4``."""
        counts = Counter(self.kinds.values())
        found = [
            f"{letter} {counts[kind]}" for kind, (_, letter, _) in SIGNS.items() if counts[kind]
        ]
        found += [f"{FALSE} {len(self.false)}"] if len(self.false) else []
        return "   ".join(found) or "no errors"

    def draw(self, axes: Axes, truth: Instances) -> None:
        """Draw a sign on each object with an error."""
        for g, kind in self.kinds.items():
            axes.add_line(error_sign(kind, *inner_point(truth.masks[g])))


def error_sign(kind: ObjectError, x: float = 0, y: float = 0) -> Line2D:
    """Return the sign of a kind of error at a pixel."""
    marker, _, colour = SIGNS[kind]
    sign = Line2D([x], [y], linestyle="", color=colour, marker=marker, markersize=SIZE[marker])
    sign.set(markeredgecolor="black", markeredgewidth=0.6, zorder=5)
    return sign
