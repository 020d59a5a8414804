"""The verb ``papers``: list the tables and figures, and the commands that make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli import printing
from gains.cli.app import app
from gains.cli.options import CONFIG, Config

if TYPE_CHECKING:
    from pathlib import Path

    from gains.config.file import Readable
    from gains.published.papers import Paper
    from gains.study.papers import Product, State
    from gains.study.study import Study

Block = tuple[str, str]
"""Name and text of a row on a terminal."""

NOTHING = "No study that is listed makes a table or figure of it."
"""What a terminal shows below a paper without any row."""


@app.command()
def papers(
    config: Config = CONFIG,
    paper: Annotated[
        str | None, typer.Option(help="Paper to list, for example GAInS; by default all.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Study to list; by default all.")] = None,
) -> None:
    """List the tables and figures of the papers, with the command that makes each.

    The list shows for each study which data and weights a table needs, how many of its trainings
    are done, and which of its files exist. Tables without a published counterpart come last. A
    table whose data sets are all absent has no command, because it cannot be made.

    To a file or a pipe, the verb writes a line per table or figure, with tabs between paper,
    number, title, study, command, data, weights, trainings, finished trainings, files and copy.

    \b
    Example:
      gains papers
      gains papers --paper GAInS --study paper
    """
    from gains.config.base import check_names
    from gains.config.file import read_each
    from gains.figures import FIGURES
    from gains.published.papers import PAPERS
    from gains.study.papers import open_each, products

    chosen = [PAPERS.get(paper)] if paper else list(PAPERS)
    found = read_each(config)
    if study is not None:
        check_names("--study", (study,), [*found.studies, *found.problems])
        found = found.only(study)
    opened = open_each(found, _check)
    figures = {figure.name: figure.published for figure in FIGURES if figure.published}
    rows = [
        (product, _command(product, found, config))
        for product in products(opened, figures)
        if paper in (None, product.paper)
    ]
    if console := printing.terminal():
        printing.show_table(console, ("paper", "tables and figures"), rows_of_papers(rows, chosen))
    else:
        printing.print_lines(line(*row) for row in rows)
    for name, problem in found.problems.items():
        typer.echo(f"study {name} is not listed: {problem}", err=True)


def _command(product: Product, found: Readable, config: Path) -> str:
    """Return the command of a product, with the config files that Snakemake must be told.

    It is empty if the product cannot be made on this machine.
    """
    from gains.workflow.ask import command

    if product.absent:
        return ""
    files = [] if config == CONFIG else [str(config), found.files[product.study]]
    return command(product.target, product.study, found.in_force, *dict.fromkeys(files))


def _check(study: Study) -> None:
    """Refuse a study of which a table cannot be made."""
    from gains.tables.of_study import table_spec
    from gains.tables.validation.of_study import validation_spec

    for table in study.settings.tables:
        table_spec(study, table)
    for table in study.settings.validation_tables:
        validation_spec(study, table)


def line(product: Product, command: str) -> tuple[str, ...]:
    """Return the cells of a table or figure for a pipe."""
    return (
        product.paper,
        product.number,
        product.title,
        product.study,
        command,
        _states(product.data),
        _states(product.weights),
        str(product.trainings),
        str(product.done),
        " ".join(map(str, product.files)),
        _copy(product),
    )


def rows_of_papers(rows: Sequence[tuple[Product, str]], papers: Sequence[Paper]) -> Iterator[Block]:
    """Yield a name and its lines of text for each paper, table and figure, for a terminal.

    Args:
        rows: tables and figures, each with its command.
        papers: the papers to list.
    """
    for paper in papers:
        own = [row for row in rows if row[0].paper == paper.name]
        about = [paper.title, f"{paper.authors}. {paper.venue}", paper.link]
        yield paper.name, "\n".join(about if own else [*about, NOTHING])
        yield from (_block(*row) for row in own)
    yield from (_block(*row) for row in rows if not row[0].paper)


def _block(product: Product, command: str) -> Block:
    how = command or "it cannot be made here, because its data are absent"
    lines = [product.title, f"study {product.study}", how, f"data: {_states(product.data)}"]
    if product.weights:
        lines.append(f"weights: {_states(product.weights)}")
    if product.trainings:
        lines.append(f"trainings: {product.done} of {product.trainings} done")
    lines.append(f"files: {' '.join(map(str, product.files)) or 'none yet'}")
    if copy := _copy(product):
        lines.append(f"{product.target}: {copy}")
    return product.number, "\n".join(lines)


def _states(states: Iterable[State]) -> str:
    return "; ".join(f"{name} ({text})" for name, text in states)


def _copy(product: Product) -> str:
    """Return in words whether the file at the top of the results belongs to the study."""
    if product.copy is None:
        return ""
    return "of this study" if product.copy else "not of this study, or of an earlier state of it"
