"""Checks of the data sets and figures of a study against what is registered and published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gains.config.model_figures import TrainedModelSettings
from gains.config.recipe import RecipeSettings
from gains.config.study import StudySettings
from gains.datasets.convert import check_options
from gains.methods import METHODS, Method
from gains.methods.run_settings import RunSettings
from gains.published.records import numbers
from gains.support.registry import nearest

if TYPE_CHECKING:
    from gains.study.study import Study


def require_tables(study: Study) -> None:
    """Refuse a study of which no table can be made.

    Raises:
        FileNotFoundError: every data set of its tables is absent.
    """
    if not study.tables:
        raise FileNotFoundError(
            f"study {study.name!r}: no data set of its tables is on this machine. "
            f"{'. '.join(map(study.absence, study.absent))}. docs/datasets.md says how to get it"
        )


def check_datasets(study: str, settings: StudySettings) -> None:
    """Refuse options, published data sets and settings of the detector that do not exist.

    Args:
        study: name of the study, for messages.
        settings: its settings.

    Raises:
        ValueError: one does not exist; the message names it.
    """
    published = sorted({number.dataset for number in numbers()})
    for name, block in settings.datasets.items():
        check_options(block.source or name, block.options)
        role = block.represents or block.stands_for
        if role and role not in published:
            raise ValueError(
                f"studies.{study}.datasets.{name}: no published numbers on {role!r}; "
                f"{nearest(role, published)}known: {', '.join(published)}"
            )
    _check_detector_keys(study, settings)


def check_figures(
    study: str, settings: StudySettings, run_settings: Callable[[str, str, str], RunSettings]
) -> None:
    """Refuse figures of models that lack what they show, before anything is trained.

    Args:
        study: name of the study, for messages.
        settings: its settings.
        run_settings: the settings of a run, by data set, method and variant.

    Raises:
        ValueError: such a figure is in the study.
    """
    for name in settings.figures:
        block = settings.figure(name)
        if isinstance(block, TrainedModelSettings):
            for cell in block.cells(settings):
                model = run_settings(*cell).model.model_dump()
                block.check_model(f"studies.{study}.{name}", model)


def check_start(recipe: RecipeSettings, results: str, where: str) -> None:
    """Refuse a training that starts from a file with a model of the same study.

    Snakemake deletes the outputs of a training before it runs again, and would not know that this
    training comes first.

    Args:
        recipe: the recipe of a run.
        results: folder of the results of the study.
        where: the run, for messages.

    Raises:
        ValueError: ``start_from`` lies among the runs of the study.
    """
    start, runs = recipe.start_from, Path(results, "runs").absolute()
    if isinstance(start, str) and Path(start).absolute().is_relative_to(runs):
        raise ValueError(
            f"{where}: start_from names {start}, which this study makes itself and may delete; "
            "name its run instead, `start_from: {method: <name>, variant: <name>}`, or copy that "
            "file to another folder and name the copy"
        )


def _check_detector_keys(study: str, settings: StudySettings) -> None:
    own, known = _keys(METHODS.own()), set[str]()
    blocks = {"detector": settings.detector}
    for name, block in settings.datasets.items():
        blocks[f"datasets.{name}.detector"] = block.detector
    for where, changes in blocks.items():
        for key in sorted(changes.keys() - own):
            known = known or _keys(METHODS)  # this imports the methods of other packages
            if key not in known:
                raise ValueError(
                    f"studies.{study}.{where}: unknown key {key!r}; "
                    f"{nearest(key, sorted(known))}known: {', '.join(sorted(known))}"
                )


def _keys(methods: Iterable[Method]) -> set[str]:
    return {key for method in methods for key in method.settings.model_fields}
