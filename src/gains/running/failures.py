"""The errors of a call of Snakemake as outlook_lines: each distinct one once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gains.running.jobs import JobInProgress, Jobs
from gains.workflow.errors import plain_error

OURS = "gains: error: "
"""Start of the last line of a verb that ends with an error."""


def failures(jobs: Jobs) -> Iterator[str]:
    """Yield a sentence for each distinct error, with its number of jobs and the first log."""
    found: dict[str, list[JobInProgress]] = {}
    for job in jobs.failed:
        found.setdefault(error_in(job.log), []).append(job)
    for text, hit in found.items():
        more = f" ({len(hit)} jobs ended with this error)" if len(hit) > 1 else ""
        yield f"{hit[0].name} failed{more}: {text}\n  Its log is {hit[0].log.absolute()}"
    yield from filter(None, dict.fromkeys(map(plain_error, jobs.errors)))


def error_in(log: Path) -> str:
    """Return the message of the error in the log of a job: that of the verb, or its last line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    starts = [n for n, line in enumerate(lines) if line.startswith(OURS)]
    if starts:
        return "\n".join(lines[starts[-1] :]).removeprefix(OURS).strip()
    written = [line for line in lines if line.strip()]
    last = f"; the last line of its log is: {written[-1]}" if written else ""
    return (
        "it ended without an error message, which happens if the system ends a process because the "
        f"memory is full; close other programs, or lower batch_size or the image sizes{last}"
    )
