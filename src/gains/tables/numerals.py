"""Numbers as text: unequal numbers give unequal texts."""

from __future__ import annotations

import math

BLANK = "–"
"""The text of a value that does not exist."""

QUOTED = "†"
"""The mark of a value that a paper prints and that nothing here measured."""

INCOMPARABLE = "‡"
"""The same, for a value with which the measured ones beside it cannot be compared."""


def exact(value: float) -> str:
    """Return the shortest usual text of a number that no other number has.

    >>> exact(0.05), exact(0.0500000001), exact(20000.0)
    ('0.05', '0.0500000001', '20000')
    """
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def limit(value: float | None) -> str:
    """Return the text of a score threshold or a largest number of detections.

    Args:
        value: the number; 0 or infinite if there is no limit, None if it is unknown.

    Returns:
        The number, ``none`` or ``unknown``.
    """
    if value is None:
        return "unknown"
    return "none" if value in (0, math.inf) else exact(value)


def printed_p(value: float) -> str:
    """Return a p value as tables print it; NaN is one that does not exist.

    >>> printed_p(0.0004), printed_p(0.0321)
    ('< 0.001', '0.032')
    """
    if math.isnan(value):
        return BLANK
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def percent(fraction: float | None) -> str:
    """Return a fraction in percent with two decimals, as tables print it.

    >>> percent(0.12345), percent(None)
    ('12.35', '–')
    """
    return BLANK if fraction is None else f"{100 * fraction:.2f}"
