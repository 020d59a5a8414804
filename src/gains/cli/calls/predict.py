"""What the options of ``gains predict`` mean: which model, which images, and what is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gains.cli.calls.export import export_job, run_export
from gains.config.base import validated
from gains.datasets.readers.images import Reading
from gains.study.best import best_run
from gains.study.inputs import NamedRun
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.study.scoring import run_of_file
from gains.study.study import Study

logger = logging.getLogger(__name__)

BEST = Path("best")
"""The word for ``--model`` that chooses a run."""
SUFFIXES = (".json", ".json.gz")


@dataclass(frozen=True)
class PredictCall:
    """The options of ``gains predict``; its help says what they mean."""

    out: Path
    model: Path | None
    images: Sequence[Path]
    named: NamedRun
    coco: Path | None
    split: Path | None
    part: str
    device: str | None
    thresholds: Mapping[str, float]
    tiles: str | None
    reading: Mapping[str, Any]
    to: str | None

    @property
    def names_run(self) -> bool:
        """Whether names of a run are given."""
        return self.named.dataset is not None or self.named.method is not None

    def run(self) -> None:
        """Predict, and export if this is asked for.

        Raises:
            FileNotFoundError: a file or folder is missing.
            ValueError: options are missing or contradict each other, or a file is broken.
        """
        _check(self)
        # these load torch, which a call that is refused does not need
        from gains.prediction.predict import predict_images, predict_split
        from gains.prediction.predictor import Predictor
        from gains.prediction.tiling import parse_tiles

        source = _source(self)
        coco, split = self.coco or source.coco, self.split or source.split
        reading = validated(Reading, {**source.reading, **self.reading}, "gains predict")
        tiles = parse_tiles(self.tiles or "auto")
        job = None
        if self.to is not None:
            least = self.thresholds.get("score_threshold")
            job = export_job(self.to, self.out, self.images, coco, least)
        predictor = Predictor(source.model, self.device, {**source.prediction, **self.thresholds})
        if self.images:
            predict_images(predictor, self.images, self.out, reading, source.study, tiles)
        else:
            assert coco is not None
            assert split is not None
            predict_split(predictor, coco, split, self.part, source.fold, self.out)
        if job is not None:
            run_export(job, self.out)


class _Source(NamedTuple):
    """The model, and what its study says; None and {} for a model file of no study."""

    model: Path
    study: str | None = None
    fold: int = 0
    prediction: Mapping[str, float] = {}
    reading: Mapping[str, Any] = {}
    coco: Path | None = None
    split: Path | None = None


def _check(asked: PredictCall) -> None:
    """Refuse options that do not fit together, before anything is read."""
    named = asked.named
    if asked.model == BEST:
        if named.dataset is None or named.given("method", "variant", "seed", "fold"):
            raise ValueError(
                "--model best chooses the method, variant, seed and fold among the trained runs of "
                "a data set; name the data set with --dataset, its study with --study or --config, "
                "and nothing else of the run"
            )
    elif (asked.model is None) != asked.names_run:
        raise ValueError(
            "name one model: its file with --model, a trained run with --study, --dataset and "
            "--method, or the best run with --model best, --study and --dataset"
        )
    elif asked.model is not None and named.given("study", "variant", "seed"):
        raise ValueError("--study, --variant and --seed name a run, but --model names a file")
    if asked.images and (asked.coco, asked.split, asked.part) != (None, None, "test"):
        raise ValueError(
            "--images names files or folders, but --coco, --split and --part name a part of a data "
            "set; give one of the two"
        )
    if not asked.images and (asked.reading or asked.tiles):
        raise ValueError("--orientation, --percentiles and --tiles are for own images: --images")
    if (asked.coco is None) != (asked.split is None):
        raise ValueError("--coco and --split belong together; give both or none")
    if not asked.images and asked.coco is None and not asked.names_run:
        raise ValueError("no images are named; name a folder with --images, or --coco and --split")
    if not asked.out.name.endswith(SUFFIXES):
        raise ValueError(
            f"{asked.out}: the predictions are a COCO result list; expected a name that ends in "
            f"{' or '.join(SUFFIXES)} for --out"
            + ("; other formats are chosen with --to" if asked.to is None else "")
        )


def _source(asked: PredictCall) -> _Source:
    if asked.model is not None and asked.model != BEST:
        found = run_of_file(asked.named.config, asked.model)
        if found is None:
            return _Source(asked.model, fold=asked.named.fold)
        study, chosen = found
        logger.info(
            "%s is a model of the study %r: predicted with the settings of the study where no "
            "option says otherwise",
            *(asked.model, study.tag),
        )
        source = _of_run(study, chosen)
        return source._replace(model=asked.model, fold=asked.named.fold, coco=None, split=None)
    if asked.model is None:
        study, chosen = asked.named.find()
    else:
        study = open_study(asked.named.config, asked.named.study)
        chosen = _best(study, str(asked.named.dataset), asked.device)
    return _of_run(study, chosen)


def _of_run(study: Study, chosen: Run) -> _Source:
    options = study.dataset(chosen.dataset).options
    return _Source(
        study.model(chosen),
        study.name,
        chosen.fold,
        study.run_settings(chosen).prediction.model_dump(exclude_none=True),
        {name: options[name] for name in Reading.model_fields if name in options},
        study.coco(chosen.dataset),
        study.split(chosen.dataset),
    )


def _best(study: Study, dataset: str, device: str | None) -> Run:
    from gains.validation.known_values import known_value

    coco, split = study.coco(dataset), study.split(dataset)
    chosen = best_run(
        study,
        dataset,
        lambda run, settings, memory: known_value(
            study.model(run), settings, coco, split, run.fold, memory, device
        ),
    )
    logger.info("%s", chosen.sentence)
    return chosen.run
