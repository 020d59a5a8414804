"""Initial weights from torchvision, from a file, or from a converted detectron2 checkpoint."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from gains.models import checkpoint
from gains.models.contract import Detector

logger = logging.getLogger(__name__)

StateDict = dict[str, Tensor]


def load_pretrained(model: Detector, weights: str, backbone: str) -> None:
    """Give a detector its initial weights.

    Args:
        model: a detector whose ``encoder`` is a ResNet with torchvision's names.
        weights: ``none``; ``imagenet`` for torchvision's weights; or the path of a state dict,
            of a torchvision ResNet or of a whole detector as ``gains weights convert`` writes it.
        backbone: name of the ResNet.

    Raises:
        FileNotFoundError: the file is missing, or torchvision's weights cannot be downloaded.
        ValueError: the file does not fit the model.
    """
    if weights == "none":
        return
    state = _imagenet(backbone) if weights == "imagenet" else _from_file(Path(weights))
    encoder = model.encoder
    if not any(key.startswith(encoder) for key in state):
        state = {f"{encoder}{k}": v for k, v in state.items() if not k.startswith("fc.")}
    own = model.state_dict()
    statistics = [k for k in state if k.startswith(encoder) and k.endswith("running_var")]
    if statistics and statistics[0] not in own:
        raise ValueError(
            f"weights {weights!r} belong to batch norms, but the backbone has group norms; use "
            "norm: frozen_bn or bn, or weights: none"
        )
    counters = tuple(key for key in own if key.endswith("num_batches_tracked"))
    expected = [k for k in own if k.startswith(encoder) and k not in counters]
    missing = [key for key in expected if key not in state or state[key].shape != own[key].shape]
    if missing:
        raise ValueError(
            f"weights {weights!r}: {len(missing)} of the {len(expected)} values of {backbone} are "
            f"missing or of another shape, first {missing[0]!r}; check the backbone's name, norm, "
            "width, or convert the file with `gains weights convert`"
        )
    fitting = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
    model.load_state_dict({**own, **fitting})
    logger.info("weights %s: %d of %d values of the model", weights, len(fitting), len(own))


def _imagenet(backbone: str) -> StateDict:
    import torchvision

    weights = torchvision.models.get_model_weights(backbone)["IMAGENET1K_V1"]
    try:
        return cast(StateDict, weights.get_state_dict(progress=False))
    except OSError as error:
        raise FileNotFoundError(
            f"torchvision's ImageNet weights of {backbone} could not be downloaded ({error}); "
            f"put {weights.url} into {torch.hub.get_dir()}/checkpoints by hand, name a file in "
            "`backbone.weights`, or use `weights: none` with `norm: gn` and `freeze_at: 0`"
        ) from error


def _from_file(path: Path) -> StateDict:
    content = checkpoint.load(path)
    state = content.get("state", content)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ValueError(f"{path}: expected a state dict (names to tensors)")
    return cast(StateDict, state)
