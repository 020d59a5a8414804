"""Split files, which divide whole images of a data set into train, val and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains.support.files import read_json
from gains.support.registry import nearest

PARTS = ("train", "val", "test", "unlabelled")

Fold = dict[str, list[str]]
"""File names by part; every part of :data:`PARTS` is a key."""


@dataclass(frozen=True)
class Split:
    """The parts of a data set.

    Attributes:
        dataset: name of the data set.
        generator: origin of the parts: ``ratio`` and ``seed``, or ``file``; ``draw`` if it is not
            the first draw with that seed.
        folds: file names by part, one dict per fold.
    """

    dataset: str
    generator: dict[str, object]
    folds: tuple[Fold, ...]

    def names(self, part: str, fold: int = 0) -> list[str]:
        """Return the file names of a part.

        Raises:
            ValueError: there is no such part or fold; the message lists the known ones.
        """
        if part not in PARTS:
            raise ValueError(
                f"unknown part {part!r}; {nearest(part, list(PARTS))}known: {', '.join(PARTS)}"
            )
        if not 0 <= fold < len(self.folds):
            raise ValueError(
                f"split of {self.dataset!r} has no fold {fold}; known: 0 to {len(self.folds) - 1}"
            )
        return list(self.folds[fold][part])


def _check_fold(where: str, content: Any) -> Fold:
    if not isinstance(content, Mapping):
        raise ValueError(f"{where}: expected lists by part, found {type(content).__name__}")
    for part, names in content.items():
        if part not in PARTS:
            raise ValueError(
                f"{where}: unknown part {part!r}; {nearest(str(part), list(PARTS))}"
                f"known: {', '.join(PARTS)}"
            )
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{where}: {part} is not a list of file names")
    fold = {part: list(content.get(part, [])) for part in PARTS}
    for part in ("train", "test"):
        if not fold[part]:
            raise ValueError(f"{where}: {part} is empty; list at least one image")
    refuse_shared(where, fold)
    return fold


def refuse_shared(where: str, fold: Fold) -> None:
    """Raise ValueError if a name is in two parts or twice in one."""
    seen: dict[str, str] = {}
    for part, names in fold.items():
        for name in names:
            if name in seen:
                raise ValueError(
                    f"{where}: {name!r} is in {seen[name]} and in {part}; parts must be disjoint"
                )
            seen[name] = part


def check_folds(where: str, content: Any) -> tuple[Fold, ...]:
    """Return the folds of a split file, or the one fold of plain lists.

    Raises:
        ValueError: the content does not hold lists by part, a part is unknown, train or test is
            empty, or parts share a name.
    """
    if isinstance(content, Mapping) and "folds" in content:
        folds = content["folds"]
        if not isinstance(folds, list) or not folds:
            raise ValueError(f"{where}: 'folds' is not a list with at least one fold")
        return tuple(_check_fold(f"{where}: fold {k}", fold) for k, fold in enumerate(folds))
    return (_check_fold(where, content),)


def read_split(path: str | Path) -> Split:
    """Read a split file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a split file, a part is unknown, train or test is empty, or two
            parts share an image.
    """
    content = read_json(path)
    if not isinstance(content, dict) or "folds" not in content:
        raise ValueError(f"{path}: expected a split file with 'folds'; make it with `gains split`")
    generator = content.get("generator", {})
    if not isinstance(generator, dict):
        raise ValueError(f"{path}: expected a mapping under 'generator', found {generator!r:.80}")
    return Split(
        str(content.get("dataset", Path(path).stem)),
        generator,
        check_folds(str(path), content),
    )
