"""The record of losses, which are collected on the device, checked, and written as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gains.support.files import write_text

LossRow = dict[str, float]


class LossRecord:
    """The losses of every iteration, which leave the device only every few iterations.

    Args:
        rows: rows of an earlier part of the same training.
        every: number of iterations between two transfers, which synchronise with the GPU.
    """

    def __init__(self, rows: list[LossRow] | None = None, every: int = 20) -> None:
        self.rows: list[LossRow] = list(rows or [])
        self.every = every
        self._waiting: list[tuple[int, float, list[str], dict[str, Tensor]]] = []

    def add(self, iteration: int, rate: float, names: list[str], losses: dict[str, Tensor]) -> None:
        """Add the losses of an iteration on the images of these names.

        Raises:
            ValueError: a loss is not finite; the message names iteration, losses and images.
        """
        self._waiting.append((iteration, rate, names, {k: v.detach() for k, v in losses.items()}))
        if len(self._waiting) >= self.every:
            self.flush()

    def flush(self) -> None:
        """Copy the pending losses from the device and check them.

        Raises:
            ValueError: a loss is not finite.
        """
        if not self._waiting:
            return
        keys = list(self._waiting[0][3])
        table = torch.stack([torch.stack([w[3][k].float() for k in keys]) for w in self._waiting])
        waiting, self._waiting = self._waiting, []
        for (iteration, rate, names, _), values in zip(waiting, table.tolist(), strict=True):
            losses = dict(zip(keys, values, strict=True))
            total = sum(values)
            if not abs(total) < float("inf"):
                raise ValueError(
                    f"iteration {iteration}: the loss is not finite ({_text(losses)}) on images "
                    f"{', '.join(names)}; look at these images, or lower the learning rate"
                )
            self.rows.append({"iteration": iteration, "lr": rate, "loss": total, **losses})

    @property
    def last(self) -> str:
        """The latest total loss, for the progress display; an empty text before the first."""
        return f"loss {self.rows[-1]['loss']:.3f}" if self.rows else ""

    def write(self, path: str | Path) -> None:
        """Write ``losses.csv``: iteration, lr, loss (the sum), and each loss."""
        keys = list(self.rows[0])
        lines = [",".join(keys)]
        lines += [",".join(f"{row[key]:.6g}" for key in keys) for row in self.rows]
        write_text(path, "\n".join(lines) + "\n")


def _text(losses: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value:.4g}" for key, value in losses.items())
