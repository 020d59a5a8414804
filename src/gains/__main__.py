"""``python -m gains`` is ``gains``."""

from gains.cli.main import main

main()
