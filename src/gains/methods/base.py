"""The record of a method: its settings, and a function that builds its model.

Records import no torch, so that configuration, tables and the workflow can read them quickly.
``build`` imports the model when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gains.config.base import Changes, Settings
from gains.models.imagenet import imagenet_file
from gains.models.settings import BackboneSettings
from gains.support.plug_ins import PlugIns
from gains.support.registry import Registry

if TYPE_CHECKING:
    from gains.models.contract import Detector, Task


class WithBackbone(Protocol):
    """Settings of a model whose encoder is one of our ResNets."""

    @property
    def backbone(self) -> BackboneSettings:
        """The settings of the ResNet."""
        ...


def backbone_label(settings: WithBackbone) -> str:
    """Return the short name of the ResNet, e.g. ``R50``."""
    return settings.backbone.name.replace("resnet", "R")


def backbone_weights(settings: WithBackbone) -> Path | None:
    """Return the file of initial weights, or None if they are random."""
    weights = settings.backbone.weights
    if weights == "none":
        return None
    return imagenet_file(settings.backbone.name) if weights == "imagenet" else Path(weights)


@dataclass(frozen=True)
class Method:
    """One row of a comparison table.

    The defaults of ``label``, ``weights`` and ``load_weights`` suit every model whose settings have
    a ``backbone``; a method with another encoder gives its own.

    Attributes:
        name: name in config and paths, e.g. ``mask_rcnn``.
        title: name in tables, e.g. ``Mask R-CNN``; tables add what ``label`` returns.
        citation: authors, title, venue, year.
        settings: class of the validated settings; the defaults are the published ones.
        build: ``build(settings, task)`` -> detector.
        variants: named changes of the settings (ablation rows); ``default`` is always there.
        needs_maps: whether training with these settings reads gradient anomaly maps.
        needs_cell: whether the method must know the category whose objects overlap.
        configuration: ``configuration(settings)`` -> the method with the modules that are on, in
            the words of ``published/conditions.csv``; None if that is always the title.
        label: ``label(settings)`` -> short name of the encoder, e.g. ``R50``; "" for none.
        weights: ``weights(settings)`` -> file of initial weights that training reads, or None. The
            workflow fetches a file ``data/raw/<name>/<file>`` that ``data/sources.csv`` lists.
        load_weights: ``load_weights(model, settings)`` gives a new model its initial weights; None
            for those of the ``backbone``. The record does not import the function for these,
            because predictions would then depend on its code.
    """

    name: str
    title: str
    citation: str
    settings: type[Settings]
    build: Callable[[Any, Task], Detector]
    variants: Mapping[str, Changes] = field(default_factory=dict)
    needs_maps: Callable[[Any], bool] = lambda _: False
    needs_cell: bool = False
    configuration: Callable[[Any], str] | None = None
    label: Callable[[Any], str] = backbone_label
    weights: Callable[[Any], Path | None] = backbone_weights
    load_weights: Callable[[Any, Any], None] | None = None

    @property
    def modules(self) -> list[str]:
        """The modules with the code of the method; what they import belongs to it too."""
        parts = (self.build, self.settings, self.load_weights)
        return sorted({part.__module__ for part in parts if part is not None})


METHODS: Registry[Method] = Registry("method", "gains.methods", PlugIns("gains.methods", Method))
"""All methods: those of this package, and those that other packages offer as entry points."""
