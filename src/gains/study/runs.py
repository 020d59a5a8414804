"""What a run is, and its effective settings: every layer of a study merged and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gains.config.base import merge, validated
from gains.config.data import DatasetSettings
from gains.config.maps import MapSettings
from gains.config.methods import MethodSettings, VariantSettings
from gains.config.recipe import RecipeSettings
from gains.config.study import StudySettings
from gains.methods import METHODS
from gains.support.registry import nearest


@dataclass(frozen=True, order=True)
class Run:
    """The key of a run: one training and all that follows from it."""

    dataset: str
    method: str
    variant: str
    seed: int
    fold: int = 0

    @property
    def path(self) -> str:
        """Its folder below ``results/<study>/runs``."""
        return f"{self.dataset}/{self.method}/{self.variant}/seed{self.seed}/fold{self.fold}"


@dataclass(frozen=True)
class RunSettings:
    """Everything that determines a run but data and code; JSON-like, goes into ``run.json``.

    Args:
        method: the method's name and all its settings.
        recipe: optimiser, schedule, image sizes.
        maps: map parameters, or None if the method reads none.
        max_detections: detections kept per image.
        cell_category: category whose objects overlap, or None if the method need not know.
    """

    method: dict[str, Any]
    recipe: dict[str, Any]
    maps: dict[str, Any] | None
    max_detections: int
    cell_category: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a plain dict."""
        return {
            "method": self.method,
            "recipe": self.recipe,
            "maps": self.maps,
            "max_detections": self.max_detections,
            "cell_category": self.cell_category,
        }

    @property
    def images_seen(self) -> int:
        """Images that training looks at, each repetition counted."""
        return images_seen(self.recipe)


def images_seen(recipe: dict[str, Any]) -> int:
    """Return the images that a training of this recipe looks at, each repetition counted."""
    return int(recipe["iterations"] * recipe["batch_size"])


def variants_of(study: StudySettings, method: str) -> list[str]:
    """Return the names of a method's variants, built in and of the study, ``default`` first."""
    own = METHODS.get(method).variants
    return list(dict.fromkeys(["default", *own, *study.variants.get(method, {})]))


def effective(
    study: StudySettings, dataset: str, method: str, variant: str, where: str
) -> RunSettings:
    """Merge the layers: defaults, study, data set, method, variant; later ones win.

    Args:
        study: settings of the study.
        dataset: name of one of its data sets.
        method: registered name.
        variant: of the method, built in or of the study.
        where: what errors call the run.

    Raises:
        ValueError: an unknown method, variant or key, or a value out of range; it is named.
    """
    record, known = METHODS.get(method), variants_of(study, method)
    if variant not in known:
        raise ValueError(
            f"method {method!r} has no variant {variant!r}; {nearest(variant, known)}"
            f"known: {', '.join(known)}"
        )
    block = study.datasets[dataset]
    own = record.variants.get(variant, {})
    extra = study.variants.get(method, {}).get(variant)
    fields = record.settings.model_fields
    shared = [
        {key: value for key, value in layer.items() if key in fields}
        for layer in (study.detector, block.detector)
    ]
    changes = study.methods.get(method, MethodSettings())
    varied = extra or VariantSettings()
    chosen = validated(record.settings, merge(*shared, changes.method, own, varied.method), where)
    common = validated(RecipeSettings, merge(study.recipe, block.recipe), where)
    recipe = validated(
        RecipeSettings,
        merge(
            common.model_dump(), _schedule(common, changes, dataset), changes.recipe, varied.recipe
        ),
        where,
    )
    maps = validated(MapSettings, merge(block.maps.model_dump(), varied.maps), where)
    if maps.rasterize == "points":
        raise ValueError(
            f"{where}: rasterize: points needs polygons, but a study's data sets hold RLE; "
            "use coco here, and points with `gains maps` on a polygon file"
        )
    return RunSettings(
        method={"name": method, **chosen.model_dump(mode="json")},
        recipe=recipe.model_dump(mode="json"),
        maps=maps.model_dump(mode="json") if record.needs_maps(chosen) else None,
        max_detections=block.max_detections,
        cell_category=_cell(block) if record.needs_cell else None,
    )


def _schedule(common: RecipeSettings, changes: MethodSettings, dataset: str) -> dict[str, Any]:
    """Return the schedule that sees the wanted multiple of the common recipe's images."""
    batch = changes.recipe.get("batch_size", common.batch_size)
    if not isinstance(batch, int) or batch < 1:
        return {}  # the recipe's own check names it
    scale = changes.images_factor_on.get(dataset, changes.images_factor) * common.batch_size / batch
    return {
        "iterations": max(1, round(common.iterations * scale)),
        "warmup_iterations": round(common.warmup_iterations * scale),
        "milestones": [max(1, round(milestone * scale)) for milestone in common.milestones],
    }


def _cell(block: DatasetSettings) -> int:
    return block.maps.target_category if block.cell_category is None else block.cell_category
