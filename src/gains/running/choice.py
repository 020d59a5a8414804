"""The study that a command line names, and the clone of the project in which it runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gains
from gains.config.file import FOLDER, studies_of_files
from gains.study.opening import open_given, open_study
from gains.study.study import Study

CONFIG = "config.yaml"
"""The project's config file."""


@dataclass(frozen=True)
class ChosenStudy:
    """A study, and how Snakemake is told to run it.

    Attributes:
        study: the study.
        file: its file, if Snakemake does not read it by itself.
        named: whether the study is named beside the file.
    """

    study: Study
    file: Path | None
    named: bool

    @property
    def files(self) -> list[Path]:
        """The study files of the command line."""
        return [] if self.file is None else [self.file]

    @property
    def config_words(self) -> list[str]:
        """The options that put the study in force; a target must follow ``--``."""
        words = [] if self.file is None else ["--configfile", str(self.file)]
        return [*words, "--config", f"study={self.study.name}"] if self.named else words


def find_project() -> Path:
    """Return the clone of the project that this package is installed from.

    Raises:
        FileNotFoundError: the package is not installed from a clone, in editable mode.
    """
    folder = Path(gains.__file__).resolve().parents[2]
    if not (folder / "Snakefile").is_file():
        raise FileNotFoundError(
            f"{folder}: holds no clone of the project, whose files are needed to run a study. "
            "Type `git clone ADDRESS gains-bench && cd gains-bench && make environment && source "
            ".venv/bin/activate` with the address of the project's page, then this command again"
        )
    return folder


@contextlib.contextmanager
def inside(project: Path) -> Iterator[None]:
    """Work in the folder of the project, where the paths of studies begin."""
    with contextlib.chdir(project):
        yield


def refuse_taken_name(file: Path, project: Path) -> None:
    """Refuse a new study file whose study would have the name of another study of the project.

    Args:
        file: the study file, whose name is that of the study.
        project: the clone.

    Raises:
        ValueError: the project has such a study; its results have the same folder.
    """
    own = [path for path in (project / FOLDER).glob("*.yaml") if path.resolve() != file.resolve()]
    if file.stem in {*studies_of_files([project / CONFIG]), *(path.stem for path in own)}:
        raise ValueError(
            f"{file}: the project has a study {file.stem!r} already; choose another name with "
            "--out, for example my-cells.yaml"
        )


def is_file(word: str) -> bool:
    """Return whether a word of the command line is a study file, and not the name of a study."""
    return word.endswith((".yaml", ".yml")) or "/" in word


def choose(word: str | None, name: str | None, project: Path) -> ChosenStudy:
    """Return the study that a command line names; relative paths begin in the present folder.

    Args:
        word: a study file, the name of a study of the project, or None.
        name: name of a study: of the file, or of the project if there is no file.
        project: the clone.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no study is named, there is no such study, or it is not valid.
    """
    if word is None and name is None:
        raise ValueError(
            "no study is named; name a study file (`gains init` writes one), or a study of the "
            "project with --study, for example --study first"
        )
    if "" in (word, name):
        raise ValueError(
            "the path is empty, perhaps because a variable in the command is; name a study"
        )
    if word is None or not is_file(word):
        return ChosenStudy(_of_project(name or word or "", project), None, True)
    file = Path(word).expanduser().absolute()
    own = _own_name(file, project)
    if own is not None:
        return ChosenStudy(_of_project(name or own, project), None, True)
    with inside(project):
        return ChosenStudy(open_given(file, project / CONFIG, name), file, name is not None)


def _of_project(name: str, project: Path) -> Study:
    with inside(project):
        return open_study(project / CONFIG, name)


def _own_name(file: Path, project: Path) -> str | None:
    """Return the name of the study of a file in the folder of the project's studies, or None."""
    real = Path(os.path.realpath(file))
    inside_project = real.parent == Path(os.path.realpath(project / FOLDER))
    return real.stem if inside_project and real.suffix == ".yaml" else None
