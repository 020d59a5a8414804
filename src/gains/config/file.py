"""The whole config file: the study in force, and all studies, also those in separate files."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from gains.config.base import NAME, Name, Settings, check_names, merge, validated
from gains.config.study import StudySettings
from gains.support.files import require_file
from gains.support.names import is_junk
from gains.support.yaml_text import parse_yaml

FOLDER = "studies"
"""Folder beside a config file that holds further studies, one file for each study."""


class Config(Settings):
    """The whole ``config.yaml``, with the studies beside it."""

    RENAMED: ClassVar[dict[str, str]] = {"variant": "label"}

    study: str = Field(description="name of the study that commands use by default")
    label: str | None = Field(
        None,
        pattern=NAME,
        description="name for the results of a study that the command line changes",
    )
    studies: dict[Name, StudySettings] = Field(min_length=1, description="studies by name")

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
def load_config(path: str | Path) -> Config:
    """Read and check a config file and the studies in the folder ``studies`` beside it.

    If a file holds one study, it need not say which study is in force.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is not YAML or not valid, or two files hold a study of the same name.
    """
    path = require_file(path, "no such config file; start from the project's config.yaml")
    content = _read(path)
    own = _studies_in(path, content)
    if len(own) == 1:
        content = {"study": next(iter(own)), **content}
    studies: dict[str, Any] = dict(own)
    for file, block in _beside(path, own):
        where = f"{file}.studies.{file.stem}"
        studies[file.stem] = validated(StudySettings, block, where)
    return check({**content, "studies": studies}, str(path))


def with_studies_of(content: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """Return the content of a config with the studies of a config file and its folder filled in.

    Args:
        content: content of a config, which may change single keys of a study.
        path: config file whose studies are filled in where ``content`` has no other value.

    Raises:
        ValueError: a file is not YAML, or two files hold a study of the same name.
    """
    path = Path(path)
    own = _studies_in(path, _read(path))
    studies = own | {file.stem: block for file, block in _beside(path, own)}
    return merge({"studies": studies}, content)


def _beside(path: Path, own: dict[str, Any]) -> list[tuple[Path, Any]]:
    """Return the files of studies beside a config file, each with the block of its study."""
    pairs = []
    for file in sorted((path.parent / FOLDER).glob("*.y*ml")):
        if is_junk(Path(file.name)):  # such as the lock of an editor
            continue
        if file.suffix != ".yaml":
            raise ValueError(f"{file}: expected a name ending in .yaml; rename the file")
        studies = _studies_in(file, _read(file))
        if list(studies) != [file.stem]:
            raise ValueError(
                f"{file}: expected one study, with the name of the file, {file.stem!r}; "
                f"found {list(studies)}"
            )
        if file.stem in own:
            raise ValueError(
                f"study {file.stem!r} stands in {path} and in {file}; rename one of the two"
            )
        pairs.append((file, studies[file.stem]))
    return pairs


def _studies_in(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    studies = content.get("studies")
    if not isinstance(studies, dict):
        raise ValueError(f"{path}: expected a mapping under 'studies', found {str(studies)[:80]!r}")
    return studies


def _read(path: Path) -> dict[str, Any]:
    try:
        text = require_file(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8: {error}; save it as UTF-8") from error
    content = parse_yaml(text, str(path))
    if not isinstance(content, dict):
        raise ValueError(
            f"{path}: expected a mapping with 'study' and 'studies', found {str(content)[:80]!r}"
        )
    return content
