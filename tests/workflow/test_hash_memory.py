"""The memory of the hashes of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gains.support.files import sha256
from gains.workflow.hash_memory import MEMORY, HashMemory


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        Path(name).write_text(name)


def test_a_file_of_the_same_date_and_size_is_another_file() -> None:
    memory = HashMemory()
    memory.sha256("a")
    state = Path("a").stat()
    os.utime("b", ns=(state.st_atime_ns, state.st_mtime_ns))
    Path("b").replace("a")
    assert memory.sha256("a") == sha256("a")


def test_two_memories_keep_what_each_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = HashMemory(), HashMemory()
    known = {"a": first.sha256("a"), "b": second.sha256("b")}
    first.save()
    second.save()
    monkeypatch.setattr("gains.workflow.hash_memory.sha256", lambda path: pytest.fail(str(path)))
    later = HashMemory()
    assert {name: later.sha256(name) for name in "ab"} == known


def test_nothing_new_is_not_written() -> None:
    HashMemory().save()
    assert not MEMORY.exists()
