"""The trainings of a study from whose models other trainings start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gains.config.recipe import StartSettings

if TYPE_CHECKING:
    from gains.study.runs import Run
    from gains.study.study import Study


def start_of(study: Study, training: Run) -> Run | None:
    """Return the training from whose model another one starts, or None; see ``start_from``."""
    named = study.run_settings(training).recipe.start_from
    if not isinstance(named, StartSettings):
        return None
    return study.trained(replace(training, method=named.method, variant=named.variant))


def start_model(study: Study, run: Run) -> Path | None:
    """Return the path of the model from which the training of a run starts, or None."""
    start = start_of(study, study.trained(run))
    return None if start is None else study.model(start)


def with_starts(study: Study, trainings: Iterable[Run]) -> list[Run]:
    """Return trainings, each once and after those from which it starts.

    A kept run needs no other run; the one from which it started counts only if it is kept too.
    """
    found: dict[Run, None] = {}
    for training in trainings:
        chain = [training]
        while start := start_of(study, chain[-1]):
            if study.is_kept(chain[-1]) and not study.is_kept(start):
                break
            chain.append(start)
        found.update(dict.fromkeys(reversed(chain)))
    return list(found)
