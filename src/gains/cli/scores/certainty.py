"""The verb that says which methods the test images tell apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli.app import app
from gains.cli.options import CONFIG, Config, StudyName

if TYPE_CHECKING:
    from gains.certainty.words import Section


@app.command()
def certainty(
    name: Annotated[
        str | None, typer.Argument(help="Name of a table of the study, for example table3.")
    ] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    scores: Annotated[
        list[Path] | None,
        typer.Option(help="Score file to compare instead of a table; give each file the option."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="Method of the score file at the same place; files of one label are its seeds and "
            "folds. By default the names of the files."
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Metric to compare score files by; by default mAP, AP50, AJI, Dice, F1."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="CSV file to write; a Markdown file is written beside it."),
    ] = None,
) -> None:
    """Say which methods the test images tell apart, with intervals, tests and ranks.

    The methods are the rows of a table of a study, or score files of the same test images. Metrics
    with modes are clean ones for score files, and those that the study prints for a table.

    \b
    Example:
      gains certainty table3 --study demo --out table3.certainty.csv
      gains certainty --scores a.scores.json --label A --scores b.scores.json --label B
    """
    from gains.study.opening import open_study
    from gains.support.files import require_suffix
    from gains.tables.certainty.files import write_certainty
    from gains.tables.certainty.sections import judge_table
    from gains.tables.of_study import table_spec

    if (name is None) == (scores is None):
        raise ValueError("expected either a table, as in `gains certainty table3`, or --scores")
    if out is not None:
        require_suffix(out, ".csv")
    if name is not None:
        if label or metric:
            raise ValueError("--label and --metric belong to --scores; a table has its own")
        spec = table_spec(open_study(config, study), name)
        sections, heading = judge_table(spec), (spec.study, spec.name, spec.title)
    else:
        sections = [_of_files(scores or [], label or [], metric or [])]
        heading = ("none", "scores", "Score files")
    _print(sections)
    if out is not None:
        write_certainty(*heading, sections, out)


def _of_files(scores: list[Path], labels: list[str], metrics: list[str]) -> Section:
    """Return what the images of score files say about their methods."""
    from gains.certainty.evidence import Quantity
    from gains.certainty.judge import Comparison
    from gains.certainty.over_runs import over_runs
    from gains.certainty.words import Section
    from gains.metrics.names import check_metric
    from gains.scoring.score_file import ScoreFile, read_scores

    for metric in metrics:
        check_metric(metric, "clean", "--metric")
    if labels and len(labels) != len(scores):
        raise ValueError(
            f"found {len(labels)} times --label for {len(scores)} score files; give each file one, "
            "or none of them"
        )
    methods: dict[str, list[ScoreFile]] = {}
    for path, label in zip(scores, labels or map(str, scores), strict=True):
        methods.setdefault(label, []).append(read_scores(str(path)))
    comparison = Comparison(methods)
    chosen = metrics or ["mAP", "AP50", "AJI", "Dice", "F1"]
    judged = [comparison.judge(Quantity(metric, "clean")) for metric in chosen]
    return Section("", "Score files", "average", judged, over_runs(comparison, judged))


def _print(sections: list[Section]) -> None:
    from gains.certainty.words import verdict, warnings

    for section in sections:
        typer.echo(f"{section.title}: {section.counts}")
        for judgement in section.judgements:
            typer.echo(f"  {verdict(judgement)}")
    for sentence in warnings(sections):
        typer.echo(sentence)
