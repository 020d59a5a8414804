"""The files of torchvision's ImageNet weights, as ``gains fetch`` brings them; imports no torch."""

from __future__ import annotations

from pathlib import Path

from gains.support.files import require_file

RAW = Path("data/raw")
"""Folder of all fetched files."""

FILES = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet101": "resnet101-63fe2227.pth",
}
"""File of the weights IMAGENET1K_V1 of each ResNet; its name ends in the start of its SHA-256."""


def imagenet_name(backbone: str) -> str:
    """Return the name of a ResNet's weights for ``gains fetch``, e.g. ``imagenet-resnet50``."""
    return f"imagenet-{backbone}"


def imagenet_file(backbone: str) -> Path:
    """Return the path of a ResNet's weights, relative to the folder of the project.

    Args:
        backbone: name of the ResNet, a key of :data:`FILES`.
    """
    return RAW / imagenet_name(backbone) / FILES[backbone]


def require_weights(path: Path) -> Path:
    """Return the path of a file of initial weights, if the file exists.

    Raises:
        FileNotFoundError: there is no such file; the message says how to get one that
            ``gains fetch`` brings.
        ValueError: the path is a folder.
    """
    if path.parent.parent == RAW and not path.exists():
        raise FileNotFoundError(
            f"{path}: there is no such file. Run `gains fetch {path.parent.name}` in the folder of "
            "the project, on a machine with network access, or put the file there yourself"
        )
    return require_file(path)


def check_imagenet(path: Path, found: str) -> None:
    """Compare the checksum of a file of torchvision with the digits in its name.

    Args:
        path: the file, e.g. ``resnet50-0676ba61.pth``.
        found: its SHA-256 in hexadecimal.

    Raises:
        ValueError: they differ.
    """
    expected = path.stem.rpartition("-")[2]
    if not found.startswith(expected):
        raise ValueError(
            f"{path}: sha256 is {found}, but the name of the file says that it begins with "
            f"{expected}. The file is damaged or another version: remove it and run `gains fetch "
            f"{path.parent.name}`, or put the right file there yourself"
        )
