"""Verbs that turn scores into tables and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gains.cli.app import app

Config = Annotated[Path, typer.Option(help="Config file that has the study.")]
StudyName = Annotated[str | None, typer.Option("--study", help="Default: the one in force.")]
Spec = Annotated[str | None, typer.Option(help="JSON that says all; the workflow gives it.")]


@app.command()
def table(
    out: Annotated[Path, typer.Option(help="CSV; Markdown and LaTeX are made beside it.")],
    name: Annotated[str | None, typer.Argument(help="Table of the study, e.g. table3.")] = None,
    config: Config = Path("config.yaml"),
    study: StudyName = None,
    spec: Spec = None,
) -> None:
    """Make a table from the scores of a study's runs: CSV, Markdown and LaTeX.

    \b
    Example:
      gains table table3 --study demo --out table3.csv
    """
    from gains import tables
    from gains.study.study import open_study

    if (name is None) == (spec is None):
        raise ValueError("name the table, e.g. `gains table table3`, or give --spec; not both")
    content = tables.spec(open_study(config, study), name) if name else _parse(str(spec))
    tables.write_table(content, out)


@app.command()
def compare(
    out: Annotated[Path, typer.Option(help="CSV; Markdown is made beside it.")],
    tables: Annotated[list[Path], typer.Option(help="CSV of a table; more may follow it.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further CSVs of tables.")] = None,
    config: Config = Path("config.yaml"),
    study: StudyName = None,
    spec: Spec = None,
) -> None:
    """Put the published value, with its source, beside each cell of a study's tables.

    \b
    Example:
      gains compare --study demo --tables results/demo/tables/table?.csv --out compare.csv
    """
    from gains.study.study import open_study
    from gains.tables import compare as comparison

    content = _parse(spec) if spec else comparison.spec(open_study(config, study))
    comparison.write_compare(content, [str(path) for path in [*tables, *(more or [])]], out)


@app.command()
def summary(
    out: Annotated[Path, typer.Option(help="JSON.")],
    scores: Annotated[list[Path], typer.Option(help="A run's score file; more may follow it.")],
    more: Annotated[list[Path] | None, typer.Argument(help="Further score files.")] = None,
) -> None:
    """Gather the main scores of many runs into one small JSON, for `dvc metrics show`.

    \b
    Example:
      gains summary --scores results/demo/runs/*/*/*/*/*/test.scores.json --out summary.json
    """
    from gains.tables.summary import write_summary

    write_summary([str(path) for path in [*scores, *(more or [])]], out)


@app.command()
def rescore(
    out: Annotated[Path, typer.Option(help="Folder to write scores and tables into.")],
    config: Config = Path("config.yaml"),
    study: StudyName = None,
    clean_score_threshold: Annotated[
        float | None,
        typer.Option(help="Instead of the study's, to see what it does."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Score all runs of a study anew from its predictions, and make its tables from that.

    All in one go, into a folder of its own: for a study as it stands, the very files that the
    workflow makes job by job below results/<study>, whose records stay as they are.

    \b
    Example:
      gains rescore --study demo --clean-score-threshold 0.7 --jobs 2 --out rescored
    """
    from gains.study.study import open_study
    from gains.tables import rescore as room

    given = {"clean_score_threshold": clean_score_threshold}
    changes = {name: value for name, value in given.items() if value is not None}
    number = room.rescore(open_study(config, study), out, jobs, **changes)
    typer.echo(f"{out / 'tables'}: from the scores of {number} runs")


def _parse(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"--spec: not JSON: {error}; found {text[:80]!r}") from error
    if not isinstance(content, dict):
        raise ValueError(f"--spec: expected a JSON object, found {text[:80]!r}")
    return content


class FigureGroup(TyperGroup):
    """The registered figures as verbs, looked up when one is asked for."""

    def list_commands(self, _: Any) -> list[str]:
        """Return the names of the figures."""
        from gains.figures import FIGURES

        return FIGURES.names()

    def get_command(self, _: Any, cmd_name: str) -> Any:
        """Return the verb of a figure; an unknown name is a ValueError listing those known."""
        from gains.figures import FIGURES

        single = typer.Typer(
            add_completion=False,
            rich_markup_mode=None,
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        single.command(cmd_name)(FIGURES.get(cmd_name).draw)
        return typer.main.get_command(single)


figures = typer.Typer(cls=FigureGroup, no_args_is_help=True)


@figures.callback()
def _figure() -> None:
    """Draw a figure, as PDF and PNG.

    \b
    Example:
      gains figure figure3 --coco data/demo/coco/synthetic-cells.json --out figure3.pdf
    """


app.add_typer(figures, name="figure")
