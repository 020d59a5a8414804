"""Conversion of detectron2 checkpoints to the parameter names of this package."""

from __future__ import annotations

import logging
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gains.models import checkpoint
from gains.support.files import require_file

logger = logging.getLogger(__name__)

NORM_EPS = 1e-5
"""The number that a batch norm adds to the variance."""
ALLOWED = {
    "numpy": {"ndarray", "dtype"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.numeric": {"_frombuffer"},
    "collections": {"OrderedDict"},
    "_codecs": {"encode"},
}

BODY = [
    (r"backbone\.bottom_up\.stem\.conv1\.norm\.", "backbone.body.bn1."),
    (r"backbone\.bottom_up\.stem\.conv1\.", "backbone.body.conv1."),
    (
        r"backbone\.bottom_up\.res(\d)\.(\d+)\.shortcut\.norm\.",
        "backbone.body.layer{0}.{1}.downsample.1.",
    ),
    (
        r"backbone\.bottom_up\.res(\d)\.(\d+)\.shortcut\.",
        "backbone.body.layer{0}.{1}.downsample.0.",
    ),
    (r"backbone\.bottom_up\.res(\d)\.(\d+)\.conv(\d)\.norm\.", "backbone.body.layer{0}.{1}.bn{2}."),
    (r"backbone\.bottom_up\.res(\d)\.(\d+)\.conv(\d)\.", "backbone.body.layer{0}.{1}.conv{2}."),
]
HEADS = [
    (r"proposal_generator\.rpn_head\.conv\.", "proposals.conv."),
    (r"proposal_generator\.rpn_head\.objectness_logits\.", "proposals.objectness."),
    (r"proposal_generator\.rpn_head\.anchor_deltas\.", "proposals.deltas."),
    (r"roi_heads\.box_head\.fc(\d)\.", "boxes.head.fc{0}."),
    (r"roi_heads\.box_predictor\.cls_score\.", "boxes.head.classes."),
    (r"roi_heads\.box_predictor\.bbox_pred\.", "boxes.head.deltas."),
    (r"roi_heads\.mask_head\.deconv\.", "branch.head.deconv."),
    (r"roi_heads\.mask_head\.predictor\.", "branch.head.predictor."),
]
CAFFE2 = [
    (r"^conv1_w$", "stem.conv1.weight"),
    (r"^res_conv1_bn_s$", "stem.conv1.norm.weight"),
    (r"^res_conv1_bn_b$", "stem.conv1.norm.bias"),
    (r"^res(\d)_(\d+)_branch1_w$", "res{0}.{1}.shortcut.weight"),
    (r"^res(\d)_(\d+)_branch1_bn_s$", "res{0}.{1}.shortcut.norm.weight"),
    (r"^res(\d)_(\d+)_branch1_bn_b$", "res{0}.{1}.shortcut.norm.bias"),
    (r"^res(\d)_(\d+)_branch2([abc])_w$", "res{0}.{1}.conv{2}.weight"),
    (r"^res(\d)_(\d+)_branch2([abc])_bn_s$", "res{0}.{1}.conv{2}.norm.weight"),
    (r"^res(\d)_(\d+)_branch2([abc])_bn_b$", "res{0}.{1}.conv{2}.norm.bias"),
]


class _ArraysOnly(pickle.Unpickler):
    """An unpickler of containers and numpy arrays; a checkpoint must not run code."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a checkpoint")
        return super().find_class(module, name)


def convert_checkpoint(path: Path, out: Path) -> None:
    """Convert a detectron2 checkpoint (.pkl or .pth) to a file for ``backbone.weights``.

    Whole Mask R-CNN models and ImageNet backbones are supported, in detectron2's or Caffe2's names.
    Batch norms without statistics get the statistics of the identity, as in detectron2.

    Args:
        path: the checkpoint.
        out: the file to write.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file cannot be read, or holds no ResNet in a known layout.
    """
    state, unknown = rename(_read(path))
    body = [key for key in state if key.startswith("backbone.body.")]
    if not body:
        raise ValueError(
            f"{path}: no ResNet in detectron2's or Caffe2's names found; first names: {unknown[:4]}"
        )
    checkpoint.save(out, {"state": state, "source": path.name})
    logger.info("%d values converted, %d of the backbone", len(state), len(body))
    if unknown:
        logger.info("%d values left out: %s", len(unknown), ", ".join(unknown[:8]))


def _read(path: Path) -> dict[str, Tensor]:
    require_file(path, "no such checkpoint")
    if path.suffix == ".pkl":
        try:
            with path.open("rb") as file:
                content = _ArraysOnly(file, encoding="latin1").load()
        except (*checkpoint.BROKEN, ImportError, MemoryError, OverflowError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(
                f"{path}: not a checkpoint of arrays: {reason}; get the file again"
            ) from error
    else:
        content = checkpoint.load(path)
    if isinstance(content, dict) and isinstance(content.get("model"), dict):
        content = content["model"]
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected names and arrays, found {type(content).__name__}")
    arrays = {str(k): v for k, v in content.items() if isinstance(v, np.ndarray | Tensor)}
    for name, values in arrays.items():
        if isinstance(values, np.ndarray) and values.dtype.kind not in "biuf":
            raise ValueError(f"{path}: {name} holds {values.dtype}; expected an array of numbers")
    state = {name: torch.as_tensor(values).float() for name, values in arrays.items()}
    checkpoint.check_finite(state, f"{path}: weights", "get the file again")
    return state


def rename(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Return the values under this package's names, and the names that have no counterpart."""
    out: dict[str, Tensor] = {}
    unknown = []
    for key, value in state.items():
        name = _name(key)
        if name is None:
            unknown.append(key)
        else:
            out[name] = value
    for name in [n for n in out if re.search(r"(bn\d|downsample\.1)\.weight$", n)]:
        norm = name.removesuffix("weight")
        out.setdefault(f"{norm}running_mean", torch.zeros_like(out[name]))
        out.setdefault(f"{norm}running_var", torch.ones_like(out[name]) - NORM_EPS)
    return out, unknown


def _name(key: str) -> str | None:
    for pattern, target in CAFFE2:
        if found := re.match(pattern, key):
            letters = [str("abc".index(g) + 1) if g in "abc" else g for g in found.groups()]
            key = target.format(*letters)
    if key.startswith(("stem.", "res")):
        key = f"backbone.bottom_up.{key}"
    for pattern, target in BODY:
        if found := re.match(pattern, key):
            stage, *rest = found.groups() or ("0",)
            return target.format(int(stage) - 1, *rest) + key[found.end() :]
    if found := re.match(r"backbone\.fpn_(lateral|output)(\d)\.", key):
        kind = "inner_blocks" if found[1] == "lateral" else "layer_blocks"
        return f"backbone.fpn.{kind}.{int(found[2]) - 2}.0.{key[found.end() :]}"
    if found := re.match(r"roi_heads\.mask_head\.mask_fcn(\d)\.", key):
        return f"branch.head.convs.{int(found[1]) - 1}.{key[found.end() :]}"
    for pattern, target in HEADS:
        if found := re.match(pattern, key):
            return target.format(*found.groups()) + key[found.end() :]
    return None
