"""The reasons why a table cell and a published number cannot be compared.

Each rule looks at one condition. It returns None if both sides are known to agree, and otherwise a
phrase that names both values. What a paper does not tell is unknown, and agrees with nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gains.tables.columns import definition
from gains.tables.pairs import Pair

Rule = Callable[[Pair], str | None]


def obstacles(pair: Pair) -> list[str]:
    """Return the reasons why the two numbers cannot be compared; none if they can."""
    return [found for rule in RULES.values() if (found := rule(pair)) is not None]


def limit(value: float | None) -> str:
    """Return the text of a score threshold or a largest number of detections.

    Args:
        value: the number; 0 or infinite if there is no limit, None if it is unknown.

    Returns:
        The number, ``none`` or ``unknown``.
    """
    if value is None:
        return "unknown"
    return "none" if value in (0, math.inf) else f"{value:g}"


def _dataset(pair: Pair) -> str | None:
    if pair.dataset.represents == pair.published.dataset:
        return None
    return f"{pair.dataset.name} is a stand-in for {pair.published.dataset}"


def _backbone(pair: Pair) -> str | None:
    ours, theirs = pair.cell.backbone, pair.published.conditions.backbone
    changes = pair.cell.backbone_changes
    if ours == theirs and not changes:
        return None
    own = f"{ours or 'none'} with {changes}" if changes else ours or "none"
    return f"backbone {own}, published {theirs or 'unknown'}"


def _configuration(pair: Pair) -> str | None:
    ours, theirs = pair.cell.configuration, pair.published.conditions.configuration
    if theirs is None:
        return f"modules of the published {pair.published.name} are unknown"
    return None if ours == theirs else f"{ours}, published {theirs}"


def _score_threshold(pair: Pair) -> str | None:
    ours, theirs = pair.score_threshold, pair.published.conditions.score_threshold
    if ours == theirs:
        return None
    return f"score threshold {limit(ours)}, published {limit(theirs)}"


def _max_detections(pair: Pair) -> str | None:
    ours, theirs = pair.cell.max_detections, pair.published.conditions.max_detections
    if ours == theirs:
        return None
    return f"detections per image at most {limit(ours)}, published {limit(theirs)}"


def _maps_mode(pair: Pair) -> str | None:
    mode = pair.cell.maps_mode
    return None if mode in (None, "as_published") else f"anomaly maps in {mode} mode"


def _mode(pair: Pair) -> str | None:
    return None if pair.mode in (None, "as_published") else f"{pair.metric} in {pair.mode} mode"


def _definition(pair: Pair) -> str | None:
    ours, theirs = definition(pair.metric), pair.published.definition
    if theirs is None:
        return f"definition of the published {pair.metric} is unknown"
    return None if ours == theirs else f"{pair.metric} by {ours}, published: {theirs}"


RULES: dict[str, Rule] = {
    "data set": _dataset,
    "backbone": _backbone,
    "configuration": _configuration,
    "score threshold": _score_threshold,
    "number of detections": _max_detections,
    "mode of the anomaly maps": _maps_mode,
    "mode of the metric": _mode,
    "definition of the metric": _definition,
}
"""The rule of each condition that two comparable numbers share."""
