"""Durations in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it.

    Examples:
        >>> duration(42.3), duration(100), duration(5000), duration(20000), duration(400000)
        ('42 s', '2 min', '1.4 h', '5.6 h', '4.6 days')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"
