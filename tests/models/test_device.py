"""The choice of the device, and memory in MB of a million bytes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from gains.models import device


@pytest.mark.parametrize(("platform", "expected"), [("linux", 2048), ("darwin", 2)])
def test_peak_memory_by_hand(
    platform: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "STATUS", tmp_path / "status")
    # Linux counts in KiB, and macOS in bytes
    usage = SimpleNamespace(ru_maxrss=2_000_000)
    monkeypatch.setattr("resource.getrusage", lambda _: usage)
    monkeypatch.setattr("sys.platform", platform)
    assert device.peak_memory(torch.device("cpu")) == {"host": expected}
    # the count of the kernel does not hold the memory of the program that started this one
    (tmp_path / "status").write_text("Name:\tpython\nVmPeak:\t 9 kB\nVmHWM:\t 500000 kB\n")
    assert device.peak_memory(torch.device("cpu")) == {"host": 512}


def test_with_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda")
    replies = {
        "is_available": True,
        "mem_get_info": (3_000_000_000, 8_000_000_000),
        "max_memory_reserved": 2_500_000,
        "max_memory_allocated": 1_000_000,
        "get_device_properties": SimpleNamespace(total_memory=8_000_000_000),
    }
    for name, reply in replies.items():
        monkeypatch.setattr(torch.cuda, name, lambda *_, reply=reply: reply)
    found = [device.choose_device(name) for name in ("auto", "cpu", "cuda")]
    assert found == [gpu, torch.device("cpu"), gpu]
    assert device.free_bytes(gpu) == 3_000_000_000
    assert device.peak_memory(gpu)["device"] == 2
    assert device.gpu_megabytes() == 8000


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [device.choose_device(name) for name in ("auto", "cpu")] == [cpu, cpu]
    with pytest.raises(ValueError, match="'cuda' was requested, but torch finds no GPU"):
        device.choose_device("cuda")
    with pytest.raises(ValueError, match="unknown device 'gpu'; expected one of auto, cpu, cuda"):
        device.choose_device("gpu")
    assert device.free_bytes(cpu) == sys.maxsize
    assert device.gpu_megabytes() is None


def test_convolutions_have_their_channels_last() -> None:
    model = device.to_device(torch.nn.Conv2d(4, 4, 3), torch.device("cpu"))
    assert model.weight.is_contiguous(memory_format=torch.channels_last)
