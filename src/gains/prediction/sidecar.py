"""The list of predicted images beside a prediction file, in the layout of COCO's image info.

It is an object with ``info``, which says how the predictions were made, and ``images``, which has
id, file_name, height and width of every image that was predicted, also without a detection.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.records import CocoRecord, integer
from gains.support.files import read_json, write_json

IMAGE_KEYS = ("id", "file_name", "height", "width")


def sidecar_path(predictions: str | Path) -> Path:
    """Return the path of the list of predicted images: ``x.images.json`` for ``x.json[.gz]``."""
    path = Path(predictions)
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".json") + ".images.json")


def write_sidecar(predictions: Path, images: Iterable[ImageRecord], info: CocoRecord) -> None:
    """Write the list of predicted images.

    Args:
        predictions: path of the result list.
        images: every image that was predicted.
        info: how the predictions were made.
    """
    listed = [{key: getattr(image, key) for key in IMAGE_KEYS} for image in images]
    write_json(sidecar_path(predictions), {"info": info, "images": listed})


def read_sidecar(predictions: str | Path) -> list[CocoRecord] | None:
    """Return the entries of the predicted images, or None if there is no list of them.

    Raises:
        ValueError: the file is no such list.
    """
    path = sidecar_path(predictions)
    if not path.is_file():
        return None
    content = read_json(path)
    entries = content.get("images") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and set(IMAGE_KEYS) <= set(entry) for entry in entries
    ):
        keys = ", ".join(sorted(IMAGE_KEYS))
        raise ValueError(
            f"{path}: expected an object whose `images` is a list of {keys}; predict again"
        )
    return entries


def check_sidecar(predictions: str | Path, truth: CocoDataset) -> None:
    """Refuse predictions of other images than those of the ground truth, if there is a sidecar.

    Raises:
        ValueError: an entry differs from the ground truth's record of that id, or an image of
            the ground truth was not predicted; the message names the first difference.
    """
    entries = read_sidecar(predictions)
    if entries is None:
        return
    path = sidecar_path(predictions)
    listed = {_checked(entry, path, truth).id for entry in entries}
    missing = [image for image in truth.images.values() if image.id not in listed]
    if missing:
        raise ValueError(
            f"{path}: {len(missing)} of {len(truth.images)} images of {truth.path} were not "
            f"predicted, first {missing[0].file_name!r}; predict them too, or name the split and "
            "part that were predicted"
        )


def _checked(entry: CocoRecord, path: Path, truth: CocoDataset) -> ImageRecord:
    """Return the ground truth's record of an entry, which must equal it."""
    image = truth.images.get(integer(entry, "id", f"{path}: an entry"))
    if image is None:
        raise ValueError(
            f"{path}: image {entry['id']} ({entry['file_name']}) was predicted, but is not "
            f"among the {len(truth.images)} images that are scored of {truth.path}"
        )
    for key in IMAGE_KEYS[1:]:
        if entry[key] != getattr(image, key):
            raise ValueError(
                f"{path}: image {image.id} has {key} {entry[key]!r}, but "
                f"{getattr(image, key)!r} in {truth.path}; the predictions belong to another "
                "data set"
            )
    return image
