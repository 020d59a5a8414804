"""The memory limit of a container counts, not only the memory of the machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gains.workflow.memory import memory_mb
from helpers.project import Project

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20


def system(folder: Path, groups: str, limits: dict[str, str]) -> Path:
    """Write the files in which a kernel shows the groups of a process and their limits."""
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/self/cgroup").write_text(groups)
    for name, text in limits.items():
        path = folder / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return folder


@pytest.mark.parametrize(
    ("groups", "limits", "expected"),
    [
        ("0::/\n", {"memory.max": "268435456"}, 256),
        ("0::/a/b\n", {"a/memory.max": "134217728", "a/b/memory.max": "max"}, 128),
        ("0::/a/b\n", {"a/memory.max": "134217728", "a/b/memory.max": "67108864"}, 64),
        ("0::/a\n", {"memory.max": "max", "b/memory.max": "1048576"}, MACHINE),
        ("0::/job\n", {"job/memory.max": str(2**60)}, MACHINE),
        (
            "5:cpu:/x\n4:memory:/docker/c1\n0::/\n",
            {"memory/docker/c1/memory.limit_in_bytes": "201326592"},
            192,
        ),
        ("4:cpu,memory:/\n", {"memory/memory.limit_in_bytes": str(2**63 - 4096)}, MACHINE),
        ("4:memory:/c:1\n", {"memory/c:1/memory.limit_in_bytes": "33554432"}, 32),
    ],
)
def test_the_lowest_limit_counts(
    groups: str, limits: dict[str, str], expected: int, tmp_path: Path
) -> None:
    assert memory_mb(system(tmp_path, groups, limits)) == expected


def test_a_system_without_groups_has_the_memory_of_the_machine(tmp_path: Path) -> None:
    assert memory_mb(tmp_path) == MACHINE


def test_jobs_wait_for_the_memory_of_the_container(tmp_path: Path) -> None:
    project = Project.copy(tmp_path / "project", stub=True)
    project.replace(
        "src/gains/workflow/memory.py", 'SYSTEM = Path("/")', f"SYSTEM = Path({str(tmp_path)!r})"
    )
    system(tmp_path, "0::/\n", {"memory.max": str(1500 * 2**20)})
    said = project.snakemake("--", "data/demo/coco/synthetic-cells.json")
    assert re.search(r"Provided resources: .*mem_mb=.*1500", said)
