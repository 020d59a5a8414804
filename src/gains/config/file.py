"""The whole config file: the study in force, and the studies."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import Field, model_validator

from gains.config.base import NAME, Name, Settings, check_names, validated
from gains.config.study import StudySettings


class Config(Settings):
    """The whole ``config.yaml``."""

    RENAMED: ClassVar[dict[str, str]] = {"variant": "label"}

    study: str = Field(description="the study in force")
    label: str | None = Field(
        None, pattern=NAME, description="name for a study overridden on the command line"
    )
    studies: dict[Name, StudySettings] = Field(min_length=1)

    @model_validator(mode="after")
    def _study_exists(self) -> Config:
        check_names("study", (self.study,), list(self.studies))
        return self


def check(content: dict[str, Any], where: str) -> Config:
    """Validate the content of a config file.

    Raises:
        ValueError: a key is unknown or a value is out of range; each problem is named.
    """
    return validated(Config, content, where)


@functools.cache
def load(path: str | Path) -> Config:
    """Read and check a config file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not YAML, or not a valid config.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such config file; start from the project's config.yaml"
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{path}: expected a mapping with 'study' and 'studies', found {content!r}"
        )
    return check(content, str(path))
