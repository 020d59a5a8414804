"""The names of classes: which of them mean the same, in papers and in data sets."""

from __future__ import annotations

from collections.abc import Iterable

from gains.support.registry import nearest

AVERAGE, TARGET = "average", "target"
"""Subsets of the classes that are no single named class."""

SAME = (
    ("cytoplasm", "cytoplasms", "cyto", "cell", "cells"),
    ("nucleus", "nuclei"),
)
"""Names of one class in papers and data sets, our own name first; their case does not matter."""

_ALL = ("average", "all")
"""Names of the average over all classes in published tables."""


def names_of(usual: str) -> tuple[str, ...]:
    """Return all names of a class, by our own name of it."""
    return next(names for names in SAME if names[0] == usual)


def usual_name(name: str) -> str:
    """Return our own name of a class, or the name itself in lower case if it has only this one.

    >>> usual_name("Nuclei"), usual_name("Neoplastic")
    ('nucleus', 'neoplastic')
    """
    low = name.strip().lower()
    return next((names[0] for names in SAME if low in names), low)


def class_named(name: str, known: Iterable[str]) -> str:
    """Return the name among those of a data set that means the same class, the same text first.

    Raises:
        ValueError: the data set has no such class; the message lists those that it has.

    >>> class_named("nucleus", ["cell", "nuclei"])
    'nuclei'
    """
    names = list(known)
    alike = [k for k in names if usual_name(k) == usual_name(name)]
    if name in names:
        return name
    if not alike:
        raise ValueError(
            f"`subsets` names the class {name!r}, which the data set lacks; "
            f"{nearest(name, [*names, AVERAGE, TARGET])}expected {AVERAGE}, {TARGET} or one of its "
            f"classes: {', '.join(names)}"
        )
    return alike[0]


def is_of(published: str, subset: str) -> bool:
    """Return whether a published number of these classes belongs to a subset of a table.

    Args:
        published: classes as a paper prints them.
        subset: ``average``, ``target`` or the name of a class. The target class of the published
            data sets is the cytoplasm.
    """
    if subset == AVERAGE or published in _ALL:
        return subset == AVERAGE and published in _ALL
    return usual_name(published) == usual_name("cytoplasm" if subset == TARGET else subset)
