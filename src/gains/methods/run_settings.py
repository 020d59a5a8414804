"""The settings of one run as checked models, and the model of a method that they describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gains.config.base import Settings, check_names, plain, switched_on, validated
from gains.config.maps import MapSettings
from gains.config.prediction import THRESHOLDS, PredictionSettings, ValidationSettings
from gains.config.recipe import RecipeSettings, StartSettings
from gains.methods.base import METHODS, Method
from gains.models.settings import BackboneSettings
from gains.support.names import portable

if TYPE_CHECKING:
    from gains.models.contract import Detector


@dataclass(frozen=True)
class RunSettings:
    """All settings that determine a run, except its data and the code.

    Attributes:
        method: registered name of the method.
        model: the method's own settings.
        recipe: optimiser, schedule, image sizes.
        maps: map parameters, or None if the method reads no maps.
        max_detections: maximum number of detections per image.
        cell_category: category whose objects overlap, or None if neither the method nor synthetic
            clusters use it.
        validation: how a training predicts and scores the validation part, or None if it does not.
        start: settings of the run from whose model the training starts, or None.
    """

    method: str
    model: Settings
    recipe: RecipeSettings
    maps: MapSettings | None
    max_detections: int
    cell_category: int | None = None
    validation: ValidationSettings | None = None
    start: RunSettings | None = None

    @property
    def prediction(self) -> PredictionSettings:
        """The settings of prediction; a threshold that the method lacks is None."""
        thresholds = {name: getattr(self.model, name, None) for name in THRESHOLDS}
        return PredictionSettings(**thresholds, max_detections=self.max_detections)

    def with_prediction(self, changes: Mapping[str, float]) -> RunSettings:
        """Return the settings with changed settings of prediction.

        Args:
            changes: some of ``score_threshold``, ``nms`` and ``max_detections``.

        Raises:
            ValueError: a value is out of range, or the method lacks a threshold that is changed.
        """
        new = validated(PredictionSettings, {**self.prediction.model_dump(), **changes}, "predict")
        thresholds = {name: getattr(new, name) for name in THRESHOLDS if name in changes}
        lacking = [name for name in thresholds if name not in type(self.model).model_fields]
        if lacking:
            raise ValueError(
                f"{self.method} has no setting {' and no '.join(lacking)}: do not give it"
            )
        model = self.model.model_copy(update=thresholds)
        return replace(self, model=model, max_detections=new.max_detections)

    @property
    def while_training(self) -> RunSettings:
        """The settings with which a training builds its model: those of prediction validate it."""
        if self.validation is None:
            return self
        prediction = self.validation.model_dump(include=set(PredictionSettings.model_fields))
        return self.with_prediction({k: v for k, v in prediction.items() if v is not None})

    @property
    def record(self) -> Method:
        """The record of the method."""
        return METHODS.get(self.method)

    @property
    def start_file(self) -> Path | None:
        """The file of a whole model that ``start_from`` names, or None."""
        named = self.recipe.start_from
        return Path(named) if isinstance(named, str) else None

    @property
    def initial_weights(self) -> Path | None:
        """The file of initial values that a training reads, or None.

        The model of another run of the study is none of them: it is made, and differs by seed and
        fold.
        """
        if self.start is not None:
            return None
        return self.start_file or self.record.weights(self.model)

    def training_json(self, place: Callable[[str], str] = str) -> dict[str, Any]:
        """Return the settings that a training depends on, without those that are switched off.

        Two runs with an equal result share one training. How the validation predicts and scores
        decides weights only if these are chosen by it. The run from which the training starts
        counts with its settings, and not with its name.

        Args:
            place: function that returns what stands for the path of a file.
        """
        content = self.to_json(place)
        del content["max_detections"]
        content["recipe"] = switched_on(self.recipe, place)
        for name in RESOLVED:
            del content["recipe"][name]
        if self.recipe.select == "last":
            content.pop("validation", None)
        model = {"name": self.method, **switched_on(self.model, place)}
        content["method"] = {k: v for k, v in model.items() if k not in THRESHOLDS}
        if self.start is not None:
            content["recipe"].pop("start_from", None)
            content["start"] = self.start.training_json(place)
        return content

    def recorded_json(self) -> dict[str, Any]:
        """Return :meth:`training_json` for model files and run.json, which name no other folder."""
        return self.training_json(portable)

    def to_json(self, place: Callable[[str], str] = str) -> dict[str, Any]:
        """Return all settings as plain values, as ``gains config show`` prints them.

        Args:
            place: function that returns what stands for the path of a file.
        """
        content = {
            "method": {"name": self.method, **plain(self.model, place)},
            "recipe": plain(self.recipe, place),
            "maps": None if self.maps is None else self.maps.model_dump(mode="json"),
            "max_detections": self.max_detections,
            "cell_category": self.cell_category,
        }
        if self.validation is not None:
            content["validation"] = self.validation.model_dump(mode="json")
        if self.start is not None:
            content["start"] = self.start.to_json(place)
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any], where: str, strict: bool = False) -> RunSettings:
        """Return checked settings from :meth:`to_json` or :meth:`training_json`.

        Settings of prediction that are missing have the defaults of the method.

        Args:
            content: plain values.
            where: name of the source of ``content``, for error messages.
            strict: whether further keys are an error; they are ignored otherwise.

        Raises:
            ValueError: a part is missing or out of range, or the method or a key is unknown.
        """
        expected = ("method", "recipe", "maps", "cell_category")
        missing = [name for name in expected if name not in content]
        if missing:
            raise ValueError(
                f"{where}: expected the keys {', '.join(expected)}; {', '.join(missing)} missing"
            )
        if strict:
            check_names(where, tuple(map(str, content)), [*expected, *OPTIONAL])
        block = content["method"]
        if not isinstance(block, Mapping) or not isinstance(block.get("name"), str):
            raise ValueError(
                f"{where}.method: expected a mapping with the name of the method under 'name' and "
                f"its settings, found {str(block)[:80]}"
            )
        method = METHODS.get(block["name"])
        own = {key: value for key, value in block.items() if key != "name"}
        maps, cell = content["maps"], content["cell_category"]
        found, first = content.get("validation"), content.get("start")
        model = validated(method.settings, own, f"{where}.method")
        recipe = validated(RecipeSettings, content["recipe"], f"{where}.recipe")
        started = recipe.start_from is not None or first is not None
        require_initial_values(model, started, f"{where}.method")
        _require_start(recipe, first, where)
        return cls(
            method=method.name,
            model=model,
            recipe=recipe,
            maps=None if maps is None else validated(MapSettings, maps, f"{where}.maps"),
            max_detections=_whole({**OPTIONAL, **content}, "max_detections", 1, where),
            cell_category=None if cell is None else _whole(content, "cell_category", 0, where),
            validation=None
            if found is None
            else validated(ValidationSettings, found, f"{where}.validation"),
            start=None if first is None else cls.from_json(first, f"{where}.start", strict),
        )


OPTIONAL = {
    "max_detections": PredictionSettings().max_detections,
    "validation": None,
    "start": None,
}
"""Values of keys that :meth:`RunSettings.training_json` may leave out."""

RESOLVED = ("validation_metric", "validation_threshold")
"""Settings of a recipe that :attr:`RunSettings.validation` repeats, resolved."""


def _whole(content: Mapping[str, Any], key: str, least: int, where: str) -> int:
    value = content[key]
    if type(value) is not int or value < least:
        raise ValueError(f"{where}.{key}: expected a whole number from {least} up, found {value!r}")
    return value


def _require_start(recipe: RecipeSettings, start: Any, where: str) -> None:
    """Refuse a start without the settings of its run, which only a study knows."""
    named = recipe.start_from
    if isinstance(named, StartSettings) and start is None:
        raise ValueError(
            f"{where}.recipe.start_from names the run {named.method}/{named.variant} of a study, "
            "but its settings are not given under 'start'; give the settings as `gains config "
            "show` prints them, or name a model file"
        )


def require_initial_values(model: Settings, started: bool, where: str) -> None:
    """Refuse layers that are neither trained nor given values.

    Args:
        model: settings of a method.
        started: whether the training starts from a whole model, which gives values to all layers.
        where: name of ``model``, for the error message.

    Raises:
        ValueError: layers would keep random values.
    """
    backbone = getattr(model, "backbone", None)
    if isinstance(backbone, BackboneSettings) and not started:
        backbone.require_trained(where)


def build_method(settings: RunSettings, categories: Sequence[int]) -> Detector:
    """Build the detector of a run.

    Args:
        settings: settings of the run.
        categories: category ids of the data set, ascending; class index k is ``categories[k]``.

    Raises:
        ValueError: the data set lacks the declared cell category.
    """
    from gains.models.contract import Task

    cell = settings.cell_category
    if cell is not None and cell not in categories:
        raise ValueError(
            f"{settings.method}: the cell category {cell} is not in the data set, which has "
            f"{list(categories)}; set `cell_category` in the data set's block"
        )
    index = None if cell is None else list(categories).index(cell)
    task = Task(len(categories), settings.max_detections, index)
    return settings.record.build(settings.model, task)
