"""Settings and square masks for tests of FastInst."""

from __future__ import annotations

from typing import Any

import torch

from gains.methods.fastinst import FastInstSettings


def settings(**changes: Any) -> FastInstSettings:
    return FastInstSettings.model_validate({"points": 64, **changes})


def squares(*corners: tuple[int, int], side: int = 16, size: int = 64) -> torch.Tensor:
    masks = torch.zeros(len(corners), size, size)
    for mask, (x, y) in zip(masks, corners, strict=True):
        mask[y : y + side, x : x + side] = 1
    return masks
