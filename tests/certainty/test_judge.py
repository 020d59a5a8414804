"""What the test images say about methods, and how a table shows it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.certainty.evidence import Quantity
from gains.certainty.judge import Comparison
from gains.certainty.judgement import Judgement
from gains.certainty.words import Case, case_of, verdict
from gains.scoring.score_file import ScoreFile
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, scores, spec_of, study, write_scores


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def file_of(value: float, spread: float = 0.0, **options: Any) -> ScoreFile:
    return ScoreFile("s", scores(value, (1,), spread, **options))


def judge(metric: str = "AJI", **methods: list[ScoreFile]) -> Judgement:
    return Comparison(methods).judge(Quantity(metric, "clean"))


def test_the_best_and_all_that_the_images_cannot_tell_from_it_lead() -> None:
    # a moves against the others from image to image, so its differences have a spread
    found = judge(a=[file_of(0.6, 0.02)], b=[file_of(0.6)], c=[file_of(0.4)])
    assert [s.rank for s in found.standings] == [1, 1, 3]
    assert found.behind == ["c"]
    assert found.leading == ["a", "b"]
    (equal,) = [d for d in found.differences if d.row == "a" and d.other == "b"]
    assert equal.p == pytest.approx(1) and not equal.told_apart
    assert equal.interval.low < 0 < equal.interval.high
    assert verdict(found) == (
        "AJI: a has the best value, ahead of c. The images cannot tell b from it."
    )


def test_nothing_leads_where_the_images_cannot_rank() -> None:
    found = judge(a=[file_of(0.51, 0.1)], b=[file_of(0.5)])
    assert found.best is not None and found.best.row == "a"
    assert found.leading == []
    assert verdict(found).startswith("AJI: the images cannot rank the rows. a has the best value")


def test_equal_methods_are_called_equal() -> None:
    assert (
        verdict(judge(a=[file_of(0.5)], b=[file_of(0.5)])) == "AJI: all rows have the same value."
    )


@pytest.mark.parametrize(("images", "leading"), [(11, []), (12, ["a"])])
def test_few_images_mark_nothing(images: int, leading: list[str]) -> None:
    options = {"images": images}
    found = judge(a=[file_of(0.6, 0.02, **options)], b=[file_of(0.4, **options)])
    assert found.behind == ["b"]
    assert found.leading == leading


def test_a_smaller_value_may_be_the_best() -> None:
    found = judge("FNo", a=[file_of(0.6, 0.02)], b=[file_of(0.4)])
    assert [(s.row, s.rank) for s in found.standings] == [("a", 2), ("b", 1)]
    assert found.leading == ["b"]


def test_values_of_fewer_than_five_images_have_no_interval_and_no_test() -> None:
    def of(images: int) -> Judgement:
        given = {"images": images}
        return judge(a=[file_of(0.6, 0.02, **given)], b=[file_of(0.4, 0.01, **given)])

    for number, known in ((4, False), (5, True)):
        found = of(number)
        (pair,) = found.differences
        numbers = [*found.standings[0].interval, *found.standings[0].ranks, *pair.interval, pair.p]
        assert {math.isnan(value) for value in numbers} == {not known}
        assert bool(found.behind) == known


def test_resamples_without_spread_give_no_interval() -> None:
    # all images are equal, which says nothing about the spread of others
    (standing,) = judge(a=[file_of(0.6)]).standings
    assert standing.score.mean == pytest.approx(61) and math.isnan(standing.interval.low)


def test_a_single_method_is_not_said_to_be_compared() -> None:
    found = judge(a=[file_of(0.6)])
    assert case_of(found) is Case.alone
    assert verdict(found) == "AJI: only a was measured, so nothing is compared."
    of_two = replace(found, rows=2)
    assert verdict(of_two) == "AJI: only a has a value."


def test_many_rows_are_counted_and_not_named() -> None:
    others: dict[str, Any] = {f"m{k}": [file_of(0.3, 0.01 * k)] for k in range(6)}
    found = judge("AJI", a=[file_of(0.6, 0.02)], **others)
    assert verdict(found) == "AJI: a has the best value, ahead of all 6 other rows."


def test_p_values_are_corrected_for_all_pairs() -> None:
    found = judge(a=[file_of(0.6, 0.02)], b=[file_of(0.6)], c=[file_of(0.4)])
    by_pair = {(d.row, d.other): d for d in found.differences}
    # 12 differences of one sign: 2 / 2 ** 12, the smallest of two such pairs of three
    assert by_pair["a", "c"].wilcoxon == 2 / 2**12
    assert by_pair["a", "c"].wilcoxon_holm == 6 / 2**12


def test_seeds_are_drawn_within_and_averaged() -> None:
    three = judge(a=[file_of(v) for v in (0.5, 0.6, 0.7)])
    low, high = three.standings[0].interval
    assert three.standings[0].score.mean == pytest.approx(61)
    assert low < 55 and high > 67, "the images are equal, so the interval is that of the seeds"


def test_images_of_all_folds_are_pooled() -> None:
    folds = []
    for fold, value in enumerate((0.5, 0.7)):
        content = scores(value, (1,), 0.05)
        content["per_image"] = [{"file_name": f"{fold}-{k}.png"} for k in range(12)]
        folds.append(ScoreFile(f"fold{fold}", content))
    found = judge(a=folds, b=folds)
    assert (found.images, found.objects) == (24, 24)
    assert found.standings[0].score.mean == pytest.approx(61)
    assert found.differences[0].p == 1


def test_methods_of_other_test_images_are_refused() -> None:
    with pytest.raises(ValueError, match="b was scored on 9 images and a on 12, 3 of which"):
        judge(a=[file_of(0.5)], b=[file_of(0.5, images=9)])


def test_a_table_says_how_many_images_it_rests_on_and_what_they_cannot_say() -> None:
    table = spec_of(study([0], table={"metrics": ["mAP", "AJI"], "subsets": ["average"]}))
    write_scores(table, {"gains": 0.7, "mask_rcnn": 0.5}, spread=0.2)
    write_table(table, "t.csv")
    assert {(r["images"], r["objects"]) for r in lines_of("t.csv")} == {("12", "24")}
    text = Path("t.md").read_text()
    assert "- cells\\_1: 12 test images with 24 objects." in text
    assert "cells_1: 12 test images with 24 objects." in Path("t.tex").read_text().replace(
        "\\_", "_"
    )
    certainty = Path("t.certainty.md").read_text()
    assert "AJI: GAInS (R18) has the best value, ahead of Mask R-CNN (R18)." in certainty
    lines = [r for r in lines_of("t.certainty.csv") if r["metric"] == "AJI"]
    assert [(r["row"], r["minus"], r["value"]) for r in lines] == [
        ("Mask R-CNN (R18)", "", "51.5000"),
        ("GAInS (R18)", "", "71.5000"),
        ("Mask R-CNN (R18)", "GAInS (R18)", "-20.0000"),
    ]


def test_bold_follows_the_images() -> None:
    table = spec_of(study([0], table={"metrics": ["AJI"], "subsets": ["average"]}))
    write_scores(table, {"gains": 0.7, "mask_rcnn": 0.5})
    write_table(table, "t.csv")
    rows = Path("t.md").read_text().split("\n\n- ")[0].splitlines()
    assert [row.split("|")[1].strip() for row in rows if "**" in row] == ["GAInS (R18)"]
    write_scores(table, {"gains": 0.7, "mask_rcnn": 0.5}, images=8)
    write_table(table, "t.csv")
    text = Path("t.md").read_text()
    assert "**" not in text
    assert "Fewer than 12 test images: cells\\_1 (8 images)." in text
