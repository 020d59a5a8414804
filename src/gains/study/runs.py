"""A run and its settings, which are merged from all layers of a study and validated."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gains.config.base import Changes, Settings, merge, validated
from gains.config.data import DatasetSettings
from gains.config.maps import MapSettings
from gains.config.methods import MethodSettings, VariantSettings
from gains.config.prediction import THRESHOLDS, ValidationSettings
from gains.config.recipe import RecipeSettings, StartSettings
from gains.config.study import StudySettings
from gains.methods import METHODS, Method
from gains.methods.run_settings import RunSettings, require_initial_values
from gains.metrics.names import COCO_METRICS, check_larger_is_better
from gains.support.registry import nearest


@dataclass(frozen=True, order=True)
class Run:
    """The key of a run: a model, its predictions and their scores.

    Runs whose settings differ only in prediction share the model of one training.
    """

    dataset: str
    method: str
    variant: str
    seed: int
    fold: int = 0

    @property
    def path(self) -> str:
        """Its folder below ``results/<study>/runs``."""
        return f"{self.dataset}/{self.method}/{self.variant}/seed{self.seed}/fold{self.fold}"


def variants_of(study: StudySettings, method: str) -> list[str]:
    """Return the names of a method's variants, built in and of the study, ``default`` first."""
    own = METHODS.get(method).variants
    return list(dict.fromkeys(["default", *own, *study.variants.get(method, {})]))


@dataclass(frozen=True)
class _Layers:
    """Settings of a study for one run, from the most general to the most specific.

    Attributes:
        study: settings of the study.
        dataset: name of the data set.
        block: settings of the data set.
        record: the method.
        changes: changes that the study makes to the method.
        built_in: changes of the method's own settings by a variant of its record.
        variant: changes by a variant of the study.
        where: name of the run, for error messages.
    """

    study: StudySettings
    dataset: str
    block: DatasetSettings
    record: Method
    changes: MethodSettings
    built_in: Changes
    variant: VariantSettings
    where: str


def merged_settings(
    study: StudySettings,
    dataset: str,
    method: str,
    variant: str,
    where: str,
    after: tuple[str, ...] = (),
) -> RunSettings:
    """Merge the layers: defaults, study, data set, method, variant; later ones win.

    Args:
        study: settings of the study.
        dataset: name of one of its data sets.
        method: registered name.
        variant: name of a variant of the method, built in or of the study.
        where: name of the run, for error messages.
        after: the runs, as ``<method>/<variant>``, that start from this one, the last one first.

    Raises:
        ValueError: a method, variant or key is unknown, a value is out of range, or runs start
            from each other; the message names it.
    """
    record = _record(study, method, variant)
    block = study.datasets[dataset]
    layers = _Layers(
        study=study,
        dataset=dataset,
        block=block,
        record=record,
        changes=study.methods.get(method, MethodSettings()),
        built_in=record.variants.get(variant, {}),
        variant=study.variants.get(method, {}).get(variant, VariantSettings()),
        where=where,
    )
    model, recipe, maps = _method_settings(layers), _recipe(layers), _maps(layers)
    require_initial_values(model, recipe.start_from is not None, where)
    return RunSettings(
        method=method,
        model=model,
        recipe=recipe,
        maps=maps if record.needs_maps(model) else None,
        max_detections=block.max_detections,
        cell_category=_cell(block) if record.needs_cell or recipe.clusters else None,
        validation=_validation(layers, model, recipe),
        start=_start(layers, recipe, (*after, f"{method}/{variant}")),
    )


def _record(study: StudySettings, method: str, variant: str) -> Method:
    """Return the record of a method; refuse a variant that it does not have."""
    record, known = METHODS.get(method), variants_of(study, method)
    if variant not in known:
        raise ValueError(
            f"method {method!r} has no variant {variant!r}; {nearest(variant, known)}"
            f"known: {', '.join(known)}"
        )
    return record


def _start(layers: _Layers, recipe: RecipeSettings, after: tuple[str, ...]) -> RunSettings | None:
    """Return the settings of the run from whose model a training starts, or None.

    Args:
        layers: the settings of the training.
        recipe: its merged recipe.
        after: the training, and before it those that start from it.
    """
    named = recipe.start_from
    if not isinstance(named, StartSettings):
        return None
    name = f"{named.method}/{named.variant}"
    if name in after:
        raise ValueError(
            f"{layers.where}: start_from goes in a circle: {' starts from '.join([*after, name])}; "
            "let one of these runs start from no other (a variant has the start_from of its study, "
            "data set and method, unless it says `start_from: null`)"
        )
    try:
        _record(layers.study, named.method, named.variant)
    except ValueError as error:
        raise ValueError(f"{layers.where}: start_from: {error}") from error
    where = f"{layers.where}, which starts from {name}"
    found = (layers.study, layers.dataset, named.method, named.variant)
    return merged_settings(*found, where, after)


def _method_settings(layers: _Layers) -> Settings:
    """Return the method's own settings, with the keys of the shared ``detector`` that it has."""
    fields = layers.record.settings.model_fields
    shared = [
        {key: value for key, value in layer.items() if key in fields}
        for layer in (layers.study.detector, layers.block.detector)
    ]
    own = merge(*shared, layers.changes.method, layers.built_in, layers.variant.method)
    return validated(layers.record.settings, own, layers.where)


def _recipe(layers: _Layers) -> RecipeSettings:
    shared = merge(layers.study.recipe, layers.block.recipe)
    common = validated(RecipeSettings, shared, layers.where)
    factor = layers.variant.images_factor
    schedule = _schedule(common, layers.changes, layers.dataset, factor)
    own = merge(shared, schedule, layers.changes.recipe, layers.variant.recipe)
    return validated(RecipeSettings, own, layers.where)


def _schedule(
    common: RecipeSettings, changes: MethodSettings, dataset: str, of_variant: float
) -> Changes:
    """Return the schedule with which a run sees ``images_factor`` times as many images.

    Args:
        common: the recipe of the study on the data set.
        changes: the changes of the method.
        dataset: name of the data set.
        of_variant: further factor, of the variant.
    """
    batch = changes.recipe.get("batch_size", common.batch_size)
    if not isinstance(batch, int) or batch < 1:
        return {}  # the check of the recipe reports this error
    factor = changes.images_factor_on.get(dataset, changes.images_factor)
    scale = factor * of_variant * common.batch_size / batch
    schedule: Changes = {
        "iterations": max(1, round(common.iterations * scale)),
        "warmup_iterations": round(common.warmup_iterations * scale),
        "milestones": [max(1, round(milestone * scale)) for milestone in common.milestones],
    }
    if common.decay_every is not None:
        schedule["decay_every"] = max(1, round(common.decay_every * scale))
    if common.validate_every is not None:
        schedule["validate_every"] = max(1, round(common.validate_every * scale))
    return schedule


def _maps(layers: _Layers) -> MapSettings:
    maps = layers.block.maps
    if layers.variant.maps:
        own = merge(maps.model_dump(), layers.variant.maps)
        maps = validated(MapSettings, own, layers.where)
    if maps.rasterize == "points":
        raise ValueError(
            f"{layers.where}: rasterize: points needs polygons, but a study's data sets hold RLE; "
            "use coco here, and points with `gains maps` on a polygon file"
        )
    return maps


def _validation(
    layers: _Layers, model: Settings, recipe: RecipeSettings
) -> ValidationSettings | None:
    """Return how a training validates; what the recipe does not choose is as in the prediction."""
    metric, threshold = recipe.validation_metric, recipe.validation_threshold
    check_larger_is_better(metric, f"{layers.where}.validation_metric")
    if recipe.validation_interval is None:
        return None
    own = {name: getattr(model, name, None) for name in THRESHOLDS}
    if threshold is not None:
        if own["score_threshold"] is None:
            raise ValueError(
                f"{layers.where}: {layers.record.name} has no setting score_threshold; leave "
                "validation_threshold out"
            )
        own["score_threshold"] = threshold
    return ValidationSettings(
        **own,
        max_detections=layers.block.max_detections,
        metric=metric,
        clean_score_threshold=_threshold_of(metric, layers.study),
    )


def with_validation(study: StudySettings, settings: RunSettings) -> RunSettings:
    """Return the settings of a run with those of a validation, also if its training has none.

    Args:
        study: settings of the study.
        settings: settings of the run.
    """
    if settings.validation is not None:
        return settings
    metric = settings.recipe.validation_metric
    how = ValidationSettings(
        **settings.prediction.model_dump(),
        metric=metric,
        clean_score_threshold=_threshold_of(metric, study),
    )
    return replace(settings, validation=how)


def _threshold_of(metric: str, study: StudySettings) -> float | None:
    return None if metric in COCO_METRICS else study.clean_score_threshold


def _cell(block: DatasetSettings) -> int:
    return block.maps.target_category if block.cell_category is None else block.cell_category


def of_training(settings: RunSettings) -> Changes:
    """Return what decides a training; a default interval of validations equals the same number."""
    content = settings.training_json()
    content["recipe"]["validate_every"] = settings.recipe.validation_interval
    if settings.start is not None:
        content["start"] = of_training(settings.start)
    return content
