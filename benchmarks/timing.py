"""Timing of alternatives in turn, so that whatever slows the machine slows all of them."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch


def in_turn(
    calls: Mapping[str, Callable[[], Any]], repetitions: int, device: str = "cpu"
) -> dict[str, float]:
    """Return the median seconds of each call; all are run once before the clock starts.

    Args:
        calls: by name; called in this order, ``repetitions`` times over.
        repetitions: timed rounds.
        device: waited for before and after each call.
    """
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for round_number in range(repetitions + 1):
        for name, call in calls.items():
            wait(device)
            start = time.perf_counter()
            call()
            wait(device)
            if round_number:
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def wait(device: str) -> None:
    """Wait until an accelerator has finished."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def machine(device: str = "cpu") -> str:
    """Return the machine in words."""
    if torch.device(device).type == "cuda":
        name = torch.cuda.get_device_name()
    else:
        info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
        models = [line.split(":")[1].strip() for line in info.splitlines() if "model name" in line]
        name = models[0] if models else platform.processor() or "CPU"
        name += f", {torch.get_num_threads()} threads"
    return f"{name}, torch {torch.__version__}, Python {platform.python_version()}"
