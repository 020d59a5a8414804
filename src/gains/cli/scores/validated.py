"""The verb ``validation-table``: the values that trainings reach on validation images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app
from gains.cli.options import CONFIG, Config, StudyName
from gains.cli.reports import Spec


@app.command("validation-table")
def validation_table(
    out: Annotated[
        Path,
        typer.Option(help="CSV file to write; Markdown and LaTeX files are written beside it."),
    ],
    name: Annotated[
        str | None,
        typer.Argument(help="Name of a table of validations of the study, for example search."),
    ] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    spec: Spec = None,
) -> None:
    """Make a table of the values that trainings reach on validation images, without test images.

    \b
    Example:
      gains validation-table search --study evidence --out search.csv
    """
    from gains.config.settings_file import read_settings
    from gains.study.opening import open_study
    from gains.tables.validation.of_study import validation_spec
    from gains.tables.validation.specs import ValidationSpec
    from gains.tables.validation.write import write_validation_table

    if (name is None) == (spec is None):
        raise ValueError("expected either a name, as in `gains validation-table search`, or --spec")
    if spec is None:
        content = validation_spec(open_study(config, study), str(name))
    else:
        content = read_settings(ValidationSpec, spec)
    write_validation_table(content, out)
