"""The command ``python -m gains``, which does the same as ``gains``."""

from gains.cli.main import main

main()
