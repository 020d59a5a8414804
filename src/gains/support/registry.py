"""A table of named things, filled by explicit imports and by other installed packages."""

from __future__ import annotations

import difflib
import functools
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic

from gains.support.plug_ins import PlugIns, T

logger = logging.getLogger(__name__)


def nearest(name: str, known: list[str]) -> str:
    """Return ``"did you mean 'x'? "`` if a known name is close to ``name``, else nothing."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}? " if close else ""


class Registry(Generic[T]):
    """Named records of one kind.

    Args:
        kind: kind of the records, for messages, e.g. ``"method"``.
        package: package whose modules register the records when it is imported; "" for none.
        plug_ins: the records of other packages, or None if other packages can offer none.

    Examples:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Stain:
        ...     name: str
        >>> stains: Registry[Stain] = Registry("stain")
        >>> stains.register(Stain("giemsa"))
        Stain(name='giemsa')
        >>> stains.names()
        ['giemsa']
        >>> stains.get("giemse")
        Traceback (most recent call last):
        ...
        ValueError: unknown stain 'giemse'; did you mean 'giemsa'? known: giemsa
    """

    def __init__(self, kind: str, package: str = "", plug_ins: PlugIns[T] | None = None) -> None:
        self.kind = kind
        self._package = package
        self._records: dict[str, T] = {}
        self._plug_ins = plug_ins

    def register(self, record: T) -> T:
        """Add a record and return it.

        Raises:
            ValueError: another record has this name.
        """
        if record.name in self._records:
            raise ValueError(f"{self.kind} {record.name!r} is registered twice")
        self._records[record.name] = record
        return record

    @contextmanager
    def with_record(self, record: T) -> Iterator[T]:
        """Add a record until the block ends; it replaces a record of the same name.

        Tests and notebooks can try a record in this way without a lasting change of the registry.
        """
        before = dict(self._records)
        self._records[record.name] = record
        try:
            yield record
        finally:
            self._records = before

    def get(self, name: str) -> T:
        """Return the record of that name, of this package if another one offers it too.

        Raises:
            ValueError: there is no such record, and the message lists the known names or names the
                module that should be imported; or another package offers one that is refused.
        """
        if name in self._records:
            if name in self._offered():
                _warn(self._clash(name))
            return self._records[name]
        if name in self._offered():
            return self._of_package(name)
        self.require_import(name)
        raise ValueError(
            f"unknown {self.kind} {name!r}; {nearest(name, self.names())}"
            f"known: {', '.join(self.names())}"
        )

    def require_import(self, name: str) -> None:
        """Refuse the name of a record whose module exists, but is not imported.

        Raises:
            ValueError: there is such a module; the message says where to import it.
        """
        found = _module_without_import(self._package, name)
        if found is not None:
            raise ValueError(f"unknown {self.kind} {name!r}: {found}")

    def names(self) -> list[str]:
        """Return the names in order of registration, then those that other packages offer."""
        return list(dict.fromkeys([*self._records, *self._offered()]))

    def own(self) -> list[T]:
        """Return the records of this package."""
        return list(self._records.values())

    def origin(self, name: str) -> str:
        """Return the package that offers a record, with its version; "" for this package."""
        return "" if name in self._records else self._offered().get(name, "")

    def refused(self) -> dict[str, str]:
        """Return why records that other packages offer cannot be used, by their names."""
        reasons = {}
        for name in self._offered():
            try:
                self._of_package(name)
            except ValueError as error:
                reasons[name] = str(error)
        return reasons

    def __iter__(self) -> Iterator[T]:
        """Yield all records that can be used."""
        yield from self._records.values()
        refused = self.refused()
        yield from (self._of_package(name) for name in self._offered() if name not in refused)

    def _offered(self) -> dict[str, str]:
        return self._plug_ins.packages() if self._plug_ins else {}

    def _of_package(self, name: str) -> T:
        if self._plug_ins is None:
            raise LookupError(name)
        if name in self._records:
            raise ValueError(self._clash(name))
        return self._plug_ins.load(name, self.kind)

    def _clash(self, name: str) -> str:
        return (
            f"{self.kind} {name!r} of the package {self._offered()[name]} is not used, because a "
            f"{self.kind} of this package has the same name; rename it there, or uninstall that "
            "package"
        )


@functools.cache
def _warn(sentence: str) -> None:
    """Warn once."""
    logger.warning("%s", sentence)


def _module_without_import(package: str, name: str) -> str | None:
    """Return a sentence on the module of a package that registers ``name`` but is not imported.

    It is found by its text: it registers something, and has the name in quotes or as its own.
    """
    home = getattr(sys.modules.get(package), "__file__", None)
    if home is None:
        return None
    for path in sorted(Path(home).parent.rglob("*.py")):
        parts = path.relative_to(Path(home).parent).with_suffix("").parts
        modules = [".".join((package, *parts[: k + 1])) for k in range(len(parts))]
        absent = [module for module in modules if module not in sys.modules]
        text = path.read_text(encoding="utf-8", errors="replace")
        named = name.replace("-", "_") in parts or f'"{name}"' in text or f"'{name}'" in text
        if absent and ".register(" in text and named and parts != ("__init__",):
            parent, _, module = absent[0].rpartition(".")
            place = getattr(sys.modules[parent], "__file__", parent)
            return (
                f"the file {path} exists, but nothing imports it; add the line `from {parent} "
                f"import {module}` to {place}"
            )
    return None
