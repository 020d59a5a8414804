"""Copying finished runs of a study to its folder of kept runs, which belongs to the repository."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gains.methods.run_settings import RunSettings
from gains.study.kept import COST, RECORD, all_runs, why_not
from gains.study.runs import Run
from gains.study.study import Study
from gains.support.claims import TEMPORARY, claimed, workplace
from gains.support.files import json_bytes, read_json
from gains.workflow.code_hash import LEFT_OUT, Sources
from gains.workflow.training_code import training_modules

COMMIT = "commit"
"""Key in the record of a kept run: the commit whose training code made it; null if not known."""
Files = dict[str, bytes]
"""The content of the files of a run by name."""


@dataclass(frozen=True)
class Kept:
    """What is in a folder of kept runs after a call.

    Attributes:
        new: number of runs that were copied.
        before: number of runs that were there already.
        unfinished: number of runs of the study that are neither there nor finished.
        bytes: size of all files of these runs.
        seconds: time of their trainings in s.
        commits: number of trainings by the commit of their code; None if it is not known.
    """

    new: int
    before: int
    unfinished: int
    bytes: int
    seconds: float
    commits: Counter[str | None]


def keep_runs(study: Study, out: Path, clone: Path = Path(), overwrite: bool = False) -> Kept:
    """Copy the finished runs of a study; a run is copied as a whole or not at all.

    Equal runs give equal bytes. The record of a training gets the commit of its code.

    Args:
        study: the study.
        out: folder of kept runs.
        clone: the clone of the project that holds the results.
        overwrite: whether runs that are kept already with another content are replaced.

    Raises:
        FileNotFoundError: no run is finished.
        ValueError: a finished run was made with other settings, or is kept already with another
            content.
    """
    runs = all_runs(study)
    made = study.with_results_folder(str(clone / study.results))
    folders = {run: made.run_folder(run) for run in runs}
    finished = {run: at for run, at in folders.items() if _complete(at, runs[run])}
    if not finished and not any((out / run.path).is_dir() for run in runs):
        raise FileNotFoundError(
            f"{made.results}/runs: none of the {len(runs)} runs of the study {study.name!r} is "
            f"finished; run it first, with `gains run {study.name}`"
        )
    _refuse_others(study, finished)
    commit_of = _Commits(clone)
    found = {run: _files(folder, runs[run]) for run, folder in finished.items()}
    new = {run: files for run, files in found.items() if not _holds(out / run.path, files)}
    taken = [run for run in new if (out / run.path).exists()]
    if taken and not overwrite:
        raise ValueError(
            f"{out / taken[0].path}: this run is kept already with another content, and so are "
            f"{len(taken) - 1} others of the finished runs; add --overwrite to replace them"
        )
    with claimed(out):
        for run, files in new.items():
            if RECORD in files:
                commit = commit_of(study.run_settings(run), json.loads(files[RECORD]))
                files = {**files, RECORD: _with_commit(files[RECORD], commit)}
            _write(out / run.path, files)
    return _summary(out, runs, len(new))


def _complete(folder: Path, names: tuple[str, ...]) -> bool:
    return all((folder / name).is_file() for name in names)


def _refuse_others(study: Study, finished: dict[Run, Path]) -> None:
    """Refuse runs that were made with other settings than those of the study."""
    others = [(at, wrong) for run, at in finished.items() if (wrong := why_not(study, run, at))]
    if others:
        folder, wrong = others[0]
        raise ValueError(
            f"{folder}: is not the run of the study {study.name!r}: {'; '.join(wrong)} ("
            f"{len(others)} such runs in all). Run the study, which makes them again, or remove "
            "their folders; nothing was copied"
        )


def _files(folder: Path, names: tuple[str, ...]) -> Files:
    further = (COST,) if (folder / COST).is_file() else ()
    return {name: (folder / name).read_bytes() for name in (*names, *further)}


def _holds(folder: Path, files: Files) -> bool:
    """Return whether a folder has these files and no other, whatever the commit in the record."""
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return there == files.keys() and all(
        _plain(name, (folder / name).read_bytes()) == _plain(name, files[name]) for name in there
    )


def _plain(name: str, data: bytes) -> Any:
    if name != RECORD:
        return data
    return {key: value for key, value in json.loads(data).items() if key != COMMIT}


def _with_commit(data: bytes, commit: str | None) -> bytes:
    return json_bytes(RECORD, {**json.loads(data), COMMIT: commit})


def _write(folder: Path, files: Files) -> None:
    """Write the folder of a run, which appears as a whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with workplace(folder) as place:
        temporary = Path(tempfile.mkdtemp(dir=place, prefix=TEMPORARY))
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        temporary.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)


def _summary(out: Path, runs: dict[Run, tuple[str, ...]], new: int) -> Kept:
    kept = [out / run.path for run in runs if (out / run.path).is_dir()]
    records = [read_json(folder / RECORD) for folder in kept if (folder / RECORD).is_file()]
    return Kept(
        new=new,
        before=len(kept) - new,
        unfinished=len(runs) - len(kept),
        bytes=sum(path.stat().st_size for folder in kept for path in folder.iterdir()),
        seconds=sum(record["seconds"] for record in records),
        commits=Counter(record.get(COMMIT) for record in records),
    )


class _Commits:
    """The commit of a clone, for the trainings whose code is that of the clone."""

    def __init__(self, clone: Path) -> None:
        self.clone = clone
        self.sources = Sources(clone / "src", "gains", LEFT_OUT)
        changed = self._git("status", "--porcelain", "--", "src")
        self.head = self._git("rev-parse", "HEAD") if changed == "" else None

    def __call__(self, settings: RunSettings, record: dict[str, Any]) -> str | None:
        """Return the commit if its code is that of a training, and None if it is not known."""
        if self.head is None or record.get("code") != self.sources.hash(
            *training_modules(settings)
        ):
            return None
        return self.head

    def _git(self, *words: str) -> str | None:
        command = ["git", "-C", str(self.clone), *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:  # there is no git
            return None
        return done.stdout.strip() if done.returncode == 0 else None
