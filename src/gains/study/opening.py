"""The ways to open a study: by its name in a config file, or as Snakemake gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gains.config import file as config_file
from gains.config.file import Config
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
    return from_config(config_file.load_config(path), name)


def from_config(config: Config, name: str | None = None) -> Study:
    """Return a study of a checked config; by default the one in force.

    Raises:
        ValueError: there is no such study, or it names something that does not exist.
    """
    name = name or config.study
    if name not in config.studies:
        known = list(config.studies)
        raise ValueError(f"no study {name!r}; {nearest(name, known)}known: {', '.join(known)}")
    return Study(name, config.studies[name], config.label)


def resolve(content: dict[str, Any], committed: str | Path) -> Study:
    """Return the study in force for Snakemake, whose config may have been overridden.

    A committed study, of ``config.yaml`` or of the folder ``studies`` beside it, may be overridden
    only under a name of its own (``--config label=x``), so that ``paper`` always means the
    committed study.

    Args:
        content: ``config`` of Snakemake.
        committed: path of the project's ``config.yaml``.

    Raises:
        ValueError: a setting is not valid, or a committed study is overridden without a label.
    """
    config = config_file.check(config_file.with_studies_of(content, committed), "config")
    known = config_file.load_config(committed).studies.get(config.study)
    changed = known is not None and known != config.studies[config.study]
    if changed and not config.label:
        raise ValueError(
            f"study {config.study!r} was overridden on the command line: add "
            "`--config label=<name>`, so that its results get a directory of their own"
        )
    return from_config(config)
