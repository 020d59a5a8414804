"""Entry point of ``gains``: parsing, logging and errors; the work is done below the CLI."""

from __future__ import annotations

import gc
import logging
import sys

import typer

from gains.cli import data, fetch, maps, reports, runs, score, study  # noqa: F401 - they add verbs
from gains.cli.app import app


def main() -> None:
    """Run a verb; a failure is one message on stderr and a non-zero exit.

    ``--debug`` anywhere on the line shows the traceback instead.
    """
    # imports and JSON make many objects, few cycles: looking for those was a tenth of a start
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
    """Return what was said, line by line; where a verb is missing, the help of those there are."""
    usage = getattr(error, "format_message", None)  # errors of the command line itself
    text = usage() if usage else str(error)
    if text.startswith("Usage:"):
        return text
    return f"gains: error: {text.strip() or type(error).__name__}"


if __name__ == "__main__":
    main()
