"""Records that other installed packages offer, each by an entry point."""

from __future__ import annotations

import functools
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, Protocol, TypeVar


class Named(Protocol):
    """An object with a name."""

    @property
    def name(self) -> str:
        """Name by which the record is found."""


T = TypeVar("T", bound=Named)


class PlugIns(Generic[T]):
    """The records of one kind that other installed packages offer.

    The names are known without any import; a record is imported when it is asked for, so that a
    package that cannot be imported disturbs nobody who does not use it.

    Args:
        group: group of entry points. The name of an entry point is that of its record, and its
            object is the record.
        record: class of the records.
    """

    def __init__(self, group: str, record: type[T]) -> None:
        self.group, self.record = group, record

    def packages(self) -> dict[str, str]:
        """Return the package of each record, with its version, by the name of the record."""
        found: dict[str, list[str]] = {}
        for point in self._points():
            found.setdefault(point.name, []).append(_package(point))
        return {name: " and ".join(packages) for name, packages in found.items()}

    def load(self, name: str, kind: str) -> T:
        """Return a record.

        Args:
            name: a name of :meth:`packages`.
            kind: kind of the record, for messages.

        Raises:
            ValueError: its module cannot be imported, its object is no record of this name, or
                several packages offer it; the message names the package and the reason.
        """
        points = [point for point in self._points() if point.name == name]
        where = f"{kind} {name!r} of the package {self.packages()[name]}"
        if len(points) > 1:
            raise ValueError(f"{where}: {len(points)} packages offer it; uninstall all but one")
        (point,) = points
        try:
            found: Any = point.load()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ValueError(
                f"{where} cannot be imported from {point.value!r} ({reason}); mend that package, "
                "or uninstall it"
            ) from error
        if not isinstance(found, self.record) or found.name != name:
            raise ValueError(
                f"{where}: {point.value!r} is {_described(found)}; expected a "
                f"{self.record.__name__} with the name {name!r}"
            )
        return found

    def _points(self) -> tuple[EntryPoint, ...]:
        return _points(self.group, tuple(sys.path))


@functools.cache
def _points(group: str, _path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group; the path is there for the memory of calls alone."""
    return tuple(entry_points(group=group))


def _package(point: EntryPoint) -> str:
    return "(unnamed)" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def _described(found: Any) -> str:
    name = getattr(found, "name", None)
    return f"a {type(found).__name__}" + (f" with the name {name!r}" if name else "")
