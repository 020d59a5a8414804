"""The test images of which two methods have the most different values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gains.figures.prediction.image_values import image_values


@dataclass(frozen=True)
class Differing:
    """An image with its values by two methods.

    Attributes:
        name: file name.
        fold: index of the fold whose models did not see it in training.
        first: clean AJI by the first method, a fraction.
        second: the same by the second method.
    """

    name: str
    fold: int
    first: float
    second: float

    @property
    def difference(self) -> float:
        """By how much the first method is ahead, a fraction."""
        return self.first - self.second

    @property
    def words(self) -> str:
        """The fold and the difference, e.g. ``fold 2, AJI +12.3``."""
        return f"fold {self.fold}, AJI {100 * self.difference:+.1f}"


def most_differing(
    first: Sequence[Path], second: Sequence[Path], number: int
) -> tuple[list[Differing], list[Differing]]:
    """Return the images where the first method is ahead most, and those where it is behind most.

    An image in the test parts of several folds counts in the first of them.

    Args:
        first: score file of the first method for each fold.
        second: the same of the second method.
        number: largest number of images in each list; an image of equal values is in none.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: two files of one fold are not about the same images, a file has no values of
            images, or the values of all images are equal.
    """
    found: dict[str, Differing] = {}
    for fold, pair in enumerate(zip(first, second, strict=True)):
        ours, theirs = map(image_values, pair)
        if ours.keys() != theirs.keys():
            odd = min(ours.keys() ^ theirs.keys())
            raise ValueError(
                f"{pair[0]} and {pair[1]} are not about the same images: only one of them has "
                f"{odd!r}; give the score files of both methods in the same order of folds"
            )
        for name, value in ours.items():
            found.setdefault(name, Differing(name, fold, value, theirs[name]))
    order = sorted(found.values(), key=lambda one: (-one.difference, one.name))
    ahead = [one for one in order if one.difference > 0][:number]
    behind = [one for one in reversed(order) if one.difference < 0][:number]
    if not ahead and not behind:
        raise ValueError(f"{first[0]} and {second[0]}: both have the same AJI on every image")
    return ahead, behind
