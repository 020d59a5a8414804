"""The verbs that copy and record results, and check their provenance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli.app import add_group, app
from gains.cli.options import CONFIG, Config, StudyName

if TYPE_CHECKING:
    from gains.workflow.keep import Kept

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
def keep(
    config: Config = CONFIG,
    study: StudyName = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of kept runs; by default the one that the study names."),
    ] = None,
    clone: Annotated[
        Path, typer.Option("--from", help="Clone of the project that holds the results.")
    ] = Path(),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace kept runs that have another content.")
    ] = False,
) -> None:
    """Keep the finished runs of a study in the repository, without models, to be committed.

    A kept run is not made again: every clone makes the tables from it, without images, weights or
    training.

    \b
    Example:
      gains keep --study evidence
    """
    from gains.study.opening import open_study
    from gains.workflow.keep import keep_runs

    opened = open_study(config, study)
    folder = out or (Path(opened.settings.kept) if opened.settings.kept else None)
    if folder is None:
        raise ValueError(
            f"study {opened.name!r} names no folder of kept runs; add `kept: studies/{opened.name}`"
            " to its block, or name a folder with --out"
        )
    for line in kept_lines(folder, keep_runs(opened, folder, clone, overwrite)):
        typer.echo(line)


def kept_lines(folder: Path, found: Kept) -> Iterator[str]:
    """Yield what a person should know of a folder of kept runs."""
    from gains.support.durations import duration

    yield (
        f"{folder}: runs copied: {found.new}, there already: {found.before}, not finished: "
        f"{found.unfinished}."
    )
    yield (
        f"The kept runs have {found.bytes / 1e6:.1f} MB and hold {duration(found.seconds)} of "
        "training. The commits of their code:"
    )
    for commit, count in sorted(found.commits.items(), key=str):
        yield f"  {commit or 'not known, since the code of the clone is another'}: {count}"
    if found.new:
        yield f"Type next: git add {folder}"


@app.command()
def embed(
    pages: Annotated[list[Path], typer.Argument(help="Markdown pages, which are changed.")],
    check: Annotated[
        bool, typer.Option("--check", help="Compare only; fail if a page shows something else.")
    ] = False,
) -> None:
    """Write tables of results into Markdown pages, between the comments that name them.

    A page has `<!-- results: results/evidence/tables/table3.md -->` on a line, and below it
    `<!-- end of results -->`. The lines between become the content of that file.

    \b
    Example:
      gains embed README.md docs/results.md
    """
    from gains.support.embedding import embed_results

    found = [place for page in pages for place in embed_results(page, check)]
    other = [
        f"{place.page}, line {place.line}: {place.file}" for place in found if not place.agrees
    ]
    if check and other:
        names = " ".join(map(str, pages))
        raise ValueError(
            f"{'; '.join(other)}: the page shows another content; type `gains embed {names}`"
        )
    typer.echo(f"results shown: {len(found)}, with new content: {len(other)}")


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
