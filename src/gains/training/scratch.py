"""The scratch folder of a training: its running checkpoint, then its finished result.

The result waits here until somebody has accepted it, because a workflow that is ended deletes the
files that its steps wrote. They are hard links to it, so it takes no space of its own.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gains.support.claims import remove_temporaries
from gains.support.files import atomic_path, read_json, sha256, withdraw, write_json
from gains.support.locks import is_free, waiting_lock

logger = logging.getLogger(__name__)

MODEL, LOSSES, VALIDATION, RECORD = "model.pt", "losses.csv", "validation.csv", "run.json"
RESULT = (MODEL, LOSSES, VALIDATION, RECORD)
"""The files of a finished training."""
INDEX = "finished.json"
"""The key of the job and the checksums of the files; it is written last."""


@dataclass(frozen=True)
class Scratch:
    """The scratch folder of a training; other files in it are left alone."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The running checkpoint."""
        return self.folder / "last.pt"

    @property
    def finished(self) -> Path:
        """The folder of the finished result."""
        return self.folder / "finished"

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other process trains here, and train alone while the block runs.

        Who waits holds the lock of the queue, so :meth:`is_awaited` can tell.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lock = self._beside("lock")
        message = f"another process trains this run ({lock}): waiting for it to end"
        with contextlib.ExitStack() as held:
            with waiting_lock(self._beside("queue"), message):
                held.enter_context(waiting_lock(lock, message))
            remove_temporaries(self.folder, self.checkpoint.name)
            remove_temporaries(self.finished)
            yield

    def is_awaited(self) -> bool:
        """Return whether another process waits for its turn."""
        return not is_free(self._beside("queue"))

    def set_checkpoint_aside(self) -> Path:
        """Rename a checkpoint that cannot be read; return its new path."""
        return self.checkpoint.replace(self._aside)

    def begin(self) -> None:
        """Remove the result of another job."""
        for name in (INDEX, *RESULT):
            (self.finished / name).unlink(missing_ok=True)

    def finish(self, key: str) -> None:
        """Mark the result as complete and remove the checkpoint.

        Args:
            key: hash of all that the result depends on.
        """
        checksums = {name: sha256(self.finished / name) for name in RESULT}
        write_json(self.finished / INDEX, {"key": key, "sha256": checksums})
        self.checkpoint.unlink(missing_ok=True)

    def holds(self, key: str) -> bool:
        """Return whether the finished result of a job is here and undamaged."""
        index = self.finished / INDEX
        try:
            kept = read_json(index)
            if kept["key"] != key:
                return False
            whole = bool(kept["sha256"] == {name: sha256(self.finished / name) for name in RESULT})
        except (ValueError, LookupError, TypeError, OSError):
            whole = False
        if not whole and index.exists():
            logger.warning("%s: the finished result is damaged; it is made again", self.finished)
        return whole

    def deliver(self, out: Path, name: str) -> None:
        """Put the result where it was asked for; the model comes last.

        Args:
            out: the model file; the others are put beside it.
            name: name of the run, for ``run.json``.

        Raises:
            SupersededError: a call that started later writes the same output.
        """
        withdraw(out)
        for curve in (LOSSES, VALIDATION):
            _link(self.finished / curve, out.with_name(curve))
        record = read_json(self.finished / RECORD)
        write_json(out.with_name(RECORD), {**record, "name": name})
        _link(self.finished / MODEL, out)

    def clear(self) -> None:
        """Remove everything that trainings left here."""
        self.begin()
        for path in (self.checkpoint, self._aside):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the folder may hold files of other programs
            self.finished.rmdir()
            self.folder.rmdir()

    def sweep(self) -> None:
        """Remove everything that trainings left here, unless one runs now."""
        if self.folder.is_dir() and is_free(self._beside("lock")):
            self.clear()

    @property
    def _aside(self) -> Path:
        return self.folder / f"{self.checkpoint.name}.damaged"

    def _beside(self, ending: str) -> Path:
        return self.folder.with_name(f".{self.folder.name}.{ending}")


def _link(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        temporary.unlink()
        try:
            temporary.hardlink_to(source)
        except OSError:  # another disk, or one without hard links
            shutil.copyfile(source, temporary)
