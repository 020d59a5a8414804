"""A proposed study: own images are converted, methods are measured, and a study file is written."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from gains.config.base import Changes, validated
from gains.config.file import check
from gains.datasets.convert import convert
from gains.datasets.import_labels import summary_of
from gains.datasets.labels.settings import FolderSettings
from gains.datasets.make_split import make_split
from gains.figures.contact_sheet import contact_sheet
from gains.measuring.measure import Limits, measure
from gains.proposal.budget import FIRST, Budget, fitted, sentences
from gains.proposal.facts import Facts, facts_of
from gains.proposal.text import Draft, study_text
from gains.proposal.values import folds_of, too_small
from gains.proposal.weights import choose_weights
from gains.study.cost import StudyCost, cost_of, jobs_at_once, unmeasured
from gains.study.measured import Measurement
from gains.study.study import Study
from gains.support.files import check_output, read_json, write_text
from gains.support.parallel import available_cores
from gains.support.yaml_text import parse_yaml
from gains.workflow.memory import memory_mb

ITERATIONS, SECONDS, SHARE_OF_TIME = 8, 25, 0.02
"""How long a method is measured: iterations, at most so many s, and at most this share of --hours.
It is shorter than by `gains plan`, because this time belongs to the hours."""
MEM_MB = 2000
"""Memory of a job in MB until it is measured."""
SPARE_MEMORY = 1.2
"""Factor on the measured memory, because the largest images may come together in a batch."""


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes:
        options: options of the data set `folder`, with absolute paths.
        hours: time for `gains init` and `gains run` together.
        weights: file of initial weights, or None.
        out: study file, an absolute path.
    """

    options: Changes
    hours: float
    weights: Path | None
    out: Path

    @property
    def name(self) -> str:
        """Name of the study and of its data set."""
        return self.out.stem

    @property
    def sheet(self) -> Path:
        """The picture of the images with the outlines of their labels."""
        return self.out.with_suffix(".png")


def propose(wish: Wish) -> Iterator[str]:
    """Write the study file and the picture beside it; yield sentences on what was found and done.

    Nothing is written if the images or labels cannot be read. Call it in the folder of the project,
    whose folder ``scratch`` keeps the measurements for `gains run`.

    Raises:
        FileNotFoundError: a folder or file is missing.
        ValueError: images, labels or weights cannot be read, or a short training failed.
    """
    began = time.monotonic()
    for path in (wish.out, wish.sheet):
        check_output(path)
    options = wish.options
    settings = validated(FolderSettings, options, "gains init")
    with _workshop(wish) as data:
        coco = data / "coco" / f"{wish.name}.json"
        with _silent("gains.datasets.convert"):
            convert(wish.name, "folder", options, coco)
        facts = facts_of(coco, settings)
        yield from summary_of(facts.imported)
        repairs = read_json(coco)["info"]["repairs"]
        yield from (
            f"note: {sentence}"
            for sentence in (*repairs, *too_small(facts, torch.cuda.is_available()))
        )
        draft = _draft(wish, options, facts)
        yield draft.weights.reason
        # `gains run` converts the data once more, so the time until now counts twice
        began -= time.monotonic() - began
        budget = Budget(wish.hours * 3600, began, available_cores())
        folds = folds_of(facts)
        yield "Measuring time and memory of the methods by short trainings: about a minute."
        limits = Limits(ITERATIONS, min(SECONDS, SHARE_OF_TIME * budget.seconds))
        speeds: dict[str, float] = {}

        def cost(tried: Draft) -> StudyCost:
            return _cost(tried, data, limits, speeds)

        draft, found = fitted(draft, folds, budget, cost)
        yield f"Seconds per iteration: {', '.join(f'{m} {s:.2g}' for m, s in speeds.items())}."
        memory = 100 * -(-int(found.host_mb * SPARE_MEMORY) // 100)
        draft = replace(draft, mem_mb=memory, budget=sentences(draft, cost, budget, folds))
        _study(draft, data)  # this call refuses what the reader of studies would refuse
        contact_sheet([coco], wish.sheet, columns=min(6, facts.images))
    write_text(wish.out, study_text(draft))
    yield f"Methods: {', '.join(draft.methods)}; {draft.iterations} iterations each."
    yield from draft.budget


@contextmanager
def _workshop(wish: Wish) -> Iterator[Path]:
    """Yield a folder for the converted data, which is removed at the end.

    After an error the expanded weights are removed too, so that nothing remains.
    """
    folder = Path(f"scratch/{wish.name}/init")
    before = set(wish.out.parent.glob(f"{wish.name}.*"))
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    except BaseException:
        for path in {*wish.out.parent.glob(f"{wish.name}.*.pt")} - before:
            path.unlink()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _draft(wish: Wish, options: Changes, facts: Facts) -> Draft:
    gpu = torch.cuda.is_available()
    return Draft(
        name=wish.name,
        options=options,
        facts=facts,
        weights=choose_weights(wish.weights, wish.out, gpu),
        gpu=gpu,
        threads=1,
        folds=folds_of(facts)[0],
        methods=FIRST,
        iterations=100,
        mem_mb=MEM_MB,
    )


def _study(draft: Draft, data: Path) -> Study:
    content = parse_yaml(study_text(draft), "the study file")
    config = check({"study": draft.name, **content}, "the study file")
    return Study(draft.name, config.studies[draft.name], data=str(data), results=f"{data}/results")


def _cost(draft: Draft, data: Path, limits: Limits, speeds: dict[str, float]) -> StudyCost:
    """Return the cost of a draft, after its methods are measured; add their speeds."""
    study = _study(draft, data)

    def report(kind: str, found: Measurement, _: bool) -> None:
        if found.training is not None:
            speeds[kind.split("/")[1]] = found.training.iteration_seconds

    at_once = jobs_at_once(study, available_cores(), memory_mb())
    with _silent("gains.support.progress", "gains.anomaly.build", "gains.datasets.make_split"):
        make_split(study.coco(draft.name), study.dataset(draft.name).split, study.split(draft.name))
        measure(study, unmeasured(study), at_once, report, limits)
    cost = cost_of(study, at_once)
    assert cost is not None, "everything is measured"
    return cost


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Keep modules from logging what concerns only the folder of this verb."""
    loggers = [logging.getLogger(name) for name in names]
    before = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for log, level in zip(loggers, before, strict=True):
            log.setLevel(level)
