"""The device that a model runs on, and its memory."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

AnyModule = TypeVar("AnyModule", bound=nn.Module)
NAMES = ("auto", "cpu", "cuda")
STATUS = Path("/proc/self/status")
"""File in which Linux counts the memory of this process."""


def choose_device(name: str) -> torch.device:
    """Return the device of that name; ``auto`` is the GPU if there is one, else the CPU.

    Raises:
        ValueError: the name is unknown, or CUDA is requested and there is no GPU.
    """
    if name not in NAMES:
        raise ValueError(f"unknown device {name!r}; expected one of {', '.join(NAMES)}")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device 'cuda' was requested, but torch finds no GPU; use 'cpu' or 'auto'")
    return torch.device(name)


def to_device(model: AnyModule, device: torch.device) -> AnyModule:
    """Move a model to a device, in the memory layout that convolutions are fastest in."""
    return model.to(device).to(memory_format=torch.channels_last)


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a GPU in bytes.

    For a CPU, whose memory is shared and can be swapped, the result is the largest integer.
    """
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else sys.maxsize


def peak_memory(device: torch.device) -> dict[str, int]:
    """Return the peak memory of this process so far, in MB (10^6 bytes).

    Returns:
        ``host`` is the resident memory, without that of loading processes. On a GPU there is also
        ``device``, the memory that PyTorch has reserved there, without CUDA's own context of some
        hundred MB.
    """
    peak = {"host": _resident_peak() // 10**6}
    if device.type == "cuda":
        peak["device"] = torch.cuda.max_memory_reserved(device) // 10**6
    return peak


def _resident_peak() -> int:
    """Return the peak of the resident memory of this process in bytes."""
    # the number of getrusage also counts the program that started this one
    if STATUS.is_file():
        for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def gpu_megabytes() -> int | None:
    """Return the memory of the first GPU in MB (10^6 bytes), or None without a GPU."""
    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.get_device_properties(0).total_memory // 10**6)
