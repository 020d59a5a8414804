"""The commands by which a person asks Snakemake for a file."""

from __future__ import annotations

import shlex


def command(target: str, study: str, in_force: str | None, *config: str) -> str:
    """Return the command that makes a file.

    Args:
        target: the file, e.g. ``results/table3.csv``.
        study: study that makes it.
        in_force: study that Snakemake takes if the command names none.
        *config: config files that Snakemake does not read by itself.

    Examples:
        >>> command("results/table3.csv", "paper", "demo")
        'snakemake --cores 8 results/table3.csv --config study=paper'
    """
    words = ["snakemake", "--cores", "8", target]
    if config:
        words += ["--configfile", *config]
    if study != in_force:
        words += ["--config", f"study={study}"]
    return shlex.join(words)
