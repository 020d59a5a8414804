"""The memory that this process may use: that of the machine, or less in a container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SYSTEM = Path("/")
"""Root of the file system, below which the kernel shows control groups."""


def memory_mb(root: Path = SYSTEM) -> int:
    """Return the memory in MB that this process may use.

    A container or a batch system limits a process by control groups (cgroups), of version 1 or 2. A
    limit of any group that holds the process counts, if it is below the memory of the machine.

    Args:
        root: folder that holds ``proc`` and ``sys``.
    """
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_limits(root)]) // 2**20


def _limits(root: Path) -> Iterator[int]:
    for file in _limit_files(root):
        try:
            text = file.read_text(encoding="ascii").strip()
        except OSError:  # a controller that is not there sets no limit
            continue
        if text.isdigit():  # without a limit, version 2 says "max", and version 1 a huge number
            yield int(text)


def _limit_files(root: Path) -> Iterator[Path]:
    """Yield the files with the limits of the groups of this process, and of all groups above."""
    mounted = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            folder, name = mounted, "memory.max"
        elif "memory" in controllers.split(","):
            folder, name = mounted / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = PurePosixPath(path.strip("/"))
        for part in (group, *group.parents):
            yield folder / part / name
