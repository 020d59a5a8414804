"""The configuration of our rows, in the words of the published conditions."""

from __future__ import annotations

from gains.config.maps import MapSettings
from gains.methods.run_settings import RunSettings


def configuration_of(settings: RunSettings) -> str:
    """Return the method with the modules that are on, and the maps that it reads."""
    record = settings.record
    name = record.title if record.configuration is None else record.configuration(settings.model)
    return name if settings.maps is None else f"{name} with {_map_words(settings.maps)}"


def _map_words(maps: MapSettings) -> str:
    return (
        f"{maps.program} maps w={maps.window_size} f_GA={maps.f_ga:g} "
        f"highlight={maps.overlap_highlight:g}"
    )
