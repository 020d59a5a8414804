"""The modules on whose code a training depends."""

from __future__ import annotations

from gains.methods.run_settings import RunSettings


def training_modules(settings: RunSettings) -> tuple[str, ...]:
    """Return the modules that the training of a run runs, for :func:`code_hash`.

    The code of validations that choose weights, and that of clusters, count where they are used.
    """
    steps = ["gains.training.train"]
    if settings.recipe.clusters is not None:
        steps.append("gains.clusters.scenes")
    if settings.recipe.select == "best":
        steps.append("gains.validation.validation")
    return (*steps, *settings.record.modules)
