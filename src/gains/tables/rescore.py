"""Rescoring of a whole study: its scores and tables from its predictions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gains.datasets.split_file import read_split
from gains.scoring.score import score_files
from gains.study.checks import require_tables
from gains.study.external import scored_runs
from gains.study.runs import Run
from gains.study.study import ScoreOptions, Study
from gains.support.files import check_output, write_json
from gains.support.parallel import parallel_map
from gains.support.progress import progress
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec, summary_spec, table_spec
from gains.tables.summary import write_summary
from gains.tables.write import write_table


class _Work(NamedTuple):
    """A run to be scored: its inputs, the options, and the file to write."""

    coco: Path
    split: Path
    fold: int
    predictions: Path
    options: ScoreOptions
    out: Path


def rescore(
    study: Study, out: Path, jobs: int = 1, tables: Sequence[str] | None = None, **changes: Any
) -> int:
    """Score the runs of a study, make its tables from these scores, and return the number of runs.

    The files in ``out`` have the same names as those in ``results/<study>``, which stay unchanged.
    Without changed settings their content is the same too. The audit of the data reads no score,
    so it is not made.

    Args:
        study: study whose predictions exist.
        out: folder for ``runs/<run>/test.scores.json`` and ``tables``.
        jobs: number of processes; the files do not depend on it.
        tables: names of the tables to make, of whose runs alone predictions must exist; None for
            all.
        changes: changed settings of the study, such as ``clean_score_threshold``; the files then
            name the study ``<study>+rescored``.

    Raises:
        FileNotFoundError: a run has no predictions, and the first such run is named; or every data
            set of the tables is absent.
        ValueError: ``out`` is a folder in which the workflow keeps records, a table is unknown, a
            setting is out of range, or an input is broken.
    """
    if (out / "provenance.json").exists() or os.path.realpath(out) == os.path.realpath(
        study.results
    ):
        raise ValueError(
            f"{out}: the workflow keeps records of what it made there; choose another folder"
        )
    moved = _with_tables(study.with_results_folder(str(out), **changes), tables)
    study = _with_tables(study, tables)
    require_tables(study)
    work = [_work(study, moved, run) for run in scored_runs(study)]
    missing = [item.predictions for item in work if not item.predictions.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{missing[0]}: there are no such predictions; {len(missing)} of {len(work)} runs "
            f"have none: run the workflow's target all_runs with --config study={study.name} "
            "first"
        )
    check_output(work[0].out)
    with parallel_map(_score, work, jobs) as scored, progress("scores, runs", len(work)) as advance:
        for done, _ in enumerate(scored, start=1):
            advance(done)
    _write_tables(moved)
    return len(work)


def _with_tables(study: Study, names: Sequence[str] | None) -> Study:
    """Return the study with some of its tables."""
    if names is None:
        return study
    for name in names:
        if name in study.settings.validation_tables:
            raise ValueError(
                f"study {study.name!r}: {name!r} is a table of validations, which shows no scores; "
                f"name a table of scores: {', '.join(study.settings.tables)}"
            )
        study.table_runs(name)  # this call refuses an unknown table
    chosen = {name: block for name, block in study.settings.tables.items() if name in names}
    settings = study.settings.model_copy(update={"tables": chosen})
    return Study(study.name, settings, study.label, data=study.data, results=study.results)


def _work(study: Study, moved: Study, run: Run) -> _Work:
    return _Work(
        study.coco(run.dataset),
        study.split(run.dataset),
        run.fold,
        study.run_folder(run) / "test.predictions.json.gz",
        moved.score_options(run.dataset),
        moved.run_folder(run) / "test.scores.json",
    )


def _score(work: _Work) -> None:
    names = read_split(work.split).names("test", work.fold)
    scores = score_files(work.coco, work.predictions, file_names=names, **work.options)
    write_json(work.out, scores)
    for name in ("run.json", "cost.json"):  # the tables read them, and no score changes them
        beside = work.predictions.with_name(name)
        if beside.is_file():
            shutil.copyfile(beside, work.out.with_name(name))


def _write_tables(study: Study) -> None:
    folder = Path(study.results) / "tables"
    files = [folder / f"{name}.csv" for name in study.tables]
    for name, file in zip(study.tables, files, strict=True):
        write_table(table_spec(study, name), file)
    write_compare(compare_spec(study), [str(file) for file in files], folder / "compare.csv")
    write_summary(summary_spec(study).scores, folder / "summary.json")
