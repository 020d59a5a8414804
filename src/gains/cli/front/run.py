"""The verb ``run``: make the tables of a study, from its data to its figures."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from gains.cli.app import app

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[STUDY] [TARGET] [-- OPTIONS]",
        help="A study file or the name of a study; then a table or figure, by default everything; "
        "then further options of the workflow.",
        show_default=False,
    ),
]


@app.command()
def run(
    words: Words = None,
    study: Annotated[
        str | None,
        typer.Option(help="Study of the project, or of a file that holds several."),
    ] = None,
    cores: Annotated[
        int | None, typer.Option(min=1, help="Number of CPU cores; by default all.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Start trainings of more than 12 h without a question.")
    ] = False,
) -> None:
    """Run a study: prepare its data, train, predict, score, and make its tables and figures.

    The verb works from any folder. It makes only what is missing or out of date, so the same
    command continues after an interruption. Before the first training it says how many trainings
    there are and how long they take.

    Options after -- go to Snakemake, which runs the jobs.

    Relative paths in a study file begin in the folder of the project, wherever the file is.

    \b
    Examples:
      gains run my-cells.yaml
      gains run my-cells.yaml table3 --cores 4
      gains run --study first
      gains run demo table3 -- --keep-going --forcerun train
    """
    from gains.running.choice import choose, find_project, inside, is_file
    from gains.running.run import RunWish
    from gains.running.run import run as run_study
    from gains.support.parallel import available_cores
    from gains.workflow.call import refuse_reserved

    places, further = split_words(words or [])
    if study is not None and places and not is_file(places[0] or ""):
        places.insert(0, None)
    if len(places) > 2:
        raise ValueError(
            f"expected a study and one table or figure, found {' '.join(map(str, places))}; put "
            "options of the workflow after --"
        )
    refuse_reserved(further)
    name, target = (*places, None, None)[:2]
    project = find_project()
    wish = RunWish(target, cores or available_cores(), yes, further)
    catch_signals()
    choice = choose(name, study, project)
    with inside(project):
        run_study(choice, wish)


def catch_signals() -> None:
    """Let a closed terminal end the jobs too, like Ctrl-C, except under ``nohup``.

    A shell script lets its background processes ignore Ctrl-C, and Snakemake would inherit that.
    """
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def split_words(words: list[str]) -> tuple[list[str | None], tuple[str, ...]]:
    """Return the words before the first option for Snakemake, and that option with all after it.

    An option can stand among the words only after ``--``.
    """
    first = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    return list(words[:first]), tuple(words[first:])
