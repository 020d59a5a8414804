"""Validated settings: pydantic models that refuse unknown keys and name the nearest known one."""

from __future__ import annotations

import functools
import os.path
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from gains.support.registry import nearest

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, Field(pattern=NAME)]
"""Name that becomes part of a path."""


def _at_home(path: Any) -> Any:
    return os.path.expanduser(path) if isinstance(path, str) else path  # noqa: PTH111


HOME = AfterValidator(_at_home)
"""Mark of a setting that may be a path of this machine; ``~`` becomes the home folder."""
OwnPath = Annotated[str, HOME]
"""Path of a file or folder on this machine; ``~`` and ``~user`` become the home folder."""
OptionalPath = Annotated[str | None, HOME]
"""The same, or None."""

OFF_BY_DEFAULT = object()
"""Mark of a setting whose default switches something off: ``Annotated[..., OFF_BY_DEFAULT]``."""

Changes = dict[str, Any]
"""Keys of settings with new values, to be merged into the settings and validated with them."""


class Settings(BaseModel):
    """Base of all settings: immutable, and an unknown key is an error with a suggestion.

    Attributes:
        RENAMED: keys of earlier versions, each with its new name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    RENAMED: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            known = list(cls.model_fields)
            for key in data:
                if key in cls.RENAMED:
                    raise ValueError(f"key {key!r} is now called {cls.RENAMED[key]!r}; rename it")
                if key not in known:
                    raise ValueError(
                        f"unknown key {key!r}; {nearest(str(key), known)}known: {', '.join(known)}"
                    )
        return data


@functools.cache
def path_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the settings that are, or may be, an :data:`OwnPath`."""
    fields = model.model_fields.items()
    return frozenset(name for name, field in fields if HOME in field.metadata)


def plain(settings: Settings, place: Callable[[str], str]) -> Changes:
    """Return settings as plain values, whose paths are replaced by what ``place`` returns."""
    content = settings.model_dump(mode="json")
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Settings):
            content[name] = plain(value, place)
        elif name in path_fields(type(settings)) and value is not None:
            content[name] = place(value)
    return content


def switched_on(settings: Settings, place: Callable[[str], str] = str) -> Changes:
    """Return settings as plain values, like :func:`plain`, without those that are switched off.

    The record of a training thereby stays equal when a setting is added that it does not use.
    """
    off = {
        name
        for name, field in type(settings).model_fields.items()
        if OFF_BY_DEFAULT in field.metadata
        and getattr(settings, name) == field.get_default(call_default_factory=True)
    }
    return {name: value for name, value in plain(settings, place).items() if name not in off}


def explain(error: ValidationError, where: str) -> ValueError:
    """Turn a report of pydantic into one ValueError that names every problem."""
    lines = []
    for problem in error.errors(include_url=False):
        keys = [str(part) for part in (where, *problem["loc"]) if str(part)]
        message = _message(problem["type"], problem["msg"], problem["input"], keys)
        lines.append(f"{'.'.join(keys)}: {message}" if keys else message)
    return ValueError("; ".join(lines))


def _message(kind: str, message: str, found: Any, keys: list[str]) -> str:
    """Return what is wrong; a key or a value that is missing is taken from ``keys``."""
    if kind == "missing" and isinstance(found, list | tuple):
        return f"value {int(keys.pop()) + 1} of the list is missing, found {list(found)}; add it"
    if kind == "missing":
        return f"the key {keys.pop()!r} is missing; add it"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    # a config file has no tuples
    message = message.replace("a valid tuple", "a list").replace("Tuple", "The list")
    if isinstance(found, dict):
        return f"{message}, found a mapping"
    return message if isinstance(found, list) else f"{message}, found {found!r}"


S = TypeVar("S", bound=BaseModel)


def validated(model: type[S], content: Any, where: str) -> S:
    """Return validated settings.

    Raises:
        ValueError: a key is unknown or a value is out of range; the message names ``where`` and
            each key.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise explain(error, where) from error


def merge(*layers: Changes) -> Changes:
    """Merge nested mappings; later layers win, and lists are replaced as a whole."""
    result: Changes = {}
    for layer in layers:
        for key, value in layer.items():
            old = result.get(key)
            both = isinstance(old, dict) and isinstance(value, dict)
            result[key] = merge(old, value) if both and old is not None else value
    return result


def check_names(where: str, names: tuple[str, ...], known: list[str]) -> None:
    """Refuse names that are not among those known.

    Raises:
        ValueError: a name is unknown; the message gives ``where`` and the nearest known name.
    """
    for name in names:
        if name not in known:
            raise ValueError(
                f"{where}: there is no {name!r}; {nearest(name, known)}known: {', '.join(known)}"
            )
