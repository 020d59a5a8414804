"""What a method is: a record with its settings, and a function that builds its model.

Records import no torch, so that configuration, tables and the workflow can read them at once;
``build`` imports the model when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gains.registry import Registry
from gains.strict import Strict, validated

if TYPE_CHECKING:
    from gains.detection.types import Detector


@dataclass(frozen=True)
class Method:
    """One row of a comparison table.

    Args:
        name: name in config and paths, e.g. ``mask_rcnn``.
        title: name in tables, e.g. ``Mask R-CNN``; the backbone is added by the table.
        citation: authors, title, venue, year.
        settings: the validated settings; defaults are the published ones.
        build: ``build(settings, num_classes, max_detections)`` -> detector.
        variants: named changes of the settings (ablation rows); ``default`` is always there.
        needs_maps: whether training with these settings reads gradient anomaly maps.
    """

    name: str
    title: str
    citation: str
    settings: type[Strict]
    build: Callable[[Any, int, int], Detector]
    variants: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    needs_maps: Callable[[Any], bool] = lambda _: False


METHODS: Registry[Method] = Registry("method")


def build_method(settings: dict[str, Any], num_classes: int) -> Detector:
    """Build the detector of a run.

    Args:
        settings: effective settings of the run (:class:`gains.study.RunSettings`).
        num_classes: K, background not counted.

    Raises:
        ValueError: unknown method, or settings that are not its.
    """
    method = METHODS.get(settings["method"]["name"])
    own = {key: value for key, value in settings["method"].items() if key != "name"}
    chosen = validated(method.settings, own, f"settings of {method.name}")
    return method.build(chosen, num_classes, settings["max_detections"])


def weights_file(settings: dict[str, Any]) -> Path | None:
    """Return the file of initial weights that a run reads, or None."""
    weights = settings["method"]["backbone"]["weights"]
    return None if weights in ("none", "imagenet") else Path(weights)
