"""The list of predicted images beside a prediction file, in the layout of COCO's image info.

It is an object with ``info``, which says how the predictions were made, and ``images``, which has
id, file_name, height and width of every image that was predicted, also without a detection. An
image that was cut into tiles also has ``tiles``: their number, size and overlap in px, and the
scale at which the model saw them, in px at its input per px of the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import archived_name
from gains.datasets.records import CocoRecord, integer
from gains.support.files import read_json, write_json

IMAGE_KEYS = ("id", "file_name", "height", "width")


def sidecar_path(predictions: str | Path) -> Path:
    """Return the path of the list of predicted images: ``x.images.json`` for ``x.json[.gz]``."""
    path = Path(predictions)
    return path.parent / (path.name.removesuffix(".gz").removesuffix(".json") + ".images.json")


def write_sidecar(
    predictions: Path,
    images: Iterable[ImageRecord],
    info: CocoRecord,
    tiles: Mapping[int, CocoRecord] = MappingProxyType({}),
) -> None:
    """Write the list of predicted images.

    Args:
        predictions: path of the result list.
        images: every image that was predicted.
        info: how the predictions were made.
        tiles: how the images that were cut into tiles were cut, by image id.
    """
    listed = [
        {key: getattr(image, key) for key in IMAGE_KEYS}
        | ({"tiles": tiles[image.id]} if image.id in tiles else {})
        for image in images
    ]
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


def predicted_images(predictions: str | Path, truth: CocoDataset) -> dict[int, ImageRecord] | None:
    """Return the ground truth's records of the predicted images, by id in the prediction file.

    The images are found by name, because the ids of a folder that was predicted are its own. A
    name is compared as it is, and else as in an archive of images, where ``a.tif`` is ``a.png``.

    Returns:
        The records, or None if there is no list of the predicted images.

    Raises:
        ValueError: an image is not in the ground truth, or fits several of its images or an image
            that another one fits; an id is repeated; or a size differs.
    """
    entries = read_sidecar(predictions)
    if entries is None:
        return None
    path = sidecar_path(predictions)
    by_name = {image.file_name: image for image in truth.images.values()}
    archived: dict[str, list[ImageRecord]] = {}
    for image in truth.images.values():
        archived.setdefault(archived_name(image.file_name), []).append(image)
    found: dict[int, ImageRecord] = {}
    taken: dict[int, str] = {}
    for entry in entries:
        number, name = integer(entry, "id", f"{path}: an entry"), str(entry["file_name"])
        at = f"{path}: image {number} ({name})"
        exact = by_name.get(name)
        fitting = [exact] if exact else archived.get(archived_name(name), [])
        image = _only(fitting, at, truth)
        if number in found or image.id in taken:
            other = taken.get(image.id, "another image of this id")
            raise ValueError(f"{at} and {other} are both listed; predict each image once")
        _check_size(entry, image, at, truth)
        found[number], taken[image.id] = image, name
    return found


def _only(fitting: list[ImageRecord], at: str, truth: CocoDataset) -> ImageRecord:
    if not fitting:
        raise ValueError(
            f"{at} was predicted, but is not among the {len(truth.images)} images that are scored "
            f"of {truth.path}, first {next(iter(truth.images.values())).file_name!r}; the "
            "predictions belong to other images, or to another folder of them"
        )
    if len(fitting) > 1:
        raise ValueError(
            f"{at} fits {' and '.join(repr(image.file_name) for image in fitting)} of "
            f"{truth.path}; give the predicted image the name of one of them"
        )
    return fitting[0]


def _check_size(entry: CocoRecord, image: ImageRecord, at: str, truth: CocoDataset) -> None:
    for key in ("height", "width"):
        if entry[key] != getattr(image, key):
            turned = (entry["height"], entry["width"]) == (image.width, image.height)
            cause = (
                "predict with the `--orientation` that the data set was read with"
                if turned
                else "the predictions belong to another data set"
            )
            raise ValueError(
                f"{at} has {key} {entry[key]!r}, but {getattr(image, key)!r} in {truth.path}; "
                f"{cause}"
            )


def _check_categories(path: Path, truth: CocoDataset) -> None:
    info = read_json(path).get("info")
    stated = info.get("categories") if isinstance(info, dict) else None
    for number, name in stated.items() if isinstance(stated, dict) else ():
        numbers = [n for n, known in truth.categories.items() if known == name]
        if numbers and number not in map(str, numbers):
            raise ValueError(
                f"{path}: category {number} is {name!r}, but in {truth.path} {name!r} has the id "
                f"{numbers[0]}, so other objects would be compared; score against the data set "
                "that `gains convert` makes, which numbers the categories from 1"
            )


def check_sidecar(predictions: str | Path, truth: CocoDataset) -> None:
    """Refuse predictions that lack an image or number the categories otherwise, by their sidecar.

    Raises:
        ValueError: an image of the ground truth was not predicted, :func:`predicted_images`
            refuses one that was, or a category has another number in the ground truth.
    """
    found = predicted_images(predictions, truth)
    if found is None:
        return
    _check_categories(sidecar_path(predictions), truth)
    listed = {image.id for image in found.values()}
    missing = [image for image in truth.images.values() if image.id not in listed]
    if missing:
        raise ValueError(
            f"{sidecar_path(predictions)}: {len(missing)} of {len(truth.images)} images of "
            f"{truth.path} were not predicted, first {missing[0].file_name!r}; predict them too, "
            "or name the split and part that were predicted"
        )
