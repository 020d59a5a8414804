"""The differences over seeds and folds in the files beside a table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from gains.certainty.words import OVER_RUNS
from gains.support.files import write_json
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, scores, spec_of, study

TITLE = "Difference to the best value over seeds and folds (n = {}):"
VALUES = {"mask_rcnn": [0.5, 0.53, 0.62], "gains": [0.48, 0.49, 0.55], "external": [0.3] * 3}
GAINS, MASK_RCNN = {"method": "gains"}, {"method": "mask_rcnn"}
EXTERNAL = {"external": "cp", "label": "other"}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(seeds: int, folds: int, *rows: dict[str, Any], records: bool = True) -> str:
    """Write a table, and return its Markdown; values depend on the row and on seed plus fold."""
    changes: dict[str, Any] = {"dataset": {"split": {"folds": folds}}}
    table: dict[str, Any] = {"table": None, "metrics": ["AJI"], "subsets": ["average"]}
    table["rows"] = list(rows or (MASK_RCNN, GAINS))
    spec = spec_of(study(list(range(seeds)), table=table, **changes))
    for path in map(Path, spec.score_paths):
        seed, fold = (int(path.parts[k].lstrip("sedfol")) for k in (-3, -2))
        values = next(listed for name, listed in VALUES.items() if name in path.parts)
        content = scores(values[(seed + fold) % 3], (1,), 0.02)
        content["per_image"] = [{"file_name": f"{fold}-{k}.png"} for k in range(12)]
        if "external" in path.parts:
            content["external"] = {"format": "COCO", "scored": True, "absent": []}
        elif records:
            write_json(path.with_name("run.json"), {"images": 36})
        write_json(path, content)
    write_table(spec, "t.csv")
    return Path("t.certainty.md").read_text()


@pytest.mark.parametrize(("seeds", "folds"), [(1, 3), (3, 1), (2, 3)])
def test_three_or_more_runs_are_compared(seeds: int, folds: int) -> None:
    text = made(seeds, folds)
    assert OVER_RUNS in text
    before, after = text.split(TITLE.format(3))
    assert "Difference to the best value:" in before
    heading, _, best, other = after.strip().splitlines()
    columns = [cell.strip() for cell in heading.split("|")[1:-1]]
    assert columns == ["", "AJI", "p of AJI"]
    assert [cell.strip() for cell in best.split("|")[2:-1]] == ["–", "–"]
    assert other.split("|")[1].strip() == "GAInS (R18)"
    assert other.split("|")[2].strip().startswith("-4.33 [")


def test_the_files_have_the_numbers_of_three_folds() -> None:
    text = made(1, 3)
    # differences 2, 4 and 7; a fold has 12 test and 36 training images
    error = math.sqrt(19 / 3) * math.sqrt(1 / 3 + 1 / 3)
    reach, p = stats.t.ppf(0.975, 2) * error, 2 * stats.t.sf(13 / 3 / error, 2)
    cells = [cell.strip() for cell in text.strip().splitlines()[-1].split("|")[2:4]]
    assert cells == [f"-4.33 [{-13 / 3 - reach:.2f}, {-13 / 3 + reach:.2f}]", f"{p:.3f}"]
    *rows, pair = lines_of("t.certainty.csv")
    assert all(row["over_runs"] == row["over_runs_p"] == "" for row in rows)
    assert (pair["minus"], pair["over_runs"], pair["value"]) == ("GAInS (R18)", "4.3333", "4.3333")
    assert float(pair["over_runs_low"]) == pytest.approx(13 / 3 - reach, abs=1e-4)
    assert float(pair["over_runs_high"]) == pytest.approx(13 / 3 + reach, abs=1e-4)
    assert float(pair["over_runs_p"]) == pytest.approx(p, rel=1e-3)
    assert pair["over_runs_p"] == pair["over_runs_p_holm"]


ABSENT: dict[str, tuple[Any, ...]] = {
    "one run": (1, 1),
    "two seeds": (2, 1),
    "two folds": (1, 2),
    "one row": (1, 3, GAINS),
    "a row with fewer runs": (3, 1, MASK_RCNN, GAINS, EXTERNAL),
}


@pytest.mark.parametrize("case", ABSENT)
def test_the_part_is_absent(case: str) -> None:
    text = made(*ABSENT[case])
    assert "over seeds and folds" not in text
    assert {line["over_runs"] for line in lines_of("t.certainty.csv")} == {""}


def test_folds_without_records_of_their_trainings_have_no_part() -> None:
    text = made(1, 3, records=False)
    assert "Difference to the best value over seeds and folds" not in text
    assert (
        "No differences over seeds and folds: Mask R-CNN (R18), GAInS (R18) has no run.json" in text
    )
    text = made(1, 3, MASK_RCNN, GAINS, EXTERNAL)
    assert "No differences over seeds and folds: other has no run.json beside its scores" in text
    assert TITLE.format(3) in made(3, 1, records=False)
