"""The configuration of our rows, in the words of the published conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gains.config.base import Settings, merge, validated
from gains.config.maps import MapSettings
from gains.config.prediction import THRESHOLDS
from gains.methods.base import Method
from gains.methods.run_settings import RunSettings
from gains.models.settings import BackboneSettings
from gains.support.names import portable
from gains.tables.numerals import exact

MOST_CHANGES = 4
"""Largest number of changed settings that are named; the others are counted."""

USUAL_CATEGORY = MapSettings().target_category
"""Id of the cells in all published data sets as they are converted."""

BACKBONE_PARTS = ("width", "fpn_channels", "norm", "freeze_at", "stride_in_1x1", "channel_order")


def configuration_of(settings: RunSettings) -> str:
    """Return the method with the modules that are on, and the maps that it reads."""
    name = _name(settings.record, settings.model)
    return name if settings.maps is None else f"{name} with {_map_words(settings.maps)}"


def changes_of(settings: RunSettings) -> str:
    """Return the settings by which the method is not the published one, e.g. ``carl_power=0``.

    The method is measured by the first of its default and its built-in variants that has the same
    modules. Modules, thresholds, backbone or label, and maps are told elsewhere. Images that are
    added to the training images count as a change. The text is empty if no other setting differs.
    """
    found = _changes(settings)
    rest = len(found) - MOST_CHANGES
    more = [f"and {rest} other settings"] if rest > 1 else found[MOST_CHANGES:]
    return " ".join([*found[:MOST_CHANGES], *more])


def _changes(settings: RunSettings) -> list[str]:
    record, model = settings.record, settings.model
    usual = _usual(record, model)
    told = {*THRESHOLDS, "backbone", *_told_by(record.label, record, model)}
    told |= {*_told_by(lambda own: _name(record, own), record, model)}
    found = [
        f"{name}={_text(getattr(model, name))}"
        for name in type(model).model_fields
        if name not in told and getattr(model, name) != getattr(usual, name)
    ]
    if settings.cell_category not in (None, USUAL_CATEGORY):
        found.append(f"cell_category={settings.cell_category}")
    if settings.recipe.clusters is not None:
        found.append("synthetic clusters")
    return found


def backbone_changes(settings: RunSettings) -> str:
    """Return the settings by which a ResNet is not the published one, e.g. ``width=32 norm=gn``.

    Its name tells only the depth. A method with another encoder states the whole by its label.
    """
    backbone = getattr(settings.model, "backbone", None)
    if not isinstance(backbone, BackboneSettings):
        return ""
    ordinary = type(backbone)()
    return " ".join(
        f"{name}={_text(getattr(backbone, name))}"
        for name in BACKBONE_PARTS
        if getattr(backbone, name) != getattr(ordinary, name)
    )


def initial_weights(settings: RunSettings) -> str:
    """Return ``imagenet``, ``none``, or the file or the run that a training starts from.

    A run is told by its modules and maps, by changed settings that this training does not share,
    and by its steps, with the word ``best`` if its weights were picked by validations.
    """
    if settings.start is not None:
        return _first_phase(settings.start, settings)
    if settings.start_file is not None:
        return portable(settings.start_file)
    backbone = getattr(settings.model, "backbone", None)
    if isinstance(backbone, BackboneSettings):
        return portable(backbone.weights)
    return portable(settings.record.weights(settings.model) or "none")


def _first_phase(first: RunSettings, second: RunSettings) -> str:
    name, shared = configuration_of(first), _changes(second)
    if own := " ".join(change for change in _changes(first) if change not in shared):
        name += f" ({own})"
    which = ", the best of" if first.recipe.select == "best" else " after"
    return f"{name}{which} {first.recipe.iterations} steps"


def _name(record: Method, model: Settings) -> str:
    return record.title if record.configuration is None else record.configuration(model)


def _usual(record: Method, model: Settings) -> Settings:
    """Return the published settings of the modules that are on, or else the default."""
    default = record.settings()
    variants = (
        validated(record.settings, merge(default.model_dump(), changes), record.name)
        for changes in record.variants.values()
    )
    known = (default, *variants)
    name = _name(record, model)
    return next((usual for usual in known if _name(record, usual) == name), default)


def _told_by(words: Callable[[Any], str], record: Method, model: Settings) -> list[str]:
    """Return the settings whose value a text tells: the name of the configuration, or the label."""
    default = record.settings()
    usual = words(default)
    return [
        key
        for key in type(model).model_fields
        if words(default.model_copy(update={key: getattr(model, key)})) != usual
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return exact(value)
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)


def _map_words(maps: MapSettings) -> str:
    words = f"{maps.program} maps w={maps.window_size} f_GA={exact(maps.f_ga)}"
    if maps.program != "nuclei":  # whose maps have no highlight
        words += f" highlight={exact(maps.overlap_highlight)}"
    if maps.target_category != USUAL_CATEGORY:
        words += f" target_category={maps.target_category}"
    return words
