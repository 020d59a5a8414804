"""With which files and settings `gains score` gives the numbers of a study's tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from gains.config.file import load_config
from gains.config.prediction import SHOWN_SCORE
from gains.methods import METHODS
from gains.prediction.sidecar import read_sidecar, sidecar_path
from gains.scoring.inputs import ScoringInputs
from gains.study.inputs import NamedRun
from gains.study.opening import from_config, open_study
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.files import read_json, require_file

RUN = re.compile(r"/([^/]+)/runs/([^/]+)/([^/]+)/([^/]+)/seed(\d+)/fold(\d+)/[^/]+$")
"""The end of the path of a file of a run: study, data set, method, variant, seed and fold."""
WITHOUT_STUDY = (
    "these settings are those of the command, or its defaults. The tables of a study have the "
    "settings of the study, so their numbers can differ: name it with --study and --dataset"
)


def scoring_inputs(
    named: NamedRun,
    ground_truth: Path | None,
    predictions: Path | None,
    split: Path | None,
    part: str,
    given: Mapping[str, float],
) -> ScoringInputs:
    """Return what is scored; files and settings that are given replace those of the study.

    The study is the one that is named, else the one in whose folder the predictions lie.

    Args:
        named: names of a run, or of a data set alone if ``predictions`` is given.
        ground_truth: COCO JSON file, or None for that of the study that is named.
        predictions: COCO result list, or None for that of the study that is named.
        split: split file, or None for that of the study that is named, or else for all images.
        part: part of the split.
        given: some of ``max_detections`` and ``clean_score_threshold``.

    Raises:
        FileNotFoundError: the config file or the predictions of the study do not exist.
        ValueError: files or a run are missing, or the study does not have the run.
    """
    if named.dataset is not None:
        study = open_study(named.config, named.study)
        truth, parts = study.coco(named.dataset), study.split(named.dataset)
        found = predictions or predictions_of(*named.find())
        used = ScoringInputs(ground_truth or truth, found, split or parts, part, named.fold)
        return _as_in(study, named.dataset, named.fold, used, given)
    if ground_truth is None or predictions is None:
        raise ValueError(
            "name what is scored: a run with --study, --dataset and --method, or files with "
            "--ground-truth and --predictions"
        )
    if named.given("study", "method", "variant", "seed"):
        raise ValueError("--study, --method, --variant and --seed need --dataset; give it too")
    used = ScoringInputs(ground_truth, predictions, split, part, named.fold)
    if of_run := run_of_file(named.config, predictions):
        study, run = of_run
        return _as_in(study, run.dataset, run.fold, used, given)
    limit = max(used.max_detections, _limit(predictions))
    return used.with_settings({"max_detections": limit, **given}, WITHOUT_STUDY)


def predictions_of(study: Study, run: Run) -> Path:
    """Return the predictions of a run.

    Raises:
        FileNotFoundError: they do not exist yet.
        ValueError: the study does not have the run.
    """
    study.run_settings(run)  # this call refuses a run that the study does not have
    return require_file(
        study.run_folder(run) / "test.predictions.json.gz",
        "the study has not made the predictions of this run yet, or has run in another folder than "
        "this one; run the study first, go to its folder, or name a file with --predictions",
    )


def run_of_file(config: Path, file: Path) -> tuple[Study, Run] | None:
    """Return the run in whose folder a file lies, and its study; None if it lies elsewhere.

    A study that was changed on the command line has a label in the name of its folder, and its
    settings are not in the config file, so it is not found.

    Args:
        config: config file.
        file: for example the predictions of a run.

    Raises:
        ValueError: the config file is not valid.
    """
    found = RUN.search(file.absolute().as_posix())
    if found is None or not config.is_file():
        return None
    name, dataset, method, variant, seed, fold = found.groups()
    content = load_config(config)
    if name not in content.studies or dataset not in content.studies[name].datasets:
        return None
    study, run = from_config(content, name), Run(dataset, method, variant, int(seed), int(fold))
    if method not in METHODS.names() or variant not in study.variants(method):
        return None
    folder = study.run_folder(run)
    return (study, run) if folder.is_dir() and folder.samefile(file.absolute().parent) else None


def least_score(config: Path, *predictions: Path) -> float:
    """Return the lowest score of the objects that are shown of predictions.

    It is that of the clean metrics of the study in whose folder all of them lie, so that pictures
    and numbers are of the same objects; of other files it is the usual one.

    Args:
        config: config file of the study.
        predictions: prediction files.

    Raises:
        ValueError: the config file is not valid.
    """
    found = [run_of_file(config, path) for path in predictions]
    known = {run[0].settings.clean_score_threshold if run else SHOWN_SCORE for run in found}
    return known.pop() if len(known) == 1 else SHOWN_SCORE


def _limit(predictions: Path) -> int:
    """Return with how many detections of an image predictions were made; 0 if nothing says so.

    The limit of a prediction holds for each tile of an image that was cut into tiles.
    """
    path = sidecar_path(predictions)
    content: object = read_json(path) if path.is_file() else None
    info = content
    for key in ("info", "prediction", "max_detections"):
        info = info.get(key) if isinstance(info, dict) else None
    if type(info) is not int:
        return 0
    tiles = [entry.get("tiles") for entry in read_sidecar(predictions) or []]
    return info * max((cut["rows"] * cut["columns"] for cut in tiles if cut), default=1)


def _as_in(
    study: Study, dataset: str, fold: int, used: ScoringInputs, given: Mapping[str, float]
) -> ScoringInputs:
    """Return the inputs with the settings of a study, and in what they differ from its tables'."""
    own = study.score_options(dataset)
    used = used.with_settings({**cast(Mapping[str, float], own), **given}, "")
    pairs = {
        "max_detections": (own["max_detections"], used.max_detections),
        "clean_score_threshold": (own["clean_score_threshold"], used.clean_score_threshold),
        "the ground truth": (study.coco(dataset), used.ground_truth),
        "the split file": (study.split(dataset), used.split),
        "the part": ("test", used.part),
        "the fold": (fold, used.fold),
    }
    other = [f"{name} {theirs}" for name, (theirs, ours) in pairs.items() if _differ(theirs, ours)]
    if not other:
        return replace(used, comparison=f"as in the tables of the study {study.tag!r}")
    comparison = (
        f"the tables of the study {study.tag!r} have {' and '.join(other)} instead, so their "
        "numbers can differ"
    )
    return replace(used, comparison=comparison)


def _differ(theirs: object, ours: object) -> bool:
    if isinstance(theirs, Path) and isinstance(ours, Path) and theirs.exists() and ours.exists():
        return not theirs.samefile(ours)
    return theirs != ours
