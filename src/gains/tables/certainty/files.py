"""The certainty of a table as files beside it: CSV for machines, Markdown for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gains.certainty.intervals import Interval
from gains.certainty.judgement import Contrast, Judgement
from gains.certainty.over_runs import OverRuns
from gains.certainty.words import Section, meaning, verdict, warnings
from gains.metrics.names import COCO_METRICS
from gains.support.files import write_text, written_last
from gains.support.markdown import escape_markdown, grid, listed
from gains.tables.numerals import BLANK, printed_p


def write_certainty(
    study: str, table: str, title: str, sections: Sequence[Section], out_csv: Path
) -> None:
    """Write the certainty of a table as CSV, and as Markdown beside it.

    The CSV has a line for each row of the table and for each pair of rows, by data set, subset and
    metric; that of a pair has its difference over seeds and folds too. Values are percent.

    Args:
        study: name of the study.
        table: name of the table.
        title: caption of the table.
        sections: the columns of the table.
        out_csv: path ending in ``.csv``.
    """
    lines = [
        {"study": study, "table": table, "dataset": section.dataset, "subset": section.subset}
        | line
        for section in sections
        for judgement in section.judgements
        for line in _lines(judgement, section.over_runs)
    ]
    text = pd.DataFrame(lines).to_csv(index=False, float_format="%.4g", lineterminator="\n")
    with written_last(out_csv, text.encode()):
        write_text(out_csv.with_suffix(".md"), _markdown(study, title, sections))


def _lines(judgement: Judgement, paired: OverRuns | None) -> list[dict[str, object]]:
    quantity = judgement.quantity
    shared = {
        "metric": quantity.metric,
        "mode": None if quantity.metric in COCO_METRICS else quantity.mode,
        "images": judgement.images,
        "objects": judgement.objects,
    }
    rows: list[dict[str, object]] = [
        {
            "row": s.row,
            "minus": None,
            "n": s.score.n,
            "value": _rounded(s.score.mean),
            "low": _rounded(s.interval.low),
            "high": _rounded(s.interval.high),
            "sd": _rounded(s.score.sd),
            "rank": str(s.rank),
            "rank_low": _rank(s.ranks.low),
            "rank_high": _rank(s.ranks.high),
            "p": None,
            "p_holm": None,
            "wilcoxon": None,
            "wilcoxon_holm": None,
            "leading": "yes" if s.row in judgement.leading else "no",
        }
        | _over_runs(None)
        for s in judgement.standings
    ]
    nothing = [None] * len(judgement.differences)
    of_runs = paired.differences.get(quantity.metric, nothing) if paired else nothing
    pairs: list[dict[str, object]] = [
        {
            "row": d.row,
            "minus": d.other,
            "value": _rounded(d.value),
            "low": _rounded(d.interval.low),
            "high": _rounded(d.interval.high),
            "p": d.p,
            "p_holm": d.p_holm,
            "wilcoxon": d.wilcoxon,
            "wilcoxon_holm": d.wilcoxon_holm,
        }
        | _over_runs(over)
        for d, over in zip(judgement.differences, of_runs, strict=True)
    ]
    return [shared | line for line in (*rows, *pairs)]


def _over_runs(found: Contrast | None) -> dict[str, object]:
    low, high = found.interval if found else (None, None)
    return {
        "over_runs": _rounded(found.value if found else None),
        "over_runs_low": _rounded(low),
        "over_runs_high": _rounded(high),
        "over_runs_p": found.p if found else None,
        "over_runs_p_holm": found.p_holm if found else None,
    }


def _rounded(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:z.4f}"


def _rank(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0f}"


def _markdown(study: str, title: str, sections: Sequence[Section]) -> str:
    seeds = [judgement.seeds for part in sections for judgement in part.judgements]
    shown = any(part.over_runs and part.over_runs.differences for part in sections)
    notes = [f"Study {study}. Values are percent.", *meaning(max(seeds, default=1), shown)]
    notes += warnings(sections)
    parts = [f"# {escape_markdown(title)}: how sure the values are", listed(notes)]
    for section in sections:
        parts.append(f"## {escape_markdown(section.title)}: {section.counts}")
        parts.append(listed([verdict(judgement) for judgement in section.judgements]))
        parts.append(grid(_standings(section)))
        if any(judgement.differences for judgement in section.judgements):
            parts += ["Difference to the best value:", grid(_to_the_best(section))]
        if section.over_runs:
            parts += _parts_over_runs(section, section.over_runs)
    return "\n\n".join(parts) + "\n"


def _parts_over_runs(section: Section, paired: OverRuns) -> list[str]:
    if paired.without_record:
        return [
            f"No differences over seeds and folds: {', '.join(paired.without_record)} has no "
            "run.json beside its scores, which says how many images it was trained on."
        ]
    return [
        f"Difference to the best value over seeds and folds (n = {paired.pairs}):",
        grid(_to_the_best_over_runs(section, paired)),
    ]


def _standings(section: Section) -> pd.DataFrame:
    columns: dict[str, dict[str, str]] = {}
    for judgement in section.judgements:
        metric = judgement.quantity.metric
        columns[metric] = {
            s.row: f"{_two(s.score.mean)} {_brackets(s.interval)}" for s in judgement.standings
        }
        columns[f"rank by {metric}"] = {
            s.row: f"{s.rank} [{_rank(s.ranks.low)}, {_rank(s.ranks.high)}]"
            for s in judgement.standings
        }
    return _frame(section, columns)


def _to_the_best(section: Section) -> pd.DataFrame:
    columns: dict[str, dict[str, str]] = {}
    for judgement in section.judgements:
        metric, behind = judgement.quantity.metric, judgement.to_best(judgement.differences)
        columns |= _of_pairs(metric, behind)
        if metric not in COCO_METRICS:
            columns[f"Wilcoxon of {metric}"] = {d.row: printed_p(d.wilcoxon_holm) for d in behind}
    return _frame(section, columns)


def _to_the_best_over_runs(section: Section, paired: OverRuns) -> pd.DataFrame:
    columns: dict[str, dict[str, str]] = {}
    for judgement in section.judgements:
        metric = judgement.quantity.metric
        columns |= _of_pairs(metric, judgement.to_best(paired.differences[metric]))
    return _frame(section, columns)


def _of_pairs(metric: str, behind: Sequence[Contrast]) -> dict[str, dict[str, str]]:
    """Return the columns of a metric: each difference to the best row, and its corrected p."""
    return {
        metric: {d.row: f"{_two(d.value)} {_brackets(d.interval)}" for d in behind},
        f"p of {metric}": {d.row: printed_p(d.p_holm) for d in behind},
    }


def _brackets(interval: Interval) -> str:
    if math.isnan(interval.low):
        return f"[{BLANK}]"
    return f"[{_two(interval.low)}, {_two(interval.high)}]"


def _two(value: float | None) -> str:
    """Return a number with two decimals, and no sign of zero."""
    return BLANK if value is None else f"{value:z.2f}"


def _frame(section: Section, columns: dict[str, dict[str, str]]) -> pd.DataFrame:
    rows = list(dict.fromkeys(s.row for j in section.judgements for s in j.standings))
    frame = pd.DataFrame({"": rows})
    for name, texts in columns.items():
        frame[name] = [texts.get(row, BLANK) for row in rows]
    return frame
