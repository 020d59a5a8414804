"""Runs that are kept with a study: a folder of the repository holds their files but the models."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gains.methods.run_settings import RunSettings
from gains.study.external import scored_runs
from gains.study.runs import Run
from gains.support.files import read_json, settings_hash, sha256

if TYPE_CHECKING:
    from gains.study.study import Study

RECORD = "run.json"
SCORES = "test.scores.json"
OF_TRAINING = (RECORD, "validation.csv")
OF_TEST = ("test.predictions.json.gz", "test.predictions.images.json", SCORES)
"""The files of a run that are kept."""
COST = "cost.json"
"""This one is kept too, if a table shows costs."""


def kept_paths(folder: Path) -> frozenset[str]:
    """Return the paths of the runs in a folder of kept runs; there may be no such folder."""
    found = folder.glob("*/*/*/seed*/fold*")
    return frozenset(p.relative_to(folder).as_posix() for p in found if any(p.glob("*.json*")))


def data_of(paths: frozenset[str]) -> set[str]:
    """Return the data sets of the paths of runs."""
    return {path.split("/")[0] for path in paths}


@functools.cache
def all_runs(study: Study) -> dict[Run, tuple[str, ...]]:
    """Return every run of a study, trained or only scored, with the files that it consists of."""
    trained, scored = dict.fromkeys(study.trainings()), dict.fromkeys(scored_runs(study))
    return {
        run: (OF_TRAINING if run in trained else ()) + (OF_TEST if run in scored else ())
        for run in trained | scored
    }


def require_kept(study: Study) -> None:
    """Refuse kept runs that are not those of the study.

    Raises:
        ValueError: a run is not complete, or was made with other settings; the message names the
            first such run, what differs, and what to do.
    """
    found = kept_problems(study)
    if found:
        more = f" {len(found)} kept runs in all do not fit." if found[1:] else ""
        raise ValueError(found[0] + more)


@functools.cache
def kept_problems(study: Study) -> tuple[str, ...]:
    """Return a sentence for each kept run that is not a run of the study as it is now."""
    found = []
    for run in all_runs(study):
        if study.is_kept(run):
            folder = study.run_folder(run)
            wrong = why_not(study, run, folder)
            if wrong:
                found.append(
                    f"{folder}: the kept run is not that of the study {study.name!r}: "
                    f"{'; '.join(wrong)}. Restore the study or the files of the run, or remove "
                    "this folder, so that the run is made again."
                )
    return tuple(found)


def why_not(study: Study, run: Run, folder: Path) -> list[str]:
    """Return why the files in a folder are not those of a run of the study; none if they are.

    A run may lack the files of its test, if nothing was tested.
    """
    own = all_runs(study)[run]
    tested = any((folder / name).is_file() for name in OF_TEST)
    expected = [name for name in own if name in OF_TRAINING or tested]
    if missing := [name for name in expected if not (folder / name).is_file()]:
        return [f"{', '.join(missing)} missing"]
    try:
        found = [*_of_record(study, run, folder)] if RECORD in expected else []
        return found + ([*_of_test(study, run, folder)] if SCORES in expected else [])
    except ValueError as error:
        return [str(error)]
    except (LookupError, TypeError, AttributeError) as error:
        return [f"a file is not what a training, a prediction or a scoring writes ({error!r})"]


def _of_record(study: Study, run: Run, folder: Path) -> Iterator[str]:
    record, settings = read_json(folder / RECORD), study.run_settings(run)
    names = ("name", "seed", "fold", "settings", "settings_hash")
    if not isinstance(record, dict) or any(name not in record for name in names):
        yield f"{RECORD} is not a record of a training, which has {', '.join(names)}"
        return
    kind = f"{run.dataset}/{run.method}/{run.variant}"
    named = {"name": kind, "seed": run.seed, "fold": run.fold}
    yield from _differences({key: record[key] for key in named}, named)
    own = settings.recorded_json()
    if settings_hash(record["settings"]) != record["settings_hash"]:
        yield "settings_hash is not that of its settings, so that the record was changed"
    elif record["settings_hash"] != settings_hash(own):
        # a setting that is newer than the run has its default value
        was = RunSettings.from_json(record["settings"], f"{folder / RECORD}: settings")
        yield from _differences(was.recorded_json(), own)


def _of_test(study: Study, run: Run, folder: Path) -> Iterator[str]:
    scores, predicted = read_json(folder / SCORES), read_json(folder / OF_TEST[1])
    options = dict(study.score_options(run.dataset))
    yield from (f"scored with {text}" for text in _differences(scores["settings"], options))
    was = predicted["info"].get("prediction")
    if was is not None:  # predictions of another program have no such settings
        own = study.run_settings(run).prediction.model_dump(mode="json")
        yield from (f"predicted with {text}" for text in _differences(was, own))
    if scores["inputs"]["predictions"]["sha256"] != sha256(folder / OF_TEST[0]):
        yield f"{SCORES} was made from other predictions"


def _differences(was: Any, own: Any, where: str = "") -> list[str]:
    """Return which keys of nested values differ, with the values of the run and of the study."""
    if not (isinstance(was, dict) and isinstance(own, dict)):
        return [] if was == own else [f"{where} {was!r}, but the study has {own!r}"]
    return [
        text
        for key in dict.fromkeys([*was, *own])
        for text in _differences(was.get(key), own.get(key), f"{where}.{key}" if where else key)
    ]


def kept_notes(study: Study) -> list[str]:
    """Return sentences on the data of kept runs: images that are missing, and other images."""
    found = [
        f"{study.absence(name)}. Its kept runs are used as they are; what shows images is not "
        "made from it."
        for name in study.without_images
        if name not in study.absent
    ]
    first = {run.dataset: run for run in study.trainings() if study.is_kept(run)}
    for name, run in first.items():
        coco = study.coco(name)
        record = read_json(study.run_folder(run) / RECORD)
        if coco.is_file() and record["inputs"]["coco"] != sha256(coco):
            found.append(
                f"{coco} is not the file that the kept runs of data set {name!r} were made from: "
                "runs that are added have other images or labels, and must not be compared with "
                "them."
            )
    return found
