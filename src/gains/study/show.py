"""The settings of a run or a study after defaults and layers are merged, for people to read."""

from __future__ import annotations

from typing import Any

from gains.study.external import scored_runs
from gains.study.runs import Run
from gains.study.study import Study


def of_run(study: Study, dataset: str, method: str, variant: str) -> dict[str, Any]:
    """Return the settings that every run of a data set, method and variant gets.

    Runs that are trained alike share a model: ``trained_as`` names the variant that is trained.

    Raises:
        ValueError: the study has no such data set, or the method has no such variant.
    """
    settings = study.run_settings(Run(dataset, method, variant, study.settings.seeds[0]))
    return {
        "study": study.tag,
        "dataset": dataset,
        "variant": variant,
        "trained_as": study.trained_variant(dataset, method, variant),
        "seeds": list(study.settings.seeds),
        **settings.to_json(),
    }


def of_study(study: Study) -> dict[str, Any]:
    """Return a study's block with defaults filled in, its absent data sets, and its runs."""
    absent = {name: str(path) for name, path in study.absent.items()}
    return {
        "study": study.tag,
        "settings": study.settings.model_dump(mode="json"),
        **({"absent": absent} if absent else {}),
        "runs": [run.path for run in scored_runs(study)],
    }
