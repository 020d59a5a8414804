"""The verbs that copy and record results, and check their provenance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import add_group, app
from gains.cli.options import CONFIG

provenance_app = add_group("provenance", "Check the record of how results were made.")


@provenance_app.command("verify")
def verify(
    files: Annotated[list[Path], typer.Argument(help="Files provenance.json of the workflow.")],
) -> None:
    """Check that result files are unchanged and were made from the present input files.

    \b
    Example:
      gains provenance verify results/demo/provenance.json results/provenance.json
    """
    from gains.workflow import snakemake_records

    problems = snakemake_records.verify_records(*(str(file) for file in files))
    if problems:
        raise ValueError("; ".join([*problems, snakemake_records.REMEDY]))
    typer.echo("all outputs are as recorded")


@app.command()
def copy(
    files: Annotated[list[Path], typer.Argument(help="Pairs of a source and a destination file.")],
    study: Annotated[str, typer.Option(help="Study that the tables must belong to.")],
) -> None:
    """Copy tables and figures of a study from its own folder to the top of the results folder.

    \b
    Example:
      gains copy --study demo results/demo/tables/table3.csv results/table3.csv
    """
    from gains.workflow import copies

    if len(files) % 2:
        raise ValueError(
            f"expected pairs of source and destination, found {len(files)} paths; "
            "add the missing path"
        )
    copies.copy_files(study, list(zip(files[::2], files[1::2], strict=True)))


@app.command()
def record(
    study: Annotated[str, typer.Argument(help="Study of config.yaml or of the folder studies.")],
) -> None:
    """Write the pipeline by which DVC records a study, and say what to type next.

    It is `workflow/dvc/<study>/dvc.yaml`, and `dvc.yaml` for the study demo. Nothing is made and
    nothing is recorded before you type what the verb prints.

    \b
    Example:
      gains record first
    """
    from gains.study.opening import open_study
    from gains.workflow.pipeline import write_pipeline

    if "+" in study:
        raise ValueError(
            f"{study!r} is a study with a label, whose settings are only on a command line; write "
            "them as a study of their own to studies/<name>.yaml, and record that study"
        )
    typer.echo(write_pipeline(open_study(CONFIG, study)))
