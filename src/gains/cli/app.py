"""The command-line application object that the verbs attach to."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="gains",
    help="Compare instance segmentation methods on crossing, touching and overlapping objects.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
