"""A table of named things, filled by explicit imports."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """An object with a name."""

    @property
    def name(self) -> str:
        """Name by which the record is found."""


T = TypeVar("T", bound=Named)


def nearest(name: str, known: list[str]) -> str:
    """Return ``"did you mean 'x'? "`` if a known name is close to ``name``, else nothing."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}? " if close else ""


class Registry(Generic[T]):
    """Named records of one kind.

    Args:
        kind: kind of the records, for messages, e.g. ``"method"``.

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

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._records: dict[str, T] = {}

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
        """Return the record of that name.

        Raises:
            ValueError: there is no such record; the message lists the known names.
        """
        if name not in self._records:
            raise ValueError(
                f"unknown {self.kind} {name!r}; {nearest(name, self.names())}"
                f"known: {', '.join(self.names())}"
            )
        return self._records[name]

    def names(self) -> list[str]:
        """Return the names in order of registration."""
        return list(self._records)

    def __iter__(self) -> Iterator[T]:
        return iter(self._records.values())
