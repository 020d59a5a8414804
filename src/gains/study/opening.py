"""The ways to open a study: by its name in a config file, or as Snakemake gives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gains.config import file as config_file
from gains.config.base import merge
from gains.config.file import Config
from gains.config.study import StudySettings
from gains.config.tables import FIGURE_KINDS, TABLE_KINDS
from gains.config.validation_tables import VALIDATION_KINDS
from gains.study.study import Study
from gains.support.registry import nearest


def open_study(path: str | Path, name: str | None = None) -> Study:
    """Return a study of a config file; by default the one that the file names.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not valid, or there is no such study.

    Examples:
        >>> study = open_study("config.yaml", "demo")
        >>> len(list(study.runs()))
        47
        >>> str(study.coco("synthetic-cells"))
        'data/demo/coco/synthetic-cells.json'
    """
    return from_config(config_file.load_config(path, name), name)


def from_config(config: Config, name: str | None = None) -> Study:
    """Return a study of a checked config; by default the one in force.

    Raises:
        ValueError: there is no such study, or it names something that does not exist.
    """
    name = config.study if name is None else name
    if name not in config.studies:
        known = list(config.studies)
        raise ValueError(f"no study {name!r}; {nearest(name, known)}known: {', '.join(known)}")
    return Study(name, config.studies[name], config.label)


def config_of(
    content: dict[str, Any], committed: str | Path, files: Sequence[str | Path] = ()
) -> Config:
    """Return the checked config of Snakemake, which may have been overridden.

    A committed study, of ``config.yaml`` or of the folder ``studies`` beside it, may be overridden
    only under a name of its own (``--config label=x``), so that ``paper`` always means the
    committed study.

    Args:
        content: ``config`` of Snakemake.
        committed: path of the project's ``config.yaml``.
        files: config files of the command line, if it does not name a study itself. The last of
            them that names a study, or holds exactly one, decides which study is in force.

    Raises:
        ValueError: a setting is not valid, or a committed study is overridden without a label.
    """
    if name := config_file.named_by_files(files):
        content = {**content, "study": name}
    config = config_file.check(config_file.with_studies_of(content, committed), "config")
    known = config_file.load_config(committed, config.study).studies.get(config.study)
    changed = known is not None and known != config.studies[config.study]
    if changed and not config.label:
        raise ValueError(
            f"study {config.study!r} was overridden on the command line: add "
            "`--config label=<name>`, so that its results get a directory of their own; a study in "
            "a file of your own needs a name of its own"
        )
    return config


def resolve(content: dict[str, Any], committed: str | Path) -> Study:
    """Return the study in force for Snakemake; see :func:`config_of`."""
    return from_config(config_of(content, committed))


def open_given(file: Path, committed: str | Path, name: str | None = None) -> Study:
    """Return the study that ``snakemake --configfile FILE`` puts in force, or another of the file.

    Args:
        file: config file of the command line.
        committed: path of the project's ``config.yaml``.
        name: study to open; by default the one that the file names, or the only one that it holds.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not valid, or it does not say which of its studies is meant.
    """
    content = config_file.read_content(file)
    names = list(config_file.studies_of_files([file]))
    chosen = name or config_file.named_by_files([file])
    if chosen is None:
        found = f"the studies {', '.join(names)}" if names else "no study"
        raise ValueError(
            f"{file}: holds {found}; expected one study, or several and --study with a name"
        )
    merged = merge(config_file.read_content(Path(committed)), content, {"study": chosen})
    return from_config(config_of(merged, committed))


def not_in_force(files: Sequence[str | Path], in_force: str) -> list[str]:
    """Return a sentence for each study that config files of the command line define in vain."""
    return [
        f"{file} defines the study {name!r}, but the study in force is {in_force!r}; add "
        f"`--config study={name}` to run it."
        for name, file in config_file.studies_of_files(files).items()
        if name != in_force
    ]


def made_by_others(config: Config) -> dict[str, list[str]]:
    """Return the files with tables and figures that only studies which are not in force make.

    Returns:
        The studies that make each file, by its name at the top of the results.
    """
    own = _files(config.studies[config.study])
    found: dict[str, list[str]] = {}
    for study, settings in config.studies.items():
        for name in (name for name in _files(settings) if name not in own):
            found.setdefault(name, []).append(study)
    return found


def _files(settings: StudySettings) -> list[str]:
    """Return the names of the files with the tables and figures of a study."""
    tables = [f"{table}.{kind}" for table in settings.tables for kind in TABLE_KINDS]
    tables += [f"{t}.{kind}" for t in settings.validation_tables for kind in VALIDATION_KINDS]
    return tables + [f"{figure}.{kind}" for figure in settings.figures for kind in FIGURE_KINDS]
