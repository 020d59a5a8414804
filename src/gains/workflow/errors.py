"""Snakemake's own errors in words for people."""

from __future__ import annotations

import re

NOISE = re.compile(r"^\s*File \"|^\w+ in (file|rule) .*:$|^\s*$|^(?:\w*Error|\w*Exception):$")
"""Lines that name places in Snakemake's files and in the rules."""
SAID = ("At least one job did not complete successfully.", "returned non-zero exit status")
"""Parts of errors that only repeat that a job has failed."""


def plain_error(text: str) -> str:
    """Return an error without the lines that name places; "" if it only says that a job failed."""
    if any(part in text for part in SAID):
        return ""
    if "LockException" in text:
        return (
            "another call works in the folder of the project, or one was killed. If no other "
            "`gains run` or `snakemake` runs there, type `snakemake --unlock` there, then the same "
            "command again"
        )
    return " ".join(line.strip() for line in text.splitlines() if not NOISE.match(line))
