"""The whole config file: the study in force, and all studies, also those in separate files."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, model_validator

from gains.config.base import NAME, Name, Settings, check_names, merge, validated
from gains.config.study import StudySettings
from gains.support.file_errors import worded
from gains.support.files import require_file
from gains.support.names import is_junk
from gains.support.yaml_text import parse_yaml, read_utf8

logger = logging.getLogger(__name__)

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
def load_config(path: str | Path, study: str | None = None) -> Config:
    """Read and check a config file and the studies in the folder ``studies`` beside it.

    If a file holds one study, it need not say which study is in force. A file of the folder that
    cannot be read is left out, so that it stops only its own study.

    Args:
        path: the config file.
        study: study that is wanted; by default the one in force.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the config file or the file of the wanted study is not YAML or not valid, or
            two files hold that study.
    """
    path = require_file(path, "no such config file; start from the project's config.yaml")
    content = read_content(path)
    own = _studies_in(path, content)
    if len(own) == 1:
        content = {"study": next(iter(own)), **content}
    studies: dict[str, Any] = dict(own)
    for file, _, found in _beside(path, own):
        if isinstance(found, StudySettings):
            studies[file.stem] = found
        elif file.stem == (study or content.get("study")):
            raise found
    return check({**content, "studies": studies}, str(path))


def with_studies_of(content: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """Return the content of a config with the studies of a config file and its folder filled in.

    A file of the folder that cannot be read is left out with a warning, unless its study is in
    force or changed by ``content``.

    Args:
        content: content of a config, which may change single keys of a study.
        path: config file whose studies are filled in where ``content`` has no other value.

    Raises:
        ValueError: the config file is not YAML, or a file that is needed cannot be read.
    """
    path = Path(path)
    own = _studies_in(path, read_content(path))
    studies = dict(own)
    needed = {content.get("study"), *(_mapping(content.get("studies")).keys() - own.keys())}
    for file, block, found in _beside(path, own):
        if isinstance(found, StudySettings):
            studies[file.stem] = block
        elif file.stem in needed:
            raise found
        else:
            logger.warning("The study %r is left out: %s", file.stem, found)
    return merge({"studies": studies}, content)


def studies_of_files(files: Sequence[str | Path]) -> dict[str, str]:
    """Return the names of the studies in files, each with its file."""
    return {
        str(name): str(file)
        for file in files
        for name in _mapping(read_content(Path(file)).get("studies"))
    }


def named_by_files(files: Sequence[str | Path]) -> str | None:
    """Return the study that files put in force: the one that the last of them names or holds alone.

    A file that holds one study need not name it. If no file decides, the result is None.
    """
    name = None
    for file in files:
        content = read_content(Path(file))
        studies = _mapping(content.get("studies"))
        alone = next(iter(studies)) if len(studies) == 1 else name
        name = content.get("study", alone)
    return name


def _mapping(found: Any) -> dict[Any, Any]:
    return found if isinstance(found, dict) else {}


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
    content = read_content(path)
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


def _beside(
    path: Path, own: dict[str, Any]
) -> Iterator[tuple[Path, Any, StudySettings | OSError | ValueError]]:
    """Yield the files of studies beside a config file, each with its block and study or problem."""
    for file in _files_beside(path):
        try:
            block = _study_of(file, path, own)
            study = validated(StudySettings, block, f"{file}.studies.{file.stem}")
        except (OSError, ValueError) as error:
            yield file, None, error
        else:
            yield file, block, study


def _files_beside(path: Path) -> list[Path]:
    found = sorted((path.parent / FOLDER).glob("*.y*ml"))
    return [file for file in found if not is_junk(Path(file.name))]  # such as locks of an editor


def _study_of(file: Path, path: Path, own: dict[str, Any]) -> Any:
    """Return the block of the study in a file beside a config file, which holds the studies own."""
    if file.suffix != ".yaml":
        raise ValueError(f"{file}: expected a name ending in .yaml; rename the file")
    studies = _studies_in(file, read_content(file))
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


def read_content(path: Path) -> dict[str, Any]:
    """Return the unchecked content of a config file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not text, not YAML, or no mapping.
    """
    content = parse_yaml(read_utf8(require_file(path)), str(path))
    if not isinstance(content, dict):
        raise ValueError(
            f"{path}: expected a mapping with 'study' and 'studies', found {str(content)[:80]!r}"
        )
    return content
