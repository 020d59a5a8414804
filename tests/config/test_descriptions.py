"""Every key of every settings class is described, for docs/config.md or in its docstring."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import gains
from gains.config.base import Settings

FILES = (
    "gains.fetch.",
    "gains.models.checkpoint",
    "gains.models.scale",
    "gains.tables.specs",
    "gains.tables.validation.specs",
    "gains.report.spec",
)
"""Modules whose settings are formats of files, which people do not write."""


def classes(base: type[Settings] = Settings) -> Iterator[type[Settings]]:
    """Yield all settings classes of the package."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("gains."):
            yield kind
        yield from classes(kind)


def import_all() -> None:
    for module in pkgutil.walk_packages(gains.__path__, "gains."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_every_key_has_a_description() -> None:
    import_all()
    people, programs = set(), set()
    for kind in classes():
        for name, info in kind.model_fields.items():
            key = f"{kind.__module__}.{kind.__qualname__}.{name}"
            if not kind.__module__.startswith(FILES):
                people.add((key, bool((info.description or "").strip())))
            else:
                said = re.search(rf"^ +{name}: \S", kind.__doc__ or "", re.MULTILINE)
                programs.add((key, said is not None))
    assert len(people) > 200 and len(programs) > 30
    assert [key for key, described in sorted(people | programs) if not described] == []
