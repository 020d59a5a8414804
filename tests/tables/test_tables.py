from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from gains.cli.main import app
from gains.config.settings_file import write_settings
from gains.support.files import write_json
from gains.support.markdown import escape_markdown, grid
from gains.tables.latex import escape_latex
from gains.tables.specs import SummarySpec, TableSpec
from gains.tables.summary import write_summary
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, scores, spec_of, study, write_scores


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def three_seeds() -> TableSpec:
    table = spec_of(study([0, 1, 2]))
    values = {
        "mask_rcnn/default/seed0": 0.50,
        "mask_rcnn/default/seed1": 0.52,
        "mask_rcnn/default/seed2": 0.54,
        "gains/default/seed0": 0.60,
        "gains/default/seed1": 0.61,
        "gains/default/seed2": 0.65,
    }
    write_scores(table, values)
    write_table(table, "t.csv")
    return table


def test_mean_and_sample_deviation_in_percent() -> None:
    three_seeds()
    found = {(r["method"], r["subset"]): r for r in lines_of("t.csv")}
    assert len(found) == 4
    target = found["gains", "target"]
    values = [61.0, 62.0, 66.0]
    assert float(target["AJI_clean"]) == pytest.approx(63.0, abs=1e-4)
    assert float(target["AJI_clean_sd"]) == pytest.approx(statistics.stdev(values), abs=1e-4)
    assert float(target["AJI_as_published"]) == pytest.approx(53.0, abs=1e-4)
    assert float(target["mAP"]) == pytest.approx(43.0, abs=1e-4)
    assert target["n"] == "3" and target["study"] == "small" and target["stands_for"] == "ISBI2014"
    average = found["mask_rcnn", "average"]
    assert float(average["AJI_clean"]) == pytest.approx(53.5, abs=1e-4)
    assert float(average["mAP_sd"]) == pytest.approx(2.0, abs=1e-4)


def test_csv_has_both_modes_of_every_standard_metric_whatever_is_printed() -> None:
    three_seeds()
    header = list(lines_of("t.csv")[0])
    for metric in ("AJI", "Dice", "F1", "TPp", "FNo"):
        for mode in ("clean", "as_published"):
            assert {f"{metric}_{mode}", f"{metric}_{mode}_sd"} <= set(header)
    assert {"mAP", "AP50", "AP75"} <= set(header) and "mAP_clean" not in header


def test_one_seed_has_no_deviation() -> None:
    table = spec_of(study([0]))
    write_scores(table, {"gains": 0.9, "mask_rcnn": 0.3})
    write_table(table, "t.csv")
    assert all(r["AJI_clean_sd"] == "" and r["n"] == "1" for r in lines_of("t.csv"))
    text = Path("t.md").read_text()
    assert "±" not in text and "One seed (n = 1)" in text


def test_published_average_of_a_single_class_is_not_halved() -> None:
    table = spec_of(study([0], printed_mode="as_published"))
    write_scores(table, {"": 0.7}, classes=(1,))
    write_table(table, "t.csv")
    for record in lines_of("t.csv"):
        assert float(record["AJI_as_published"]) == pytest.approx(61.0)
    assert "61.00" in Path("t.md").read_text()


def test_class_without_ground_truth_counts_in_no_average_and_is_blank() -> None:
    table = spec_of(study([0], dataset={"maps": {"target_category": 3}}))
    content = scores(0.7, classes=(1, 2))
    content["coco"]["per_category"]["3"] = dict.fromkeys(("AP", "AP50", "AP75"))
    content["as_published"]["per_class"]["3"] = dict.fromkeys(
        ("AJI", "Dice", "F1", "TPp", "FNo"), 0.0
    )
    for path in table.score_paths:
        write_json(path, content)
    write_table(table, "t.csv")
    by_subset = {r["subset"]: r for r in lines_of("t.csv")}
    assert float(by_subset["average"]["AJI_as_published"]) == pytest.approx(61.5)
    assert by_subset["target"]["mAP"] == by_subset["target"]["AJI_as_published"] == ""
    assert "–" in Path("t.md").read_text()


def test_two_data_sets_may_have_one_title() -> None:
    block = {"source": "synthetic-cells", "title": "cells"}
    table = spec_of(study([0, 1], datasets={"a": block, "b": block}))
    write_scores(table, {"/a/gains": 0.9, "": 0.1})
    write_table(table, "t.csv")
    rows = Path("t.md").read_text().splitlines()
    ours = next(row for row in rows if row.startswith("| GAInS"))
    assert [cell.strip(" *")[:5] for cell in ours.split("|")[2:-1:4]] == ["71.00", "-9.00"]
    latex = Path("t.tex").read_text()
    assert latex.count("\\cmidrule") == latex.count("}{c}{cells") == 4


def test_missing_truncated_and_foreign_score_files_are_named_and_leave_no_table() -> None:
    table = spec_of(study([0]))
    write_scores(table, {"": 0.5})
    path = Path(table.score_paths[1])
    path.unlink()
    with pytest.raises(FileNotFoundError, match="gains/default/seed0"):
        write_table(table, "t.csv")
    path.write_text('{"coco": {"AP"')
    with pytest.raises(ValueError, match="gains/default/seed0"):
        write_table(table, "t.csv")
    path.write_text("{}")
    with pytest.raises(ValueError, match="expected a score file"):
        write_table(table, "t.csv")
    assert not list(Path().glob("t.*"))


def test_less_is_better_for_missed_objects() -> None:
    table = spec_of(study([0, 1], table={"metrics": ["FNo"]}))
    write_scores(table, {"mask_rcnn": 0.2, "gains": 0.4})
    write_table(table, "t.csv")
    best = next(row for row in Path("t.md").read_text().splitlines() if "**" in row)
    assert best.startswith("| Mask R-CNN")


def test_notes_say_what_a_reader_must_know() -> None:
    three_seeds()
    text = Path("t.md").read_text()
    for part in ("small: a small study", "clean mode", "at least 0.5", "n = 3", "cells\\_1: 100"):
        assert part in text
    assert "stand-in for ISBI2014" in text


def test_latex_is_escaped_and_balanced() -> None:
    three_seeds()
    text = Path("t.tex").read_text()
    assert "Methods \\& more" in text and "cells\\_1" in text and "$\\pm$" in text
    assert text.count("\\begin{") == text.count("\\end{") == 3
    body = text.split("\\toprule")[1].split("\\bottomrule")[0]
    rows = [row for row in body.split("\\\\") if "&" in row]
    assert [row.replace("\\&", "").count("&") for row in rows] == [2, 4, 4, 4]
    assert escape_latex("a_b & 5% of $x^2$ #1 {~} \\") == (
        "a\\_b \\& 5\\% of \\$x\\textasciicircum{}2\\$ \\#1 \\{\\textasciitilde{}\\} "
        "\\textbackslash{}"
    )


@pytest.mark.parametrize("title", ["a < b > c", "~5 {x}", "^\\"])
def test_any_title_of_a_data_set_has_its_text_in_latex(title: str) -> None:
    table = spec_of(study([0], dataset={"title": title}))
    write_scores(table, {"": 0.7})
    write_table(table, "t.csv")
    assert escape_latex(title) in Path("t.tex").read_text()


def test_a_line_break_in_a_name_ends_no_row() -> None:
    """Names of rows and titles come from a study, in which text may have several lines."""
    assert escape_markdown("GAInS\n(ours) |\n") == "GAInS (ours) \\|"
    assert escape_latex("GAInS\n\n(ours)") == "GAInS  (ours)"
    text = grid(pd.DataFrame([{"row": "a\nb", "AP": "1"}]))
    assert [line.count("|") for line in text.splitlines()] == [3, 3, 3]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_pdflatex_compiles_the_table() -> None:
    three_seeds()
    head = "\\documentclass{article}\\usepackage{booktabs,graphicx}\\begin{document}"
    Path("paper.tex").write_text(f"{head}\\input{{t.tex}}\\end{{document}}")
    subprocess.run(["pdflatex", "-interaction=nonstopmode", "paper.tex"], check=True, timeout=60)


def test_equal_scores_give_equal_bytes() -> None:
    three_seeds()
    before = {path: path.read_bytes() for path in Path().glob("t.*")}
    assert len(before) == 7
    three_seeds()
    assert before == {path: path.read_bytes() for path in Path().glob("t.*")}


def test_summary_is_nested_and_refuses_nothing_and_doubles() -> None:
    table = spec_of(study([0, 1]))
    write_scores(table, {"gains": 0.7, "mask_rcnn": 0.5})
    paths = table.score_paths
    write_summary(paths, "summary.json")
    content = json.loads(Path("summary.json").read_text())
    assert list(content) == ["cells"]
    assert content["cells"]["gains/default"]["seed1"] == {
        "AJI_clean": 71.5,
        "AP50": 51.5,
        "Dice_clean": 71.5,
        "F1_clean": 71.5,
        "mAP": 51.5,
    }
    with pytest.raises(ValueError, match="no score file"):
        write_summary([], "summary.json")
    with pytest.raises(ValueError, match="second score file"):
        write_summary([paths[0], paths[0]], "summary.json")


def test_verbs_take_the_workflow_s_form() -> None:
    table = spec_of(study([0]))
    write_scores(table, {"": 0.5})

    spec = str(write_settings("specs", "t", table))
    made = CliRunner().invoke(app, ["table", "--spec", spec, "--out", "x.csv"])
    assert made.exit_code == 0, made.output
    assert Path("x.tex").is_file()
    spec = str(write_settings("specs", "s", SummarySpec(scores=tuple(table.score_paths))))
    made = CliRunner().invoke(app, ["summary", "--spec", spec, "--out", "s.json"])
    assert made.exit_code == 0, made.output
    told = Path("s.json").read_bytes()
    made = CliRunner().invoke(app, ["summary", "--scores", *table.score_paths, "--out", "s.json"])
    assert made.exit_code == 0, made.output
    assert Path("s.json").read_bytes() == told
    assert set(json.loads(Path("s.json").read_text())["cells"]) == {
        "gains/default",
        "mask_rcnn/default",
    }


def test_needs_no_torch() -> None:
    rooms = (
        "gains.tables.write, gains.tables.compare, gains.tables.summary, gains.figures.steps.panels"
    )
    code = f"import {rooms}, sys; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
