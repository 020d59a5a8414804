"""The events of a running Snakemake: which job starts, ends or fails, as lines of a file.

``gains run`` names the file in the environment, the Snakefile attaches :class:`EventFile` to
Snakemake's logger, and :class:`EventReader` reads the lines in the other process. What Snakemake
writes to the screen is for people and changes from version to version; the events have names.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

VARIABLE = "GAINS_EVENTS"
"""Environment variable that names the file of events."""

PARENT = "GAINS_PARENT"
"""Environment variable that names the process of ``gains run``."""

STARTED, FINISHED, FAILED, ERROR = "job_info", "job_finished", "job_error", "error"
"""Names of the events in Snakemake."""


@dataclass(frozen=True)
class Event:
    """What Snakemake reports about a job, or about the whole call.

    Attributes:
        kind: ``STARTED``, ``FINISHED``, ``FAILED`` or ``ERROR``.
        job: number of the job in this call; -1 for an error of the whole call.
        rule: rule of the job.
        wildcards: values of its wildcards.
        log: its log file; "" for none.
        output: its first output; "" for none.
        text: message of an error.
    """

    kind: str
    job: int = -1
    rule: str = ""
    wildcards: dict[str, str] = field(default_factory=dict)
    log: str = ""
    output: str = ""
    text: str = ""


class EventFile(logging.Handler):
    """A handler of Snakemake's logger that appends each event to a file at once."""

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self._file = Path(path).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event of a record, if it is one of interest."""
        event = event_of(record)
        if event is not None:
            self._file.write(json.dumps(asdict(event)) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def attach(logger: logging.Logger) -> None:
    """Write the events of Snakemake's logger to the file that the environment names, if any.

    If ``gains run`` is killed, this process and its jobs end as after Ctrl-C.
    """
    if path := os.environ.get(VARIABLE):
        logger.addHandler(EventFile(path))
        threading.Thread(target=end_with, args=(int(os.environ[PARENT]),), daemon=True).start()


def end_with(parent: int, pause: float = 1.0) -> None:
    """Interrupt the group of this process, which must lead it, as soon as its parent has ended.

    Args:
        parent: number of the parent.
        pause: time in s between two looks.
    """
    while os.getppid() == parent:
        time.sleep(pause)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGINT)


def event_of(record: logging.LogRecord) -> Event | None:
    """Return the event of a record of Snakemake's logger, or None if it is of no interest."""
    given = vars(record)
    kind = str(given.get("event", ""))
    logs, outputs = given.get("log") or [""], given.get("output") or [""]
    if kind == STARTED:
        wildcards = {name: str(value) for name, value in given["wildcards"].items()}
        files = str(logs[0]), str(outputs[0])
        return Event(kind, given["jobid"], given["rule_name"], wildcards, *files)
    if kind == FAILED:
        return Event(kind, given["jobid"], given["rule_name"], {}, str(logs[0]))
    if kind == FINISHED:
        return Event(kind, given["job_id"])
    if kind == ERROR:
        return Event(kind, text=record.getMessage())
    return None


class EventReader:
    """A reader of the events in a file that another process writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> Iterator[Event]:
        """Yield the events that were written completely since the last call."""
        if not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield Event(**json.loads(line))
