"""Verbs about settings and records: ``config``, ``plan``, ``methods``, and so on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gains.cli.app import app

config_app = typer.Typer(help="Look at the settings.", no_args_is_help=True)
provenance_app = typer.Typer(help="Look at the record of how results were made.")
app.add_typer(config_app, name="config")
app.add_typer(provenance_app, name="provenance")

ConfigFile = Annotated[Path, typer.Option("--config", help="Config file.")]
Study = Annotated[str | None, typer.Option(help="Study; default: the one in force there.")]


@provenance_app.callback()
def _provenance() -> None:
    """Look at the record of how results were made."""


@config_app.command("show")
def show(
    config: ConfigFile = Path("config.yaml"),
    study: Study = None,
    dataset: Annotated[str | None, typer.Option(help="Data set of the run.")] = None,
    method: Annotated[str | None, typer.Option(help="Method of the run.")] = None,
    variant: Annotated[str, typer.Option(help="Variant of the method.")] = "default",
) -> None:
    """Print the effective settings of a run as YAML; of the whole study when no run is named.

    \b
    Example:
      gains config show --dataset synthetic-cells --method gains --variant w7
    """
    import yaml

    from gains.study.show import of_run, of_study
    from gains.study.study import open_study

    chosen = open_study(config, study)
    if dataset is None and method is None:
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
    """Write every key of the config file with its range, default and meaning.

    \b
    Example:
      gains config reference --out docs/config.md
    """
    from gains.study.config_reference import reference as text
    from gains.support.files import write_text

    write_text(out, text())


@app.command()
def plan(
    config: ConfigFile = Path("config.yaml"),
    study: Study = None,
    gpu_memory: Annotated[
        int | None, typer.Option(min=1, help="Of the GPU for the rest, MB; default: this one's.")
    ] = None,
) -> None:
    """Say what of a study is trained, how long the rest takes, and how much fits a GPU.

    \b
    Example:
      gains plan --study paper --gpu-memory 80000
    """
    from gains.models.device import gpu_megabytes
    from gains.study.plan import report
    from gains.study.study import open_study

    chosen = open_study(config, study)
    if gpu_memory is None and chosen.settings.gpu:
        gpu_memory = gpu_megabytes()
    for line in report(chosen, gpu_memory):
        typer.echo(line)


@app.command()
def methods() -> None:
    """List the methods: name, title, citation, variants.

    \b
    Example:
      gains methods
    """
    from gains.methods import METHODS

    for method in METHODS:
        variants = ", ".join(["default", *method.variants])
        typer.echo(f"{method.name}\t{method.title}\t{method.citation}\t{variants}")


@provenance_app.command("verify")
def verify(
    files: Annotated[list[Path], typer.Argument(help="provenance.json files.")],
) -> None:
    """Check that outputs are the recorded ones, made from the inputs that are here.

    \b
    Example:
      gains provenance verify results/demo/provenance.json results/provenance.json
    """
    from gains.workflow.snakemake_records import verify as problems_of

    problems = problems_of(*(str(file) for file in files))
    if problems:
        raise ValueError("; ".join(problems) + "; run snakemake, or dvc checkout")
    typer.echo("all outputs are as recorded")


@app.command()
def publish(
    files: Annotated[list[Path], typer.Argument(help="Source and destination, in turns.")],
    study: Annotated[str, typer.Option(help="The study in force.")],
) -> None:
    """Copy a study's tables and figures to where people ask for them.

    \b
    Example:
      gains publish --study demo results/demo/tables/table3.csv results/table3.csv
    """
    from gains.workflow.copies import publish as copy

    if len(files) % 2:
        raise ValueError(
            f"expected pairs of source and destination, found {len(files)} paths; add the missing"
        )
    copy(study, list(zip(files[::2], files[1::2], strict=True)))
