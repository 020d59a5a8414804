"""The entry point of ``gains``: it sets up logging, runs a verb and reports errors."""

from __future__ import annotations

import gc
import logging
import sys

import typer

from gains.cli import (  # noqa: F401 - each module adds its verbs to the application
    data,
    data_group,
    fetch,
    maps,
    plan,
    reports,
    runs,
    score,
    study,
    weights,
    workflow,
)
from gains.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run a verb; on an error, print one message to stderr and exit with a non-zero status.

    With ``--debug`` anywhere on the line, an error shows its traceback instead.
    """
    # Imports and JSON make many objects but few cycles: the search for cycles took a tenth of the
    # start-up time.
    gc.set_threshold(100_000, 20, 20)
    debug = "--debug" in sys.argv
    arguments = [a for a in sys.argv[1:] if a != "--debug"]
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    for noisy in ("matplotlib", "PIL", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        status = app(args=arguments, standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        print("gains: interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        print(_message(error), file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))
    sys.exit(status if isinstance(status, int) else 0)


def _message(error: Exception) -> str:
    """Return the message of an error. If no verb is given, the message is the help of the group."""
    usage = getattr(error, "format_message", None)  # an error in the command line itself
    text = _of_option(error) or (usage() if usage else str(error))
    if text.startswith("Usage:"):
        return text
    return f"gains: error: {text.strip() or type(error).__name__}"


def _of_option(error: Exception) -> str | None:
    """Return the message of an option whose value has another type, in the words of this package.

    Typer shows the text of pydantic, which has a prefix and may not say which value was found.
    """
    from pydantic import ValidationError

    from gains.config.base import explain

    cause, parameter = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or parameter is None:
        return None
    return str(explain(cause, max(parameter.opts, key=len)))


if __name__ == "__main__":
    main()
