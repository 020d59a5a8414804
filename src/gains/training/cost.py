"""The time and memory of a training so far, over all processes that worked on it."""

from __future__ import annotations

import time
from typing import Any

import torch

from gains.models.device import peak_memory


class TrainingCost:
    """A clock and a memory gauge that continue after a resume.

    Args:
        device: the device whose memory is measured, in addition to that of the host.
        earlier: the cost of earlier processes, from the last checkpoint.
    """

    def __init__(self, device: torch.device, earlier: dict[str, Any] | None = None) -> None:
        self.device = device
        self.earlier = earlier or {"seconds": 0.0, "memory_mb": {}}
        self.began = time.monotonic()

    def to_json(self) -> dict[str, Any]:
        """Return ``seconds`` and ``memory_mb``, see :func:`gains.models.device.peak_memory`."""
        before = self.earlier["memory_mb"]
        peaks = {
            name: max(value, before.get(name, 0))
            for name, value in peak_memory(self.device).items()
        }
        seconds = self.earlier["seconds"] + time.monotonic() - self.began
        return {"seconds": round(seconds, 1), "memory_mb": peaks}
