"""The command-line application object that the verbs attach to."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import gains

SECTIONS = {
    "Data": ("fetch", "convert", "split", "audit", "audit-table", "maps"),
    "Models": ("train", "predict", "score"),
    "Results": ("table", "compare", "summary", "figure", "rescore"),
    "Maintenance": (
        "methods",
        "plan",
        "config",
        "data",
        "convert-masks",
        "weights",
        "publish",
        "provenance",
    ),
}
"""All verbs, in the order in which the data flow from one to the next."""


class VerbGroup(TyperGroup):
    """The verbs, listed in sections."""

    def format_commands(self, _: Any, formatter: Any) -> None:
        """Write the name and the first sentence of each verb, section by section."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name, self.commands[name].get_short_help_str(200)) for name in names]
                )


app = typer.Typer(
    name="gains",
    cls=VerbGroup,
    help="Compare instance segmentation methods on crossing, touching and overlapping objects.",
    epilog="Add --debug to any command to see the traceback of an error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(gains.__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Compare instance segmentation methods on crossing, touching and overlapping objects."""
