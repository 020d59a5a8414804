"""Timing of alternatives in turn, so that a slow phase of the machine affects all of them."""

from __future__ import annotations

import contextlib
import gc
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch


def interleave(
    calls: Mapping[str, Callable[[], Any]], repetitions: int, device: str = "cpu"
) -> dict[str, float]:
    """Return the median seconds of each call; all are called once before the clock starts.

    Args:
        calls: calls by name; each round calls them in this order.
        repetitions: number of timed rounds.
        device: device to wait for before and after each call.
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
    """Wait until an accelerator has finished its work."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def free_memory() -> None:
    """Free the memory of the last model, so that the next one finds the GPU as in a new process."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class Gauge:
    """A meter of how busy a device is: a GPU by ``nvidia-smi``, a CPU by this process's threads.

    A GPU counts as busy while any kernel runs, even if the kernel uses few of its units.
    """

    def __init__(self, device: str) -> None:
        self.cuda = torch.device(device).type == "cuda"
        self._smi: subprocess.Popen[bytes] | None = None
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - read when the measurement ends
        self._began = self._cpu = 0.0

    def start(self) -> None:
        """Begin to measure."""
        self._began, self._cpu = time.perf_counter(), time.process_time()
        if self.cuda:
            query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
            # nvidia-smi numbers the GPUs without regard to CUDA_VISIBLE_DEVICES
            card = f"--id=GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
            with contextlib.suppress(FileNotFoundError):  # without nvidia-smi the share is unknown
                self._smi = subprocess.Popen(
                    ["nvidia-smi", *query, card, "-lms", "200"], stdout=self._said
                )

    def stop(self) -> float | None:
        """Return the share of the time that the device was busy, in [0, 1]; None if unknown."""
        if not self.cuda:
            taken = time.perf_counter() - self._began
            return (time.process_time() - self._cpu) / (taken * torch.get_num_threads())
        if self._smi is None:
            return None
        self._smi.terminate()
        self._smi.wait()
        self._said.seek(0)
        values = [int(line) for line in self._said.read().split() if line.isdigit()]
        return statistics.fmean(values) / 100 if values else None


def machine(device: str = "cpu") -> str:
    """Return a description of the machine."""
    if torch.device(device).type == "cuda":
        name = torch.cuda.get_device_name()
    else:
        info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
        models = [line.split(":")[1].strip() for line in info.splitlines() if "model name" in line]
        name = models[0] if models else platform.processor() or "CPU"
        name += f", {torch.get_num_threads()} threads"
    return f"{name}, torch {torch.__version__}, Python {platform.python_version()}"
