"""The whole config file: the study in force, and all studies, also those in separate files."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from gains.config.base import NAME, Name, Settings, check_names, merge, validated
from gains.config.study import StudySettings
from gains.support.file_errors import worded
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


@dataclass
class Readable:
    """The studies of a config file that can be read, whatever is wrong with the others.

    Attributes:
        in_force: name of the study in force, if the file gives one.
        label: label of the studies, if the file gives one.
        studies: settings of each valid study.
        files: the file of each valid study.
        problems: what is wrong with each other study.
    """

    in_force: str | None = None
    label: str | None = None
    studies: dict[str, StudySettings] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def only(self, name: str) -> Readable:
        """Return what was read of one study."""
        studies = {key: study for key, study in self.studies.items() if key == name}
        problems = {key: text for key, text in self.problems.items() if key == name}
        return replace(self, studies=studies, problems=problems)

    def add(self, file: str, name: str, block: Any) -> None:
        """Add a study of a file if it is valid, and its problem otherwise."""
        content = {"study": name, "label": self.label, "studies": {name: block}}
        try:
            self.studies |= check(content, file).studies
            self.files[name] = file
        except ValueError as error:
            self.problems[name] = str(error)


def read_each(path: str | Path) -> Readable:
    """Read each study of a config file, and of the folder ``studies`` beside it, by itself.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the config file itself is not YAML, or has no studies.
    """
    path = require_file(path, "no such config file; start from the project's config.yaml")
    content = _read(path)
    own = _studies_in(path, content)
    found = Readable(content.get("study"), content.get("label"))
    for name, block in own.items():
        found.add(str(path), name, block)
    for file in _files_beside(path):
        try:
            found.add(str(file), file.stem, _study_of(file, path, own))
        except OSError as error:
            found.problems[file.stem] = worded(error)
        except ValueError as error:
            found.studies.pop(file.stem, None)  # another file holds a study of the same name
            found.problems[file.stem] = str(error)
    return found


def _beside(path: Path, own: dict[str, Any]) -> list[tuple[Path, Any]]:
    """Return the files of studies beside a config file, each with the block of its study."""
    return [(file, _study_of(file, path, own)) for file in _files_beside(path)]


def _files_beside(path: Path) -> list[Path]:
    found = sorted((path.parent / FOLDER).glob("*.y*ml"))
    return [file for file in found if not is_junk(Path(file.name))]  # such as locks of an editor


def _study_of(file: Path, path: Path, own: dict[str, Any]) -> Any:
    """Return the block of the study in a file beside a config file, which holds the studies own."""
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
    return studies[file.stem]


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
