"""Every recipe of the paper's studies, derived again from the recipe of the row's own program."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from gains.config.recipe import RecipeSettings
from gains.study.opening import open_study
from gains.study.study import Study
from gains.training.optimiser import learning_rate
from helpers.paths import ROOT


@dataclass(frozen=True)
class Recipe:
    """What a program's config states of its training on COCO."""

    optimiser: str
    lr: float
    batch_size: int
    iterations: int
    milestones: tuple[int, ...]
    warmup_iterations: int
    weight_decay: float
    backbone_lr_factor: float = 1.0
    clip_norm: float | None = None


DETECTRON2 = Recipe("sgd", 0.02, 16, 90000, (60000, 80000), 1000, 1e-4)
AUTHORS = Recipe("sgd", 0.015, 1, 20000, (15000, 18000), 1000, 1e-4)
"""What the authors of GAInS made of it: their released file of the R-101 run on ISBI2014."""
CONDINST = Recipe("sgd", 0.01, 16, 90000, (60000, 80000), 1000, 1e-4)
FASTINST = Recipe("adamw", 1e-4, 16, 368750, (327778, 355092), 0, 0.05, 0.1)
PROGRAMS = {"condinst": CONDINST, "fastinst": FASTINST}
"""The programs of single methods; those of all other methods have detectron2's recipe."""
DONET = Recipe("sgd", 0.001, 2, 60000, (40000, 50000), 1000, 1e-4)
"""The recipe of DoNet's program on ISBI2014."""

STEPS = Fraction(2, 9)
CLIP_NORM = 35
FACTORS = {
    "paper": (Fraction(3, 4), Fraction(1, 16)),
    "paper-batch8": (Fraction(1, 2), Fraction(1, 2)),
}
"""Factors of the learning rate and of the number of images per step, by study."""


def derived(own: Recipe, study: str = "paper") -> Recipe:
    """Apply the rule of docs/methods.md to a program's recipe on COCO."""
    rate, images = FACTORS[study]
    standard = (own.iterations, own.milestones) == (DETECTRON2.iterations, DETECTRON2.milestones)
    scaled = tuple(round(STEPS * step) for step in own.milestones)
    return Recipe(
        own.optimiser,
        float(f"{float(rate) * own.lr:.6g}"),
        int(images * own.batch_size),
        round(STEPS * own.iterations),
        AUTHORS.milestones if standard else scaled,
        own.warmup_iterations,
        own.weight_decay,
        own.backbone_lr_factor,
        CLIP_NORM if own.optimiser == "sgd" else None,
    )


def stated(recipe: RecipeSettings) -> Recipe:
    return Recipe(**{name: getattr(recipe, name) for name in Recipe.__dataclass_fields__})


@pytest.fixture(scope="module")
def paper() -> Study:
    return open_study(ROOT / "config.yaml", "paper")


def test_the_authors_factors_are_those_between_detectron2s_recipe_and_theirs() -> None:
    assert derived(DETECTRON2) == replace(AUTHORS, clip_norm=CLIP_NORM)


@pytest.mark.parametrize("name", FACTORS)
def test_every_row_follows_the_rule(name: str) -> None:
    study, seen = open_study(ROOT / "config.yaml", name), set()
    for run in study.runs():
        if run.variant != "published-recipe":
            own = derived(PROGRAMS.get(run.method, DETECTRON2), name)
            assert stated(study.run_settings(run).recipe) == own, run.path
            seen.add(run.method)
    assert len(seen) == 11


@pytest.mark.parametrize("method", ["occlusion_rcnn", "donet"])
def test_two_methods_also_have_the_recipe_of_their_published_numbers(
    paper: Study, method: str
) -> None:
    (settings, *rest) = [
        paper.run_settings(run)
        for run in paper.runs()
        if (run.method, run.variant) == (method, "published-recipe")
    ]
    assert len(rest) == len(paper.settings.seeds) - 1  # ISBI2014 alone
    assert stated(settings.recipe) == DONET
    assert settings.model.model_dump()["score_threshold"] == 0.9


@pytest.mark.parametrize("name", FACTORS)
def test_every_row_is_validated_20_times_at_one_threshold(name: str) -> None:
    """GAInS' program evaluates every 1,000 of its 20,000 steps."""
    study = open_study(ROOT / "config.yaml", name)
    for run in study.runs():
        settings = study.run_settings(run)
        recipe, how = settings.recipe, settings.validation
        assert how is not None
        donet = run.variant == "published-recipe"  # DoNet's program: every 10,000 of 60,000, at 0.5
        number = math.ceil(recipe.iterations / (recipe.validate_every or 0))
        found = (recipe.select, how.metric, number, how.score_threshold)
        assert found == ("best", "mAP", *((6, 0.5) if donet else (20, 0.05))), run.path


def area(recipe: RecipeSettings) -> float:
    """Return the sum of the learning rates of all steps."""
    return sum(learning_rate(recipe, step) for step in range(recipe.iterations))


def test_every_row_gets_a_like_share_of_its_programs_training(paper: Study) -> None:
    shares = {}
    for method, own in {"gains": DETECTRON2, **PROGRAMS}.items():
        run = next(run for run in paper.runs() if run.method == method)
        whole = RecipeSettings.model_validate(
            {name: getattr(own, name) for name in ("lr", "iterations", "milestones")}
            | {"warmup_iterations": own.warmup_iterations}
        )
        shares[method] = area(paper.run_settings(run).recipe) / area(whole)
    # 3/4 x 2/9 = 1/6; the authors' drops come later than detectron2's
    assert shares == pytest.approx({"gains": 0.180, "condinst": 0.180, "fastinst": 1 / 6}, abs=1e-3)
