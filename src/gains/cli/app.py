"""The command-line application object that the verbs attach to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

import typer
from typer.core import TyperGroup

import gains
from gains.cli.overwriting import Verb

F = TypeVar("F", bound=Callable[..., Any])

SECTIONS = {
    "Own images": ("init", "check", "run"),
    "Data": ("fetch", "import", "convert", "split", "audit", "audit-table", "maps"),
    "Models": ("train", "predict", "export", "import-predictions", "score", "cost"),
    "Results": (
        "papers",
        "table",
        "validation-table",
        "certainty",
        "compare",
        "summary",
        "figure",
        "thresholds",
        "rescore",
        "report",
        "cite",
    ),
    "Maintenance": (
        "methods",
        "plan",
        "config",
        "data",
        "weights",
        "copy",
        "keep",
        "embed",
        "record",
        "provenance",
    ),
}
"""All verbs, in the order in which they are used."""
RENAMED = {"publish": "copy", "convert-masks": "import"}
"""Names that verbs had in earlier versions, each with the present name."""


class VerbGroup(TyperGroup):
    """A group of verbs whose help shows the whole first sentence of each verb."""

    def sections(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the verbs by the title of their section."""
        return {"Commands": tuple(self.list_commands(cast(Any, None)))}

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the name and the first sentence of each verb, section by section."""
        for title, names in self.sections().items():
            verbs = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(n, v.get_short_help_str(200)) for n, v in verbs if v])


class RootGroup(VerbGroup):
    """All verbs of the program."""

    def sections(self) -> dict[str, tuple[str, ...]]:
        """Return ``SECTIONS``."""
        return SECTIONS

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb.

        Raises:
            ValueError: the verb had this name in an earlier version; the message gives the new one.
        """
        if cmd_name in RENAMED:
            raise ValueError(f"`gains {cmd_name}` is now called `gains {RENAMED[cmd_name]}`")
        return super().get_command(ctx, cmd_name)


class Verbs(typer.Typer):
    """An application whose verbs refuse to overwrite their inputs."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[F], F]:
        """Return a decorator that makes a function a verb; see ``typer.Typer.command``."""
        return super().command(name, **{"cls": Verb, **options})


app = Verbs(
    name="gains",
    cls=RootGroup,
    help="Compare instance segmentation methods on crossing, touching and overlapping objects.",
    epilog="Add --debug to any command to see the traceback of an error.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def add_group(name: str, summary: str, cls: type[VerbGroup] = VerbGroup) -> typer.Typer:
    """Add a group of verbs, ``gains <name> <verb>``, to the program and return it.

    Args:
        name: name of the group.
        summary: help text of the group.
        cls: class that knows the verbs of the group.
    """
    group = Verbs(cls=cls, help=summary, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group, name=name)
    return group


def renamed_option(old: str, new: str) -> Any:
    """Return the hidden option ``old``, which is refused with its new name."""

    def refuse(value: str | None) -> None:
        if value is not None:
            raise ValueError(f"{old} is now called {new}; rename it")

    help_text = f"Earlier name of {new}."
    return typer.Option(old, hidden=True, is_eager=True, callback=refuse, help=help_text)


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
