"""Methods, folds and iterations that fit a time, with costs by hand."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gains.datasets.convert import convert
from gains.datasets.labels.settings import FolderSettings
from gains.proposal.budget import FIRST, FURTHER, JOB, OTHER_JOBS, SHARE, Budget, fitted, sentences
from gains.proposal.facts import Facts, facts_of
from gains.proposal.text import Draft
from gains.proposal.values import folds_of, image_sizes, too_small
from gains.proposal.weights import InitialWeights
from helpers.own_formats import pictures, write_coco, write_images
from proposal.conftest import made_cost

WEIGHTS = InitialWeights({"name": "resnet18", "weights": "imagenet"}, "ImageNet.")
RANDOM = InitialWeights({"name": "resnet18"}, "Random.", random=True)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    folder = tmp_path_factory.mktemp("facts")
    found = pictures(6)
    images, labels = write_images(folder / "images", found), write_coco(folder / "labels", found)
    options = {"images": str(images), "labels": str(labels)}
    convert("x", "folder", options, folder / "x.json")
    return facts_of(folder / "x.json", FolderSettings.model_validate(options))


def draft_of(facts: Facts, images: int, weights: InitialWeights = WEIGHTS) -> Draft:
    many = replace(facts, labelled=images)
    return Draft("x", {}, many, weights, False, 1, 5, FIRST, 100, 2000)


def fit(draft: Draft, hours: float, iteration: float) -> tuple[Draft, Budget]:
    budget = Budget(hours * 3600, time.monotonic())
    found, cost = fitted(draft, folds_of(draft.facts), budget, made_cost(iteration))
    runs = len(found.methods) * found.folds
    jobs = OTHER_JOBS + JOB * runs / 2
    assert cost.seconds + jobs <= SHARE * budget.seconds or found.iterations == 20
    return found, budget


def test_much_time_gives_more_methods_and_all_folds(facts: Facts) -> None:
    found, _ = fit(draft_of(facts, 45), hours=20, iteration=1)
    assert found.methods == (*FIRST, *FURTHER)
    assert found.folds == 5
    assert found.times_seen >= 24


def test_many_images_need_not_be_seen_many_times(facts: Facts) -> None:
    """Of thousands of images two methods learn in less than 12 rounds."""
    found, budget = fit(draft_of(facts, 5000), hours=2.5, iteration=1)
    assert found.methods == FIRST
    assert found.times_seen < 12
    assert "too short" not in " ".join(sentences(found, made_cost(1), budget, (1,)))


def test_times_of_few_images_are_plain_numbers(facts: Facts) -> None:
    found, budget = fit(draft_of(facts, 5), hours=0.001, iteration=1)
    said = " ".join(sentences(found, made_cost(1), budget, (1,)))
    assert re.search(r"sees each image only [0-9.]+ times, and [0-9]{3} times are the least", said)


def test_iterations_end_where_more_are_of_no_use(facts: Facts) -> None:
    found, _ = fit(draft_of(facts, 45), hours=2000, iteration=1)
    assert found.iterations == 20_000  # 40 000 images in batches of two


def test_methods_are_given_up_before_folds(facts: Facts) -> None:
    # five folds of two methods at 200 iterations of a second take 10 x 205 s / 2, and 85 s more
    found, _ = fit(draft_of(facts, 45), hours=1120 / 0.85 / 3600, iteration=1)
    assert (found.methods, found.folds) == (FIRST, 5)
    found, budget = fit(draft_of(facts, 45), hours=1100 / 0.85 / 3600, iteration=1)
    assert (found.methods, found.folds) == (FIRST[:1], 5)
    assert found.iterations >= 200
    said = " ".join(sentences(found, made_cost(1), budget, (5, 3, 1)))
    assert "A second method did not fit this time." in said


def test_folds_are_given_up_when_nothing_else_is_left(facts: Facts) -> None:
    found, budget = fit(draft_of(facts, 45), hours=500 / 0.85 / 3600, iteration=1)
    assert (found.methods, found.folds) == (FIRST[:1], 3)
    said = " ".join(sentences(found, made_cost(1), budget, (5, 3, 1)))
    assert "5 folds did not fit this time, so there are 3." in said
    found, budget = fit(draft_of(facts, 45), hours=300 / 0.85 / 3600, iteration=1)
    assert (found.methods, found.folds) == (FIRST, 1)


def test_a_time_that_is_too_short_is_said(facts: Facts) -> None:
    found, budget = fit(draft_of(facts, 45), hours=0.02, iteration=10)
    assert (found.methods, found.folds, found.iterations) == (FIRST, 1, 20)
    said = " ".join(sentences(found, made_cost(10), budget, (5, 3, 1)))
    assert "a training sees each image only 1.2 times" in said
    # 200 iterations of 10 s take 0.6 h, and 60 s and a job more; 1 in 0.85 is spare
    assert "(--hours): 0.7 for two methods, 3.4 for two methods and 5 folds." in said


def test_one_core_trains_one_method_if_the_time_is_too_short(facts: Facts) -> None:
    draft = draft_of(facts, 45)
    budget = Budget(200 / 0.85, time.monotonic())
    assert fitted(draft, (1,), budget, made_cost(1, at_once=1))[0].methods == FIRST[:1]
    assert fitted(draft, (1,), budget, made_cost(1, at_once=2))[0].methods == FIRST


def test_few_trainings_share_all_cores(facts: Facts) -> None:
    draft, cost = draft_of(facts, 45), made_cost(1)
    for seconds, folds, methods, threads in ((2000, 5, 2, 1), (500, 3, 1, 2), (300, 1, 2, 4)):
        budget = Budget(seconds / 0.85, time.monotonic(), cores=8)
        found, _ = fitted(draft, (5, 3, 1), budget, cost)
        assert (found.folds, len(found.methods), found.threads) == (folds, methods, threads)


def test_objects_that_are_lost_in_large_images_are_said(facts: Facts) -> None:
    slides = replace(facts, short=6000, small=10)
    said = too_small(slides, gpu=False)[0]
    assert "reduced to 512 px for the training, where a small object is 0.9 px wide" in said
    assert "pieces of at most 512 px" in said
    assert (
        "which is little: 512 px is the largest" in image_sizes(slides, False)["train_sizes"].reason
    )
    assert not too_small(replace(facts, short=512, small=10), gpu=False)
    tiny = replace(facts, short=160, small=4)
    assert not too_small(tiny, gpu=False)
    assert "which is little: images are enlarged" in image_sizes(tiny, False)["train_sizes"].reason


def test_random_weights_need_three_times_as_many_images(facts: Facts) -> None:
    hours = 1110 / 0.85 / 3600
    found, _ = fit(draft_of(facts, 45, RANDOM), hours, iteration=1)
    assert found.folds < 5
    assert found.iterations >= 600


def test_many_images_have_one_division(facts: Facts) -> None:
    assert folds_of(replace(facts, labelled=100)) == (1,)
    assert folds_of(replace(facts, labelled=99)) == (5, 3, 1)
    assert folds_of(replace(facts, labelled=9)) == (3, 1)
    assert folds_of(replace(facts, labelled=5)) == (1,)
    assert draft_of(facts, 500).train_images == 350
    assert replace(draft_of(facts, 500), folds=1).train_images == 350


def test_the_folder_of_the_facts_is_not_kept(facts: Facts) -> None:
    assert (facts.images, facts.most, facts.labelled) == (6, 3, 6)
    assert facts.short == 64
    assert facts.aspect == 1
    assert not Path("scratch/x/init").exists()
