"""What a method is: a record with its settings, and a function that builds its model.

Records import no torch, so that configuration, tables and the workflow can read them at once;
``build`` imports the model when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gains.config.base import Settings, validated
from gains.support.registry import Registry

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


@dataclass(frozen=True)
class Method:
    """One row of a comparison table.

    Attributes:
        name: name in config and paths, e.g. ``mask_rcnn``.
        title: name in tables, e.g. ``Mask R-CNN``; the backbone is added by the table.
        citation: authors, title, venue, year.
        settings: the validated settings; defaults are the published ones.
        build: ``build(settings, task)`` -> detector.
        variants: named changes of the settings (ablation rows); ``default`` is always there.
        needs_maps: whether training with these settings reads gradient anomaly maps.
        needs_cell: whether it must know which category's objects overlap.
    """

    name: str
    title: str
    citation: str
    settings: type[Settings]
    build: Callable[[Any, Task], Detector]
    variants: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    needs_maps: Callable[[Any], bool] = lambda _: False
    needs_cell: bool = False


METHODS: Registry[Method] = Registry("method")


def build_method(settings: dict[str, Any], categories: Sequence[int]) -> Detector:
    """Build the detector of a run.

    Args:
        settings: effective settings of the run (:class:`gains.study.runs.RunSettings`).
        categories: ids of the data set, ascending; class index k is ``categories[k]``.

    Raises:
        ValueError: unknown method, settings that are not its, or a declared cell category that
            the data set lacks.
    """
    from gains.models.contract import Task

    method = METHODS.get(settings["method"]["name"])
    own = {key: value for key, value in settings["method"].items() if key != "name"}
    chosen = validated(method.settings, own, f"settings of {method.name}")
    cell = settings.get("cell_category")
    if cell is not None and cell not in categories:
        raise ValueError(
            f"{method.name}: the cell category {cell} is not in the data set, which has "
            f"{list(categories)}; set `cell_category` in the data set's block"
        )
    index = None if cell is None else list(categories).index(cell)
    return method.build(chosen, Task(len(categories), settings["max_detections"], index))


def weights_file(settings: dict[str, Any]) -> Path | None:
    """Return the file of initial weights that a run reads, or None."""
    weights = settings["method"]["backbone"]["weights"]
    return None if weights in ("none", "imagenet") else Path(weights)
