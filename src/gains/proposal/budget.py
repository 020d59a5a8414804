"""The choice of methods, iterations and folds that fit a time, as measured on this machine."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from gains.proposal.text import RANDOM_FACTOR, Draft
from gains.study.cost import StudyCost
from gains.support.durations import duration

FIRST = ("mask_rcnn", "gains")
"""The methods of a study that has little time; the first one is the last to be given up."""
FURTHER = (
    *("htc", "pointrend", "pisa", "cascade_rcnn", "mask_scoring_rcnn", "occlusion_rcnn"),
    "donet",
)
"""The methods that are added while there is time, best masks first (docs/results.md)."""
LEAST = (400, 12)
ENOUGH = (800, 24)
MOST = (40_000, 150)
"""Images that a training sees: at least the first number, and at least the second number of times
each training image. Below LEAST, methods and then folds are given up. Above ENOUGH, methods are
added. No training sees more than MOST.
"""
MANY = 400
"""Number of training images from which LEAST and ENOUGH no longer rise."""
ALMOST = 0.8
"""Share of the iterations of one method that two may have, if all trainings are too short."""
SHARE = 0.85
"""Share of the time that is planned; the rest is a margin for a busy machine."""
OTHER_JOBS = 60.0
JOB = 5.0
"""Time in s of the jobs of a study that are not measured, and of those that each run adds."""

Cost = Callable[[Draft], StudyCost]
"""Function that measures what it must, and returns the cost of a draft."""


@dataclass(frozen=True)
class Budget:
    """The time for a study.

    Attributes:
        seconds: time in s for `gains init` and `gains run` together.
        began: value of the monotonic clock when `gains init` began.
        cores: CPU cores for all trainings.
    """

    seconds: float
    began: float
    cores: int = 1

    def left(self, draft: Draft, at_once: int) -> float:
        """Return the time in s that is left for the jobs of a draft that are measured."""
        runs = len(draft.methods) * draft.folds
        spent = time.monotonic() - self.began
        return self.seconds * SHARE - spent - OTHER_JOBS - JOB * runs / at_once


def fitted(
    draft: Draft, folds: tuple[int, ...], budget: Budget, cost: Cost
) -> tuple[Draft, StudyCost]:
    """Return a draft whose methods, folds and iterations fit the time, and its cost.

    Methods are given up before folds. If not even one short training fits, the iterations are those
    that fit, but at least 20.

    Args:
        draft: the draft, with any methods, folds and iterations.
        folds: numbers of folds to try, the best first.
        budget: the time.
        cost: returns the cost of a draft.
    """
    tried = before = draft
    for number, methods in itertools.product(folds, (FIRST, FIRST[:1])):
        before = tried
        tried = replace(draft, folds=number, methods=methods)
        # few trainings share all cores
        threads = 1 if draft.gpu else max(1, budget.cores // (number * len(methods)))
        tried = _with_iterations(replace(tried, threads=threads), budget, cost)
        if _seen(tried) >= _wanted(tried, LEAST):
            break
    else:
        # two methods that train side by side take hardly longer than one
        tried = before if before.iterations >= ALMOST * tried.iterations else tried
    if len(tried.methods) > 1:
        tried = _with_more(tried, budget, cost)
    return tried, cost(tried)


def _with_more(draft: Draft, budget: Budget, cost: Cost) -> Draft:
    """Add methods while every training still sees enough images."""
    for method in FURTHER:
        more = replace(draft, methods=(*draft.methods, method))
        if not _has_room(draft, budget, cost):
            break
        tried = _with_iterations(more, budget, cost)
        if _seen(tried) < _wanted(tried, ENOUGH):
            break
        draft = tried
    return draft


def _has_room(draft: Draft, budget: Budget, cost: Cost) -> bool:
    """Return whether one more method could fit; to measure it would take time itself."""
    enough = replace(draft, iterations=_iterations(draft, _wanted(draft, ENOUGH)))
    found = cost(enough)
    return found.seconds * (len(draft.methods) + 1.5) / len(draft.methods) < budget.left(
        draft, found.at_once
    )


def _with_iterations(draft: Draft, budget: Budget, cost: Cost) -> Draft:
    """Return the draft with as many iterations as fit, between 20 and what is useful."""
    low, high = (cost(replace(draft, iterations=n)) for n in (100, 1100))
    slope = max(1e-6, (high.seconds - low.seconds) / 1000)
    left = budget.left(draft, low.at_once)
    fit = 100 + int((left - low.seconds) / slope)
    most = _iterations(draft, _wanted(draft, MOST))
    return replace(draft, iterations=_rounded(max(20, min(fit, most))))


def _rounded(iterations: int) -> int:
    step = 10 if iterations < 1000 else 100
    return max(step, iterations // step * step)


def _wanted(draft: Draft, rule: tuple[int, int]) -> float:
    images, times = rule
    factor = RANDOM_FACTOR if draft.weights.random else 1
    counted = draft.train_images if rule == MOST else min(draft.train_images, MANY)
    return factor * max(images, times * counted)


def _seen(draft: Draft) -> int:
    return draft.iterations * draft.batch_size


def _iterations(draft: Draft, images: float) -> int:
    return max(1, round(images / draft.batch_size))


def sentences(draft: Draft, cost: Cost, budget: Budget, folds: tuple[int, ...]) -> tuple[str, ...]:
    """Return what the time means for the study, in sentences.

    Args:
        draft: the fitted draft.
        cost: returns the cost of a draft.
        budget: the time.
        folds: numbers of folds that were tried, the best first.
    """
    at_once = cost(draft).at_once
    found = [
        f"Measured on this machine: the study takes about {duration(_needed(draft, cost))} of the "
        f"{duration(budget.seconds)} that were given, with {at_once} "
        f"{'jobs' if at_once > 1 else 'job'} at the same time."
    ]
    lost = draft.folds < folds[0] or len(draft.methods) == 1
    if draft.folds < folds[0]:
        left = f"there are {draft.folds}" if draft.folds > 1 else "there is one division"
        found.append(f"{folds[0]} folds did not fit this time, so {left}.")
    if len(draft.methods) == 1:
        found.append("A second method did not fit this time.")
    if _seen(draft) < _wanted(draft, LEAST):
        times, least = (
            float(f"{number:.2g}")
            for number in (draft.times_seen, _wanted(draft, LEAST) / draft.train_images)
        )
        found.append(
            "This time is too short: a training sees each image only "
            f"{times:g} times, and {least:g} times are the least that is useful. The numbers will "
            "be low."
        )
        lost = True
    elif _seen(draft) < _wanted(draft, ENOUGH):
        found.append(
            f"A training sees each image {draft.times_seen:.0f} times; with more time (--hours) "
            "the numbers will rise."
        )
    return (*found, _enough(draft, cost, budget, folds)) if lost else tuple(found)


def _enough(draft: Draft, cost: Cost, budget: Budget, folds: tuple[int, ...]) -> str:
    """Return which hours are enough for useful trainings, in a sentence."""
    spent = time.monotonic() - budget.began
    hours: dict[float, str] = {}
    for methods, number in ((FIRST[:1], 1), (FIRST, 1), (FIRST, folds[0])):
        enough = replace(draft, methods=methods, folds=number)
        enough = replace(enough, iterations=_iterations(enough, _wanted(enough, LEAST)))
        what = "one method" if len(methods) == 1 else "two methods"
        what += f" and {number} folds" if number > 1 else ""
        hours[math.ceil((_needed(enough, cost) + spent) / SHARE / 360) / 10] = what
    listed = ", ".join(f"{number:g} for {what}" for number, what in hours.items())
    return f"Hours that are enough for useful trainings (--hours): {listed}."


def _needed(draft: Draft, cost: Cost) -> float:
    """Return the time in s of all jobs of a draft."""
    found, runs = cost(draft), len(draft.methods) * draft.folds
    return found.seconds + OTHER_JOBS + JOB * runs / found.at_once
