"""The verbs that make tables, figures and reports from scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gains.cli.app import VerbGroup, Verbs, add_group, app
from gains.cli.options import CONFIG, Config, Jobs, StudyName

Spec = Annotated[
    Path | None,
    typer.Option(help="JSON file with the complete description; the workflow writes it."),
]


@app.command()
def table(
    out: Annotated[
        Path,
        typer.Option(help="CSV file to write; Markdown and LaTeX files are written beside it."),
    ],
    name: Annotated[
        str | None, typer.Argument(help="Name of a table of the study, for example table3.")
    ] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    spec: Spec = None,
) -> None:
    """Make a table of scores from the runs of a study, as CSV, Markdown and LaTeX.

    \b
    Example:
      gains table table3 --study demo --out table3.csv
    """
    from gains.config.settings_file import read_settings
    from gains.study.opening import open_study
    from gains.tables.of_study import table_spec
    from gains.tables.specs import TableSpec
    from gains.tables.write import write_table

    if (name is None) == (spec is None):
        raise ValueError("expected either a name, as in `gains table table3`, or --spec")
    if spec is None:
        write_table(table_spec(open_study(config, study), str(name)), out)
    else:
        write_table(read_settings(TableSpec, spec), out)


@app.command()
def compare(
    out: Annotated[
        Path, typer.Option(help="CSV file to write; a Markdown file is written beside it.")
    ],
    tables: Annotated[
        list[Path], typer.Option(help="CSV file of a table; further files may follow it.")
    ],
    more: Annotated[list[Path] | None, typer.Argument(help="Further CSV files of tables.")] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    spec: Spec = None,
) -> None:
    """Compare the tables of a study with the published values, cell by cell.

    \b
    Example:
      gains compare --study demo --tables results/demo/tables/table?.csv --out compare.csv
    """
    from gains.config.settings_file import read_settings
    from gains.study.opening import open_study
    from gains.tables.compare import write_compare
    from gains.tables.of_study import compare_spec
    from gains.tables.specs import CompareSpec

    if spec is None:
        content = compare_spec(open_study(config, study))
    else:
        content = read_settings(CompareSpec, spec)
    write_compare(content, [str(path) for path in [*tables, *(more or [])]], out)


@app.command()
def summary(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    scores: Annotated[
        list[Path] | None, typer.Option(help="Score file of a run; further files may follow it.")
    ] = None,
    more: Annotated[list[Path] | None, typer.Argument(help="Further score files.")] = None,
    spec: Spec = None,
) -> None:
    """Collect the main scores of many runs in one JSON file, for `dvc metrics show`.

    \b
    Example:
      gains summary --scores results/demo/runs/*/*/*/*/*/test.scores.json --out summary.json
    """
    from gains.config.settings_file import read_settings
    from gains.tables.specs import SummarySpec
    from gains.tables.summary import write_summary

    files = [*(scores or []), *(more or [])]
    if bool(files) == (spec is not None):
        raise ValueError("expected either score files with --scores or --spec")
    if spec is None:
        write_summary([str(path) for path in files], out)
    else:
        write_summary(read_settings(SummarySpec, spec).scores, out)


@app.command()
def rescore(
    out: Annotated[Path, typer.Option(help="Folder for the new scores and tables.")],
    config: Config = CONFIG,
    study: StudyName = None,
    clean_score_threshold: Annotated[
        float | None,
        typer.Option(help="Score threshold of clean metrics; by default that of the study."),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            help="Table to make; give each the option. By default all tables. The comparison and "
            "the summary are then of these tables alone."
        ),
    ] = None,
    jobs: Jobs = 1,
) -> None:
    """Score the runs of a study again from their predictions, and make its tables again.

    The files go into a separate folder, and the results of the workflow stay unchanged. With the
    settings of the study, they equal the files that the workflow makes in results/<study>.

    \b
    Example:
      gains rescore --study demo --clean-score-threshold 0.7 --jobs 2 --out rescored
    """
    from gains.study.opening import open_study
    from gains.tables.rescore import rescore as score_again

    given = {"clean_score_threshold": clean_score_threshold}
    changes = {name: value for name, value in given.items() if value is not None}
    number = score_again(open_study(config, study), out, jobs, table or None, **changes)
    typer.echo(f"{out / 'tables'}: from the scores of {number} runs")


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    config: Config = CONFIG,
    study: StudyName = None,
    spec: Spec = None,
) -> None:
    """Write a report on a finished study: one HTML file that needs no other file, to mail.

    It has the tables with intervals, ranks and published numbers, pictures of the data and of the
    best and worst images of each method, curves, time and memory, settings, origins, citations.

    \b
    Example:
      gains report --study demo --out report.html
    """
    from gains.config.settings_file import read_settings
    from gains.report.of_study import report_spec
    from gains.report.spec import ReportSpec
    from gains.report.write import write_report
    from gains.study.opening import open_study

    if spec is None:
        content = report_spec(open_study(config, study))
    else:
        content = read_settings(ReportSpec, spec)
    write_report(content, out)


@app.command()
def cite(config: Config = CONFIG, study: StudyName = None) -> None:
    """Print what a study cites as BibTeX: its methods, data sets and papers, and this program.

    \b
    Example:
      gains cite --study paper > references.bib
    """
    from gains.study.citations import bibtex, cited_names
    from gains.study.opening import open_study

    typer.echo("\n\n".join(bibtex(cited_names(open_study(config, study)))))


class FigureGroup(VerbGroup):
    """The registered figures as verbs; a figure is imported when it is called."""

    def list_commands(self, _: Any) -> list[str]:
        """Return the names of the figures."""
        from gains.figures import FIGURES

        return FIGURES.names()

    def get_command(self, _: Any, cmd_name: str) -> Any:
        """Return the verb of a figure.

        Raises:
            ValueError: the name is unknown; the message lists the known ones.
        """
        from gains.figures import FIGURES

        single = Verbs(
            add_completion=False,
            rich_markup_mode=None,
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        single.command(cmd_name)(FIGURES.get(cmd_name).draw)
        return typer.main.get_command(single)


add_group("figure", "Draw a figure as PDF and PNG.", FigureGroup)
