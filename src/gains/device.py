"""The device that work runs on."""

from __future__ import annotations

import torch

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
