"""The device that work runs on."""

from __future__ import annotations

import resource
import sys
from typing import TypeVar

import torch
from torch import nn

AnyModule = TypeVar("AnyModule", bound=nn.Module)
NAMES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> torch.device:
    """Return the device of that name; ``auto`` is the GPU where there is one.

    Raises:
        ValueError: the name is another, or CUDA is asked for and absent.
    """
    if name not in NAMES:
        raise ValueError(f"unknown device {name!r}; expected one of {', '.join(NAMES)}")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device 'cuda' was asked for, but torch finds no GPU; use 'cpu' or 'auto'")
    return torch.device(name)


def to_device(model: AnyModule, device: torch.device) -> AnyModule:
    """Move a model to a device, in the layout that convolutions work in without rearranging."""
    return model.to(device).to(memory_format=torch.channels_last)


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a GPU; of a CPU, whose memory is shared and can be swapped, any."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else sys.maxsize


def peak_memory(device: torch.device) -> dict[str, int]:
    """Return the most memory this process has held so far, in MB (10^6 bytes).

    Returns:
        ``host``: resident memory, that of loading processes not counted; on a GPU also ``device``:
        what PyTorch has reserved there, CUDA's own context (some hundred MB) not counted.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    peak = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 10**6}
    if device.type == "cuda":
        peak["device"] = torch.cuda.max_memory_reserved(device) // 10**6
    return peak


def gpu_megabytes() -> int | None:
    """Return the memory of the first GPU in MB (10^6 bytes), or None where there is none."""
    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.get_device_properties(0).total_memory // 10**6)
