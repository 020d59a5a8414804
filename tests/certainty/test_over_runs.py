"""Differences over seeds and folds, against numbers that are computed by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from gains.certainty.evidence import Quantity
from gains.certainty.judge import Comparison
from gains.certainty.over_runs import OverRuns, over_runs
from gains.scoring.score_file import ScoreFile
from gains.support.files import write_json
from helpers.table_scenes import scores

A, B, C = [0.5, 0.53, 0.62], [0.48, 0.49, 0.55], [0.4, 0.45, 0.5]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def runs(
    name: str, values: list[float], folds: list[int], trained: int | None = 36
) -> list[ScoreFile]:
    """Return a run for each value, with twelve test images of a fold, and its record."""
    found = []
    for k, (value, fold) in enumerate(zip(values, folds, strict=True)):
        content = scores(value, (1,), 0.01)
        content["per_image"] = [{"file_name": f"{fold}-{n}.png"} for n in range(12)]
        if trained is not None:
            write_json(Path(name, str(k), "run.json"), {"images": trained})
        found.append(ScoreFile(f"{name}/{k}/test.scores.json", content))
    return found


def compare(methods: dict[str, list[ScoreFile]]) -> OverRuns | None:
    """Return the differences, or None if there are none."""
    found = judged(methods)
    return found if found and found.differences else None


def judged(methods: dict[str, list[ScoreFile]]) -> OverRuns | None:
    comparison = Comparison(methods)
    return over_runs(comparison, [comparison.judge(Quantity("AJI", "clean"))])


def folded(**values: list[float]) -> dict[str, list[ScoreFile]]:
    return {name: runs(name, listed, [0, 1, 2]) for name, listed in values.items()}


def by_hand(share: float) -> tuple[float, float, float]:
    """Return the ends of the interval and the p of the differences 2, 4 and 7."""
    mean, sd = 13 / 3, math.sqrt(19 / 3)  # (49 + 1 + 64) / 9 / 2
    error = sd * math.sqrt(1 / 3 + share)
    reach = stats.t.ppf(0.975, 2) * error
    return mean - reach, mean + reach, 2 * stats.t.sf(mean / error, 2)


def test_three_folds_by_hand() -> None:
    found = compare(folded(a=A, b=B))
    assert found is not None and found.pairs == 3
    (pair,) = found.differences["AJI"]
    low, high, p = by_hand(12 / 36)
    assert (pair.row, pair.other) == ("a", "b")
    assert pair.value == pytest.approx(13 / 3)
    assert pair.interval == pytest.approx((low, high))
    assert pair.p == pair.p_holm == pytest.approx(p)


def test_the_seeds_of_a_fold_are_one_value() -> None:
    """They share all images, so that more seeds are no more folds."""
    folds = [0, 1, 2, 0, 1, 2]
    again = compare({name: runs(name, [*v, *v], folds) for name, v in (("a", A), ("b", B))})
    spread = {
        "a": runs("a", [*(x + 0.01 for x in A), *(x - 0.01 for x in A)], folds),
        "b": runs("b", [*B, *B], folds),
    }
    for found in (again, compare(spread)):
        assert found is not None and found.pairs == 3
        (pair,) = found.differences["AJI"]
        low, high, p = by_hand(12 / 36)
        assert pair.interval == pytest.approx((low, high))
        assert pair.p == pytest.approx(p)


def test_the_pairs_of_one_fold_differ_in_the_seed_alone() -> None:
    found = compare({name: runs(name, v, [0, 0, 0], None) for name, v in (("a", A), ("b", B))})
    assert found is not None
    (pair,) = found.differences["AJI"]
    low, high, p = by_hand(0)
    assert pair.interval == pytest.approx((low, high))
    assert pair.p == pytest.approx(p)
    usual = stats.ttest_1samp([2, 4, 7], 0)
    assert pair.p == pytest.approx(usual.pvalue)


def test_p_is_corrected_for_all_pairs() -> None:
    found = compare(folded(a=A, b=B, c=C))
    assert found is not None
    pairs = sorted(found.differences["AJI"], key=lambda d: d.p)
    first, second, third = (d.p for d in pairs)
    second_corrected = max(3 * first, 2 * second)
    expected = [3 * first, second_corrected, max(second_corrected, third)]
    assert [d.p_holm for d in pairs] == pytest.approx([min(1, p) for p in expected])


def test_the_share_of_a_pair_is_the_mean_of_both_rows() -> None:
    found = compare({"a": runs("a", A, [0, 1, 2], 24), "b": runs("b", B, [0, 1, 2], 48)})
    assert found is not None
    (pair,) = found.differences["AJI"]
    assert pair.interval == pytest.approx(by_hand((12 / 24 + 12 / 48) / 2)[:2])


@pytest.mark.parametrize(("metric", "row", "value"), [("AJI", "b", -13 / 3), ("FNo", "a", 13 / 3)])
def test_rows_are_compared_with_the_best_one(metric: str, row: str, value: float) -> None:
    # FNo counts errors, so there the best row is the one with the smaller values
    comparison = Comparison(folded(a=A, b=B))
    judgement = comparison.judge(Quantity(metric, "clean"))
    found = over_runs(comparison, [judgement])
    assert found is not None
    (pair,) = judgement.to_best(found.differences[metric])
    assert pair.row == row
    assert pair.value == pytest.approx(value)
    assert pair.interval.low < pair.value < pair.interval.high


def test_equal_differences_have_no_interval_and_no_test() -> None:
    found = compare(folded(a=A, b=A))
    assert found is not None
    (pair,) = found.differences["AJI"]
    assert pair.value == 0
    assert all(math.isnan(number) for number in (*pair.interval, pair.p, pair.p_holm))


OTHERS: dict[str, dict[str, Any]] = {
    "two folds of two seeds": {"a": ([*A, 0.5], [0, 1, 0, 1]), "b": ([*B, 0.4], [0, 1, 0, 1])},
    "two runs": {"a": (A[:2], [0, 0]), "b": (B[:2], [0, 0])},
    "other numbers of runs": {"a": (A, [0, 0, 0]), "b": ([*B, 0.5], [0, 0, 0, 0])},
    "another order of folds": {"a": (A, [0, 1, 2]), "b": (B, [0, 2, 1])},
    "another number of seeds": {"a": (A, [0, 0, 1]), "b": (B, [0, 1, 1])},
    "a row of another program": {"a": (A, [0, 1, 2]), "b": (B, [0, 1, 2], None)},
    "one row": {"a": (A, [0, 1, 2])},
}


@pytest.mark.parametrize("case", OTHERS)
def test_runs_that_do_not_match_are_not_compared(case: str) -> None:
    assert compare({name: runs(name, *given) for name, given in OTHERS[case].items()}) is None


@pytest.mark.parametrize("content", [[], {}, {"images": "many"}, {"images": 0}])
def test_a_record_without_training_images_is_none(content: Any) -> None:
    methods = folded(a=A, b=B)
    write_json(Path("b/1/run.json"), content)
    assert compare(methods) is None
    assert judged(methods) == OverRuns(0, {}, ["b"])
