"""Reading of YAML whose size, once its aliases are followed, stays within limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gains.support.file_errors import why_not_parsed

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_DEPTH = 50
"""Limit of values inside values; libyaml's loader ends the whole program far above it."""
MOST_VALUES = 1_000_000
"""Limit of the values of a text, counted again for each alias that stands for them."""


def read_utf8(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ValueError: it is not text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected text in UTF-8: {error}; save it as UTF-8") from error


def parse_yaml(text: str, where: str) -> Any:
    """Parse YAML or JSON.

    Args:
        text: the YAML.
        where: name of the source in an error, e.g. the path of a file.

    Raises:
        ValueError: the text is not YAML, or is nested too deeply, or its aliases lead to
            themselves or to more values than fit into memory.
    """
    try:
        _check_structure(text)
        return yaml.load(text, LOADER)
    # a date or number that does not exist is a ValueError, a list as a key a TypeError
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{where}: expected YAML or JSON: {why_not_parsed(error)}; correct it"
        ) from error


def _check_structure(text: str) -> None:
    """Check depth, number of values and aliases from the events of the parser, which need no stack.

    Raises:
        ValueError: a limit is exceeded, or an alias stands inside its own value.
    """
    sizes: dict[str | None, int] = {}
    open_values: list[tuple[str | None, int]] = []  # anchor, and number of values before it
    number = 0
    for event in yaml.parse(text, LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_values.pop()
            sizes[anchor] = number - before
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_values):
                raise ValueError(f"the alias *{event.anchor} stands inside its own value")
            number += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.CollectionStartEvent):
                open_values.append((event.anchor, number))
            number += 1
        if len(open_values) > MOST_DEPTH:
            raise ValueError(f"it is nested more than {MOST_DEPTH} levels deep")
        if number > MOST_VALUES:
            raise ValueError(f"it stands for more than {MOST_VALUES} values, with its aliases")
