"""The entry point of ``gains``: it sets up logging, runs a verb and reports errors."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import signal
import sys
from contextlib import nullcontext

import typer

from gains.cli import (  # noqa: F401 - each module adds its verbs to the application
    data,
    data_group,
    export,
    fetch,
    maps,
    papers,
    plan,
    reports,
    runs,
    score,
    study,
    weights,
    workflow,
)
from gains.cli.app import app
from gains.cli.front import check, init, run  # noqa: F401
from gains.cli.scores import certainty, imported, thresholds, validated  # noqa: F401
from gains.support.heartbeat import heartbeat

__all__ = ["app", "main"]

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")
"""Parts of the messages by which torch says that there is not enough memory."""


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
    # a verb that is ended removes its temporary files, as after Ctrl-C
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        # `gains run` shows the progress of its jobs itself
        quiet = nullcontext() if arguments[:1] == ["run"] else heartbeat(_verb_of(arguments))
        with quiet:
            status = app(args=arguments, standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        print("gains: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # for example of `gains methods | head -1`, which needs no message
        _discard_stdout()
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        print(_message(error), file=sys.stderr)
        _discard_stdout()
        sys.exit(getattr(error, "exit_code", 1))
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.exit(status if isinstance(status, int) else 0)


def _verb_of(arguments: list[str]) -> str:
    words = itertools.takewhile(lambda word: not word.startswith("-"), arguments[:2])
    return " ".join(("gains", *words))


def _discard_stdout() -> None:
    """Give what could not be written to nowhere; Python would report it once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _message(error: Exception) -> str:
    """Return the message of an error. If no verb is given, the message is the help of the group."""
    usage = getattr(error, "format_message", None)  # an error in the command line itself
    text = _of_option(error) or (usage() if usage else _in_words(error))
    if text.startswith("Usage:"):
        return text
    return f"gains: error: {text.strip()}"


def _in_words(error: Exception) -> str:
    """Return the message of an error that this package, another one or Python raised."""
    from gains.support.file_errors import worded

    if isinstance(error, OSError):
        return worded(error)
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or any(sign in text.lower() for sign in OUT_OF_MEMORY):
        return f"there is not enough memory ({text[:200]}); use smaller data or a larger machine"
    # the words of this package are for people, whatever the class of the error
    if (isinstance(error, ValueError) or type(error).__module__.startswith("gains.")) and text:
        return str(error)
    return (
        f"unexpected {type(error).__name__}: {text}; this is a fault of "
        "the program or of a file that it read: run it again with --debug, and report the traceback"
    )


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
