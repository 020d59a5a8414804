"""The classes of ChromSeg-SSL, from the labels in its files."""

from __future__ import annotations

import re
from collections import Counter

from gains.datasets.findings import Findings

CLASSES = 24
SHOWN = 5
"""Number of labels that a remark names."""

Classes = tuple[dict[str, int], dict[int, str]]
"""The category by label, and its name by category."""


def by_number(labels: Counter[str], findings: Findings) -> Classes:
    """Take the whole numbers from 1 to 24 for the classes; other labels are none."""
    numbers = {label: number for label in labels if (number := _whole(label)) is not None}
    other = {label: n for label, n in labels.items() if label not in numbers}
    if other:
        most = sorted(other, key=lambda label: (-other[label], _natural(label)))
        named = ", ".join(f"{label!r} ({other[label]} times)" for label in most[:SHOWN])
        more = f" and {len(other) - SHOWN} further ones" if len(other) > SHOWN else ""
        findings.remark(f"these labels are outside 1 to {CLASSES}: {named}{more}")
    return numbers, {number: str(number) for number in range(1, CLASSES + 1)}


def _whole(label: str) -> int | None:
    """Return the number of a class, or None if the label is none."""
    try:
        number = int(label)
    except ValueError:
        return None
    return number if 1 <= number <= CLASSES else None


def by_order(labels: Counter[str], findings: Findings) -> Classes:
    """Take every label for a class, numbered 1..K in natural order."""
    numbers = {label: k for k, label in enumerate(sorted(labels, key=_natural), start=1)}
    if len(numbers) > CLASSES:
        rare = min(labels, key=lambda label: (labels[label], _natural(label)))
        findings.remark(
            f"nothing was changed, but there are {len(numbers)} labels where {CLASSES} classes are "
            f"published (rarest: {rare!r}, {labels[rare]} times)"
        )
    return numbers, {number: label for label, number in numbers.items()}


def _natural(label: str) -> list[tuple[bool, int, str]]:
    """Return a key that sorts 2 before 10 and numbers before letters."""
    parts = re.findall(r"\d+|\D+", label)
    return [(not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts]
