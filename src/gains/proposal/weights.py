"""The initial weights of a proposed study: from a file, fetched, or random."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gains.config.base import Changes
from gains.fetch.sources import files_of
from gains.models.imagenet import FILES, imagenet_file, imagenet_name

TIMEOUT = 3.0
"""Time in s in which the server of the weights has to answer."""
DEPTHS = {
    ("conv2", 2): "resnet18",
    ("conv2", 6): "resnet34",
    ("conv3", 6): "resnet50",
    ("conv3", 23): "resnet101",
}
"""The ResNet with a last convolution in its blocks, and so many blocks in its third stage."""


@dataclass(frozen=True)
class InitialWeights:
    """The start of all trainings of a study.

    Attributes:
        backbone: keys of the block ``backbone``.
        reason: where the weights come from, in a sentence.
        random: whether they are random numbers.
    """

    backbone: Changes
    reason: str
    random: bool = False


def choose_weights(given: Path | None, beside: Path, gpu: bool) -> InitialWeights:
    """Choose the initial weights.

    Args:
        given: file that the person names, or None.
        beside: the study file; an expanded file of weights is written beside it.
        gpu: whether the trainings run on a GPU, which a deeper ResNet suits.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file holds no ResNet.
    """
    if given is not None:
        return _from_file(given, beside)
    name = "resnet50" if gpu else "resnet18"
    frozen = {"name": name, "weights": "imagenet"}
    file = imagenet_file(name)
    if file.is_file():
        return InitialWeights(frozen, f"ImageNet weights of torchvision, which are in {file}.")
    host = urlsplit(str(files_of(imagenet_name(name))[FILES[name]][0].url)).hostname or ""
    if _reached(host):
        return InitialWeights(
            frozen,
            f"ImageNet weights of torchvision. `gains run` fetches them once from {host} into "
            f"{file.parent}.",
        )
    return InitialWeights(
        {"name": name, "norm": "gn", "weights": "none", "freeze_at": 0},
        f"Random weights, because {file} does not exist and {host} did not answer. Such a training "
        "needs about three times as many iterations; with network, run `gains init` again, or name "
        "a file with --weights.",
        random=True,
    )


def _reached(host: str) -> bool:
    if any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY")):
        return True  # the proxy reaches what this machine cannot
    try:
        socket.create_connection((host, 443), timeout=TIMEOUT).close()
    except OSError:
        return False
    return True


def _from_file(given: Path, beside: Path) -> InitialWeights:
    from gains.models import checkpoint
    from gains.models.detectron2_weights import convert_checkpoint
    from gains.models.quantised_weights import expand_weights

    path, keys = given.absolute(), {}
    suffix = given.suffix.lower()
    if suffix == ".npz":
        path = _converted(given, beside)
        expand_weights(given, path)
    elif suffix == ".pkl" or not _torchvision(checkpoint.load(given)):
        path = _converted(given, beside)
        convert_checkpoint(given, path)
        keys = {"stride_in_1x1": True, "channel_order": "bgr"}
    content = checkpoint.load(path)
    name = _depth(list(content.get("state", content)), given)
    made = "" if path == given.absolute() else f", converted to {path.name}"
    return InitialWeights(
        {"name": name, "weights": str(path), **keys}, f"The weights of {given.name}{made}."
    )


def _converted(given: Path, beside: Path) -> Path:
    return beside.with_name(f"{beside.stem}.{given.stem}.pt").absolute()


def _torchvision(content: Changes) -> bool:
    return any(
        str(name).endswith("layer1.0.conv1.weight") for name in content.get("state", content)
    )


def _depth(names: list[str], given: Path) -> str:
    blocks = {int(found[1]) for name in names if (found := re.search(r"layer3\.(\d+)\.", name))}
    last = "conv3" if any("layer1.0.conv3." in name for name in names) else "conv2"
    depth = DEPTHS.get((last, len(blocks)))
    if depth is None:
        raise ValueError(
            f"{given}: holds no ResNet-18, 34, 50 or 101 in torchvision's or detectron2's names; "
            f"first names: {names[:3]}"
        )
    return depth
