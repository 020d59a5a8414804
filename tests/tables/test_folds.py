"""A table with one seed, of which one data set has folds and the other has none."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest

from gains.certainty.words import ONCE
from gains.support.files import write_json
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, scores, spec_of, study

WHOLE: dict[str, Any] = {"source": "synthetic-cells", "title": "whole", "stands_for": "ISBI2014"}
FOLDED = {**WHOLE, "title": "folded", "stands_for": "CPS", "split": {"folds": 3}}
TABLE = {
    "paper": "DoNet",
    "table": "1",
    "metrics": ["mAP", "AJI"],
    "subsets": ["average"],
    "rows": [
        {"method": "mask_rcnn", "published": "Mask R-CNN"},
        {"method": "donet", "published": "DoNet"},
    ],
}
VALUES = [0.5, 0.53, 0.62]


def made(seeds: list[int]) -> None:
    """Write the table; the value of a fold is one of ``VALUES``, DoNet has 0.2 more."""
    found = study(seeds, datasets={"a": WHOLE, "b": FOLDED}, table=TABLE)
    spec = spec_of(found)
    for path in spec.score_paths:
        fold = int(Path(path).parent.name.removeprefix("fold"))
        content = scores(VALUES[fold] + 0.2 * ("donet" in path), spread=0.02)
        content["per_image"] = [{"file_name": f"{fold}-{k}.png"} for k in range(12)]
        write_json(path, content)
    write_table(spec, "t.csv")
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_mean_and_spread_are_those_of_the_folds() -> None:
    made([0])
    lines = {(r["method"], r["dataset"]): r for r in lines_of("t.csv")}
    folded, whole = lines["mask_rcnn", "b"], lines["mask_rcnn", "a"]
    aji = [100 * value + 1.5 for value in VALUES]  # the mean of 1 and 2 hundredths more
    assert float(folded["AJI_clean"]) == pytest.approx(statistics.fmean(aji))
    assert float(folded["AJI_clean_sd"]) == pytest.approx(statistics.stdev(aji), abs=1e-4)
    assert (folded["n"], folded["images"], folded["objects"]) == ("3", "36", "72")
    assert (whole["n"], whole["images"], whole["AJI_clean_sd"]) == ("1", "12", "")
    text = Path("t.md").read_text()
    assert "56.50 ± 6.24" in text
    assert "over folds (n = 1 on whole, n = 3 on folded). One seed: how another" in text


def test_the_certainty_of_folds_calls_no_fold_a_seed() -> None:
    made([0])
    text = Path("t.certainty.md").read_text()
    assert ONCE in text and "and the seeds of each method" not in text
    assert "folded: 36 test images" in text
    made([0, 1])
    text = Path("t.certainty.md").read_text()
    assert ONCE not in text and "and the seeds of each method" in text
    assert "over seeds and folds (n = 2 on whole, n = 6 on folded)." in Path("t.md").read_text()


def test_the_spread_over_folds_stands_beside_the_published_one() -> None:
    made([0])
    (line,) = (
        r
        for r in lines_of("compare.csv")
        if (r["dataset"], r["metric"], r["published_row"]) == ("b", "AJI", "Mask R-CNN")
    )
    assert (line["n"], line["published"], line["published_spread"]) == ("3", "69.2000", "2.2700")
    assert float(line["sd"]) == pytest.approx(6.24, abs=0.01)
    assert float(line["difference_in_sd"]) == pytest.approx((56.5 - 69.2) / 6.245, abs=0.01)
