"""The verbs ``config`` and ``methods``: the settings of a study, and the methods to compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli import printing
from gains.cli.app import add_group, app
from gains.cli.options import CONFIG, Config, Dataset, Method, StudyName, Variant

if TYPE_CHECKING:
    from gains.methods import Method as MethodRecord

config_app = add_group("config", "Show the settings of a study or of one run.")


@config_app.command("show")
def show(
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Dataset = None,
    method: Method = None,
    variant: Variant = "default",
) -> None:
    """Print the settings of a run as YAML, or of the whole study if no run is named.

    \b
    Example:
      gains config show --dataset synthetic-cells --method gains --variant w7
    """
    import yaml

    from gains.study.opening import open_study
    from gains.study.show import of_run, of_study
    from gains.tables.of_study import table_spec
    from gains.tables.validation.of_study import validation_spec

    chosen = open_study(config, study)
    if dataset is None and method is None:
        for table in chosen.settings.tables:
            table_spec(chosen, table)  # this call refuses a table that cannot be made
        for table in chosen.settings.validation_tables:
            validation_spec(chosen, table)  # as above
        content = of_study(chosen)
    elif dataset is None or method is None:
        raise ValueError("a run has a data set and a method: give both --dataset and --method")
    else:
        content = of_run(chosen, dataset, method, variant)
    typer.echo(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), nl=False)


@config_app.command("reference")
def reference(
    out: Annotated[Path, typer.Option(help="Markdown file to write.")],
) -> None:
    """Write the reference of the config file: each key with its range, default and meaning.

    \b
    Example:
      gains config reference --out docs/config.md
    """
    from gains.study.config_reference import reference as text
    from gains.support.files import write_text

    write_text(out, text())


@app.command()
def methods() -> None:
    """List the methods with title, citation and variants.

    A method of another installed package has the name of that package after its title. A package
    that cannot be imported is listed with the reason, and the other methods work without it.

    To a file or a pipe, the verb writes a line per method, with tabs between the four fields.

    \b
    Example:
      gains methods
    """
    from gains.methods import METHODS

    rows = [
        (m.name, _with_package(m), m.citation, ", ".join(["default", *m.variants])) for m in METHODS
    ]
    rows += [(name, "cannot be used", why, "") for name, why in METHODS.refused().items()]
    if console := printing.terminal():
        printing.show_table(console, ("name", "title", "citation", "variants"), rows)
    else:
        printing.print_lines(rows)


def _with_package(method: MethodRecord) -> str:
    from gains.methods import METHODS

    package = METHODS.origin(method.name)
    return f"{method.title} ({package})" if package else method.title
