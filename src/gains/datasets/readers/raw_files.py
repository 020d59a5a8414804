"""Search of the files of published data sets below ``data/raw``, and the options of these sets."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from pydantic import Field

from gains.config.base import OwnPath, Settings
from gains.fetch.sources import RAW, RECEIPT
from gains.support.names import is_junk


class RawSettings(Settings):
    """Options of every published data set; each data set gives ``root`` its default."""

    root: OwnPath = Field(
        description="folder of the published files, which may lie in folders below it"
    )
    counts: Literal["check", "report"] = Field(
        "check",
        description="what happens if the numbers of images or objects differ from the published "
        "ones. check: the data set is refused; report: it is made, and the audit shows both "
        "numbers",
    )

    @property
    def counts_must_match(self) -> bool:
        """Whether a difference from the published counts is an error."""
        return self.counts == "check"


def some_files(root: str | Path, *patterns: str) -> list[Path]:
    """Return the files below ``root`` that match one of the patterns, sorted by path.

    Args:
        root: folder to search, with all its subfolders.
        patterns: patterns of the end of the path, e.g. ``trainset.mat`` or ``masks/*.png``.

    Raises:
        FileNotFoundError: there is no such folder, or no such file in it.
    """
    root = Path(root)
    expected = " or ".join(patterns)
    if not root.is_dir():
        raise FileNotFoundError(
            f"{root}: no such folder; expected {expected} in it. {_advice(root)}"
        )
    found = sorted({p for pattern in patterns for p in root.rglob(pattern) if _real(p, root)})
    if not found:
        raise FileNotFoundError(f"{root}: has no file {expected}. {_advice(root)}")
    return found


def all_files(root: str | Path) -> dict[str, Path]:
    """Return all data files below ``root`` by relative path, also those in linked folders.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: no such folder of data")
    found: dict[str, Path] = {}
    entered: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        state = Path(folder).stat()
        if (state.st_dev, state.st_ino) in entered:  # links may lead round in a circle
            folders.clear()
            continue
        entered.add((state.st_dev, state.st_ino))
        folders.sort()
        for path in (Path(folder, name) for name in names):
            if _real(path, root):
                found[path.relative_to(root).as_posix()] = path
    return found


def _advice(root: Path) -> str:
    by_hand = "put the files as published there by hand (docs/datasets.md)"
    # `gains fetch` does not fill a folder outside data/raw
    own = root.parent != RAW
    return by_hand.capitalize() if own else f"Run `gains fetch {root.name}`, or {by_hand}"


def _real(path: Path, root: Path) -> bool:
    """Return whether a path is a data file, and not hidden, junk or the receipt."""
    return path != root / RECEIPT and path.is_file() and not is_junk(path.relative_to(root))


def one_file(root: str | Path, *patterns: str) -> Path:
    """Return the one file below ``root`` that matches one of the patterns.

    Raises:
        FileNotFoundError: there is no such folder, or no such file in it.
        ValueError: several files match.
    """
    found = some_files(root, *patterns)
    if len(found) > 1:
        raise ValueError(
            f"{root}: expected one file {' or '.join(patterns)}, found {len(found)}: "
            f"{', '.join(str(p.relative_to(root)) for p in found[:3])}; keep only one of them"
        )
    return found[0]


def named_files(
    root: str | Path, pattern: re.Pattern[str], example: str, *globs: str
) -> dict[tuple[str, ...], Path]:
    """Return the files below ``root`` by the groups of their names, in sorted order.

    Args:
        root: folder to search, with all its subfolders.
        pattern: pattern of the whole file name; its groups are the key.
        example: a correct name, for messages.
        globs: patterns of the files to consider, as in :func:`some_files`.

    Raises:
        FileNotFoundError: there is no such folder, or no such file in it.
        ValueError: a name has another form, or two files have one key.
    """
    found: dict[tuple[str, ...], Path] = {}
    for path in some_files(root, *globs):
        match = pattern.fullmatch(path.name)
        if match is None:
            raise ValueError(
                f"{path}: unexpected file name; expected names like {example}. Remove the file, "
                "or fetch the data set again"
            )
        key = match.groups()
        if key in found:
            raise ValueError(
                f"{path} and {found[key]} are both {' '.join(key)}; keep only one of them"
            )
        found[key] = path
    return dict(sorted(found.items()))
