"""The verb ``check``: find what jobs of a study would refuse, before anything runs."""

from __future__ import annotations

from typing import Annotated

import typer

from gains.cli.app import app


@app.command("check")
def check_study(
    word: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="A study file or the name of a study.")
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(help="Study of the project, or of a file that holds several."),
    ] = None,
) -> None:
    """Check a study before anything runs: settings, files, labels, and what methods need.

    All problems are listed. The labels of own data sets are read, which can take a while; data that
    must be downloaded first are not.

    \b
    Examples:
      gains check my-cells.yaml
      gains check --study first
    """
    from gains.running.check import problems
    from gains.running.choice import choose, find_project, inside

    project = find_project()
    chosen = choose(word, study, project)
    with inside(project):
        found = problems(chosen.study, chosen.files)
    if found:
        raise ValueError("\n".join(found))
    typer.echo(f"study {chosen.study.tag}: no problem was found")
