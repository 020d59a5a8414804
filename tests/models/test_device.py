"""The memory of the process, in MB of a million bytes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from gains.models import device


@pytest.mark.parametrize(("platform", "expected"), [("linux", 2048), ("darwin", 2)])
def test_peak_memory_by_hand(platform: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Linux counts in KiB, and macOS in bytes
    usage = SimpleNamespace(ru_maxrss=2_000_000)
    monkeypatch.setattr("resource.getrusage", lambda _: usage)
    monkeypatch.setattr("sys.platform", platform)
    assert device.peak_memory(torch.device("cpu")) == {"host": expected}
