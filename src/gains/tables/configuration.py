"""The configuration of our rows, in the words of the published conditions."""

from __future__ import annotations

from gains.config.maps import MapSettings
from gains.methods.run_settings import RunSettings
from gains.models.settings import BackboneSettings


def configuration_of(settings: RunSettings) -> str:
    """Return the method with the modules that are on, and the maps that it reads."""
    record = settings.record
    name = record.title if record.configuration is None else record.configuration(settings.model)
    return name if settings.maps is None else f"{name} with {_map_words(settings.maps)}"


def backbone_changes(settings: RunSettings) -> str:
    """Return the layers of a ResNet that are not the published ones, e.g. ``width=32 norm=gn``.

    Its name tells only the depth. A method with another encoder states the whole by its label.
    """
    backbone = getattr(settings.model, "backbone", None)
    if not isinstance(backbone, BackboneSettings):
        return ""
    ordinary = type(backbone)()
    return " ".join(
        f"{name}={getattr(backbone, name)}"
        for name in ("width", "fpn_channels", "norm")
        if getattr(backbone, name) != getattr(ordinary, name)
    )


def _map_words(maps: MapSettings) -> str:
    return (
        f"{maps.program} maps w={maps.window_size} f_GA={maps.f_ga:g} "
        f"highlight={maps.overlap_highlight:g}"
    )
