"""The command-line application object that the verbs attach to."""

from __future__ import annotations

from typing import Annotated

import typer

import gains

app = typer.Typer(
    name="gains",
    help="Compare instance segmentation methods on crossing, touching and overlapping objects.",
    epilog="--debug, anywhere on the line, shows the traceback of a failure.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(gains.__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="And leave.")
    ] = False,
) -> None:
    """Compare instance segmentation methods on crossing, touching and overlapping objects."""
