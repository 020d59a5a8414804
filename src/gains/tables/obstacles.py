"""The reasons why a table cell and a published number cannot be compared.

Each rule looks at one condition. It returns None if both sides are known to agree, and otherwise a
phrase that names both values. What a paper does not tell is unknown, and agrees with nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from gains.published.classes import TARGET
from gains.tables.columns import definition
from gains.tables.configuration import USUAL_CATEGORY
from gains.tables.numerals import exact, limit
from gains.tables.pairs import Pair

Rule = Callable[[Pair], str | None]


def obstacles(pair: Pair) -> list[str]:
    """Return the reasons why the two numbers cannot be compared; none if they can."""
    if pair.external:
        rules = [rule for name, rule in RULES.items() if name not in OF_MODELS]
        return [EXTERNAL, *(found for rule in rules if (found := rule(pair)) is not None)]
    return [found for rule in RULES.values() if (found := rule(pair)) is not None]


def _dataset(pair: Pair) -> str | None:
    if pair.dataset.represents == pair.published.dataset:
        return None
    return f"{pair.dataset.name} is a stand-in for {pair.published.dataset}"


def _split(pair: Pair) -> str | None:
    if not pair.dataset.has_another_split:
        return None
    return f"{pair.dataset.split}, official {' or '.join(pair.dataset.official_splits)}"


def _target(pair: Pair) -> str | None:
    found = pair.dataset.target_category
    if pair.subset != TARGET or found == USUAL_CATEGORY:
        return None
    return f"target class is category {found}, published category {USUAL_CATEGORY}"


def _backbone(pair: Pair) -> str | None:
    ours, theirs = pair.cell.backbone, pair.published.conditions.backbone
    changes = pair.cell.backbone_changes
    if ours == theirs and not changes:
        return None
    own = f"{ours or 'none'} with {changes}" if changes else ours or "none"
    return f"backbone {own}, published {theirs or 'unknown'}"


def _configuration(pair: Pair) -> str | None:
    ours, theirs = pair.cell.configuration_words, pair.published.conditions.configuration
    if theirs is None:
        return f"modules of the published {pair.published.name} are unknown"
    return None if ours == theirs else f"{ours}, published {theirs}"


def _score_threshold(pair: Pair) -> str | None:
    ours, theirs = pair.score_threshold, pair.published.conditions.score_threshold
    if ours == theirs:
        return None
    return f"score threshold {limit(ours)}, published {limit(theirs)}"


def _nms(pair: Pair) -> str | None:
    ours, theirs = pair.cell.nms, pair.published.conditions.nms or pair.cell.usual_nms
    if ours == theirs or ours is None or theirs is None:
        return None
    return f"NMS of detections at {exact(ours)} instead of {exact(theirs)}"


def _test_size(pair: Pair) -> str | None:
    ours, theirs = pair.cell.test_size, pair.published.conditions.test_size
    if ours == theirs:
        return None
    return f"size of test images {ours}, published {theirs or 'unknown'}"


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
    if pair.mode == "clean":  # the mode is an obstacle of its own
        return None
    return None if ours == theirs else f"{pair.metric} by {ours}, published: {theirs}"


RULES: dict[str, Rule] = {
    "data set": _dataset,
    "split": _split,
    "target class": _target,
    "backbone": _backbone,
    "configuration": _configuration,
    "score threshold": _score_threshold,
    "suppression of detections": _nms,
    "size of test images": _test_size,
    "number of detections": _max_detections,
    "mode of the anomaly maps": _maps_mode,
    "mode of the metric": _mode,
    "definition of the metric": _definition,
}
"""The rule of each condition that two comparable numbers share."""

EXTERNAL = "predictions of another program, whose model and settings are not known here"
OF_MODELS = (
    "backbone",
    "configuration",
    "score threshold",
    "suppression of detections",
    "size of test images",
    "number of detections",
    "mode of the anomaly maps",
)
"""Conditions of a model, which are not known of external predictions."""
