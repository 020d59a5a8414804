"""Tables of validations: values of curves by hand, differences, order, words and refusals."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gains.certainty.paired import paired_difference
from gains.report.content import Cell
from gains.report.of_study import report_spec
from gains.report.validated import validated_tables
from gains.running.targets import made as made_files
from gains.running.targets import product_target
from gains.study.citations import cited_names
from gains.study.opening import open_study
from gains.study.papers import products
from gains.study.validated import validated_runs
from gains.tables.validation.curves import Curve
from gains.tables.validation.of_study import validation_spec
from gains.tables.validation.specs import ValidationSpec
from gains.tables.validation.write import write_validation_table
from gains.workflow.targets import table_files
from helpers.paths import ROOT
from helpers.table_scenes import lines_of
from helpers.validated import EVERY, validated_study, write_validations

M = [[10, 20, 30, 40, 50, 60, 61, 62, 63], [10, 20, 31, 40, 50, 61, 62, 63, 64]]
M.append([10, 20, 32, 40, 50, 62, 63, 64, 65])
G = [
    [row[0], row[1], row[2] - 5, *row[3:8], row[8] + gain]
    for row, gain in zip(M, (2, 3, 5), strict=True)
]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(values: dict[str, Any], **changes: Any) -> tuple[dict[tuple[str, str], Any], str]:
    """Return the lines of the table by row and quantity, and its Markdown."""
    found = validated_study(**changes)
    write_validations(found, values)
    write_validation_table(validation_spec(found, "v"), "v.csv")
    lines = lines_of("v.csv")
    return {(line["row"], line["quantity"]): line for line in lines}, Path("v.md").read_text()


def test_values_at_the_places_of_the_schedule_by_hand() -> None:
    lines, _ = made({"mask_rcnn": M, "gains": G})
    shown = {name: float(lines["M", name]["value"]) for name in ("third", "two_thirds", "end")}
    assert shown == {"third": 31, "two_thirds": 61, "end": 64}
    assert float(lines["G", "best"]["value"]) == pytest.approx(64 + 10 / 3, abs=1e-4)
    assert float(lines["M", "end"]["sd"]) == 1
    # one point for each 100 iterations in the last third, 600 to 900
    assert float(lines["M", "slope"]["value"]) == 1
    assert [float(lines["M", name]["iteration"]) for name in ("best", "third")] == [900, 300]
    assert lines["M", "slope"]["iteration"] == ""


def curve(values: list[float], every: int = 100) -> Curve:
    iterations = np.arange(1, len(values) + 1) * every
    return Curve(Path(), iterations, np.array(values, dtype=float), "", 9, 27, 1.0, False)


def test_a_place_between_two_validations_takes_the_earlier_one() -> None:
    points = curve([1, 2, 3, 4], every=250).points(1000)
    assert {k: v[0] for k, v in points.items() if k != "slope"} == {
        "best": 4,
        "third": 1,
        "two_thirds": 2,
        "end": 4,
    }
    assert math.isnan(curve([1, 2], every=500).points(1000)["third"][0])


def test_the_slope_is_that_of_the_last_third_and_bears_an_outlier() -> None:
    assert curve([90, 80, 70, 60, 50, 1, 2, 30, 4]).points(900)["slope"][0] == pytest.approx(1.0)
    # the validation at two thirds counts: slopes of pairs 10, 5, 10 / 3, 0, 0, 0
    late = curve([9, 9, 9, 9, 9, 0, 10, 10, 10]).points(900)["slope"][0]
    assert late == pytest.approx(5 / 3)
    assert math.isnan(curve([1, 2, 3], every=300).points(1200)["slope"][0])


def test_the_best_of_equal_values_is_the_first() -> None:
    assert curve([1, 7, 7, 2]).points(400)["best"] == (7, 200)


def test_a_paired_difference_by_hand() -> None:
    found = paired_difference(np.array([12.0, 13, 15]), np.array([10.0, 10, 10]), 1 / 3)
    assert (found.pairs, found.ahead) == (3, 3)
    assert found.mean == pytest.approx(10 / 3)
    assert found.sd == pytest.approx(math.sqrt(7 / 3))
    # sd * sqrt(1/3 + 1/3); the plain t test would have sqrt(1/3)
    error = math.sqrt(7 / 3) * math.sqrt(2 / 3)
    assert found.p == pytest.approx(2 * stats.t.sf(10 / 3 / error, 2))
    assert found.interval.high - found.mean == pytest.approx(stats.t.ppf(0.975, 2) * error)


@pytest.mark.parametrize("first", [[12.0, 13.0], [12.0, 12.0, 12.0]])
def test_few_pairs_or_equal_differences_have_no_interval_and_no_test(first: list[float]) -> None:
    found = paired_difference(np.array(first), np.full(len(first), 10.0), 0.3)
    assert math.isnan(found.interval.low)
    assert math.isnan(found.p)
    assert found.ahead == len(first)


def test_differences_are_paired_by_fold() -> None:
    lines, text = made({"mask_rcnn": M, "gains": G})
    best = lines["G", "best"]
    assert (best["minus"], best["pairs"], best["ahead"]) == ("M", "3", "3")
    assert float(best["difference"]) == pytest.approx(10 / 3, abs=1e-4)
    assert float(best["difference_sd"]) == pytest.approx(math.sqrt(7 / 3), abs=1e-4)
    assert lines["M", "best"]["minus"] == ""
    assert "+3.33 ± 1.53" in text
    assert "3 of 3" in text
    assert "No row differs from the row that it is compared with by more than chance" in text
    assert "**" not in text


def test_a_clear_difference_is_bold_and_said() -> None:
    better = [[value + 10 + k / 10 for value in row] for k, row in enumerate(M)]
    _, text = made({"mask_rcnn": M, "gains": better})
    assert "**+10.10 ± 0.10** [9.75, 10.45]" in text
    assert "G is ahead of M by 10.1 points of mAP, more than chance explains." in text
    assert r"\textbf{+10.10 $\pm$ 0.10}" in Path("v.tex").read_text()


def test_p_values_are_corrected_for_all_compared_rows() -> None:
    rows = [
        {"method": "mask_rcnn", "label": "M"},
        {"method": "gains", "label": "G", "against": "M"},
        {"method": "gains", "variant": "gal", "label": "GAL", "against": "M"},
    ]
    lines, _ = made({"mask_rcnn": M, "gal": G, "gains": G}, rows=rows)
    p, corrected = (float(lines["G", "best"][name]) for name in ("p", "p_holm"))
    assert corrected == pytest.approx(2 * p, abs=2e-4)


def test_a_change_of_order_is_told() -> None:
    lines, text = made({"mask_rcnn": M, "gains": G})
    assert [lines["G", name]["rank"] for name in ("third", "end")] == ["2", "1"]
    assert "From 1/3 of the schedule to its end, the order changes: 1 of 1 pairs" in text
    assert "G minus M is -5.0 at 1/3, +0.0 at 2/3, +3.3 at the end: the sign" in text
    order = text[text.index("Order") :].splitlines()[2:6]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in order]
    assert cells[0] == ["at 1/3", "at 2/3", "at the end", "best"]
    assert [cells[2][0], cells[2][2], cells[3][0], cells[3][2]] == ["M", "G", "G", "M"]


def test_an_order_that_stays_is_told() -> None:
    lower = [[value - 1 for value in row] for row in M]
    _, text = made({"mask_rcnn": M, "gains": lower})
    assert "From 1/3 of the schedule to its end, the order does not change." in text
    assert "sign" not in text


def test_two_runs_have_no_spread() -> None:
    lines, text = made({"mask_rcnn": M, "gains": G}, parts=2)
    assert lines["M", "best"]["sd"] == lines["G", "best"]["difference_sd"] == ""
    assert "±" not in text.split("Mean ±")[0]
    assert "No difference is tested" in text


def test_notes_name_metric_threshold_images_runs_and_time() -> None:
    _, text = made({"mask_rcnn": M, "gains": G})
    assert "mAP in percent at score threshold 0.05, on 9 images in each validation part" in text
    assert "folds 0, 1, 2, 1 seed; 6 trainings of 3.0 h together." in text
    assert (
        "optimistic and serve comparison only. No test image of the same fold was looked at" in text
    )
    assert "whose weights are kept" in text


def test_only_the_named_folds_are_trained_and_none_is_tested() -> None:
    rows = [{"method": "htc", "label": "H"}, {"method": "gains", "label": "G"}]
    found = validated_study([0, 1], 5, rows=rows, folds=[1, 3])
    htc = [run for run in found.trainings() if run.method == "htc"]
    assert {(run.seed, run.fold) for run in htc} == {(0, 1), (0, 3), (1, 1), (1, 3)}
    assert not any(run.method == "htc" for run in found.runs())


def test_rows_that_are_trained_alike_share_their_trainings() -> None:
    loose = {"mask_rcnn": {"loose": {"method": {"score_threshold": 0.01}}}}
    rows = [{"method": "mask_rcnn"}, {"method": "mask_rcnn", "variant": "loose", "label": "L"}]
    changes = {"variants": loose, "recipe": {"iterations": 900, "validate_every": 100}}
    found = validated_study(rows=rows, study=changes)
    assert {run.variant for run in validated_runs(found, "v")} == {"default"}
    spec = validation_spec(found, "v")
    assert (len(spec.folders), spec.picks) == (3, False)


def test_a_row_is_compared_with_the_first_one_of_its_method() -> None:
    rows = [{"method": m, "variant": v} for m, v in (("gains", "default"), ("gains", "gal"))]
    rows[1]["label"] = "GAL"
    rows.append({"method": "mask_rcnn"})
    spec = validation_spec(validated_study(rows=rows), "v")
    assert [row.label for row in spec.rows] == ["GAInS (R18)", "GAL", "Mask R-CNN (R18)"]
    assert [row.against for row in spec.rows] == [None, "GAInS (R18)", None]
    assert ValidationSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": [{"method": "gains"}, {"method": "gains"}]}, "2 rows read 'GAInS"),
        ({"rows": [{"method": "gains", "against": "N"}]}, "no other row 'N' .*known: none"),
        (
            {"study": {"recipe": {**EVERY, "select": "last", "validate_every": None}}},
            "mask_rcnn/default: its training does not validate; set `validate_every`",
        ),
        (
            {"study": {"methods": {"gains": {"recipe": {"validation_metric": "AJI"}}}}},
            "different metrics on 'cells', .*mask_rcnn/default by mAP, gains/default by AJI",
        ),
        ({"folds": [3]}, "'cells' has no fold 3; its folds are 0 to 2"),
        ({"folds": [1, 1]}, "folds: each may occur only once"),
        ({"datasets": ["cell"]}, "did you mean 'cells'"),
        ({"rows": [{"method": "gain"}]}, "did you mean 'gains'"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validation_spec(validated_study(**changes), "v")


def test_a_name_that_is_taken_is_refused() -> None:
    block = {"title": "x", "rows": [{"method": "gains"}]}
    for name in ("t", "compare", "figure4", "t.certainty"):
        with pytest.raises(ValueError, match="another output file has this name"):
            validated_study(study={"validation_tables": {name: block}})


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(ValueError, match="no table of validations 'w'; .*known: v"):
        validation_spec(validated_study(), "w")


def test_validations_of_another_metric_and_missing_trainings_are_named() -> None:
    found = validated_study()
    spec = validation_spec(found, "v")
    with pytest.raises(FileNotFoundError, match="train the run first"):
        write_validation_table(spec, "v.csv")
    write_validations(found, {"": M}, metric="AJI")
    with pytest.raises(ValueError, match="expected validations by mAP, found AJI"):
        write_validation_table(spec, "v.csv")
    write_validations(found, {"": [[], [], []]})
    with pytest.raises(ValueError, match="expected validations by mAP, found none"):
        write_validation_table(spec, "v.csv")


def test_of_the_search_of_the_study_on_real_images_only_what_was_chosen_is_tested() -> None:
    found = open_study(ROOT / "config.yaml", "evidence")
    tables = ("search", "search_maps")
    searched = {run for table in tables for run in validated_runs(found, table)}
    tested = set(found.runs())
    assert {run.fold for run in searched} == {0, 1, 2}
    assert len(searched) == 54
    chosen = {run for run in searched if run.variant in ("default", "lr-0.04")}
    assert searched & tested == chosen
    assert searched <= set(found.trainings())
    assert set(validated_runs(found, "order")) <= tested


def test_the_table_is_a_product_of_the_study_with_its_files() -> None:
    found = validated_study()
    write_validations(found, {"mask_rcnn": M, "gains": G})
    Path("data").mkdir()
    shutil.copy(ROOT / "data/sources.csv", "data")
    folder = Path(found.results, "tables")
    folder.mkdir()
    write_validation_table(validation_spec(found, "v"), folder / "v.csv")
    (product,) = [p for p in products([found], {}) if p.number == "v"]
    assert (product.target, product.trainings, product.done) == ("results/v.csv", 6, 6)
    assert [file.suffix for file in product.files] == [".csv", ".md", ".tex"]
    assert product_target(found, "v") == "results/v.csv"
    assert made_files(found, "results/v.csv") == (
        [(folder / "v.md").absolute()],
        [(folder / "v.csv").absolute()],
    )
    assert {"v.csv", "v.md", "v.tex"} <= set(table_files(found))
    assert "v.certainty.csv" not in table_files(found)


def test_methods_of_the_table_are_cited() -> None:
    block = {"title": "x", "rows": [{"method": "htc"}]}
    assert "method htc" in cited_names(validated_study(study={"validation_tables": {"v": block}}))


def test_the_report_shows_values_and_differences() -> None:
    better = [[value + 10 + k / 10 for value in row] for k, row in enumerate(M)]
    found = validated_study()
    write_validations(found, {"mask_rcnn": M, "gains": better})
    spec = report_spec(found)
    (shown,) = validated_tables(spec)
    values, differences = shown.parts
    assert [row[0].text for row in values.rows] == ["M", "G"]
    assert values.rows[0][1] == Cell("64.00 ± 1.00", order=64.0)
    assert differences.rows[0][2] == Cell("+10.10 ± 0.10 [9.75, 10.45]", order=10.1, bold=True)
    assert any("more than chance explains" in note for note in values.notes)
    assert {f"{run}/validation.csv" for run in spec.validations[0].folders} <= set(spec.paths)
