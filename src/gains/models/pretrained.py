"""Initial weights: torchvision's, from a file, or from a converted detectron2 checkpoint."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from gains.models import checkpoint
from gains.models.contract import Detector
from gains.models.imagenet import check_imagenet, imagenet_file, require_weights
from gains.support.files import sha256

logger = logging.getLogger(__name__)

StateDict = dict[str, Tensor]


def load_pretrained(model: Detector, weights: str, backbone: str) -> None:
    """Give a detector its initial weights.

    Args:
        model: a detector whose ``encoder`` is a ResNet with torchvision's names.
        weights: ``none``; ``imagenet`` for torchvision's weights, as ``gains fetch`` brings them;
            or the path of a state dict, of a torchvision ResNet or of a whole detector as
            ``gains weights convert`` writes it, of which all values that fit are taken.
        backbone: name of the ResNet.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: the file does not fit the model, or is not the file of torchvision.
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
    checkpoint.check_finite(fitting, f"weights {weights!r}", "get the file again")
    model.load_state_dict({**own, **fitting})
    logger.info("weights %s: %d of %d values of the model", weights, len(fitting), len(own))


def _imagenet(backbone: str) -> StateDict:
    path = require_weights(imagenet_file(backbone))
    check_imagenet(path, sha256(path))
    return _from_file(path)


def _from_file(path: Path) -> StateDict:
    content = checkpoint.load(path)
    if content.get("format") == checkpoint.MODEL_FORMAT and "settings" in content:
        raise ValueError(
            f"{path}: is a whole model of `gains train`, but backbone.weights takes the weights of "
            "a backbone. To train this model further, name it as start_from in the recipe"
        )
    return state_of(content, path)


def state_of(content: Mapping[str, Any], path: Path) -> StateDict:
    """Return the values by name in a file of weights.

    Args:
        content: content of the file.
        path: the file, for error messages.

    Raises:
        ValueError: it holds no values by name.
    """
    state = content.get("state", content)
    if not isinstance(state, dict) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items()
    ):
        raise ValueError(f"{path}: expected a state dict (names to tensors)")
    return cast(StateDict, state)
