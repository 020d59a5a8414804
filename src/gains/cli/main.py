"""Entry point of ``gains``: parsing, logging and errors; the work is done below the CLI."""

from __future__ import annotations

import logging
import sys

from gains.cli import configs, data, maps, reports, runs, score  # noqa: F401 - they add verbs
from gains.cli.app import app


def main() -> None:
    """Run a verb; a failure is one message on stderr and a non-zero exit.

    ``--debug`` anywhere on the line shows the traceback instead.
    """
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
        app(args=arguments)
    except KeyboardInterrupt:
        print("gains: interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        print(f"gains: error: {text}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
