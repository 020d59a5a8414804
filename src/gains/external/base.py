"""What is read of the predictions of another program, and the images and classes they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.datasets.image_archive import archived_name
from gains.instances import Instances
from gains.support.registry import nearest


class External(NamedTuple):
    """The predictions of another program.

    Attributes:
        format: name of their format.
        predictions: the detections by image id of the ground truth, for the images that have any.
        listed: ids of the images that the files are about; None if they name no image without a
            detection.
        scored: whether each detection has a score of its own; otherwise all scores are 1.
        remarks: sentences on what was left out or read by a rule.
    """

    format: str
    predictions: Mapping[int, Instances]
    listed: frozenset[int] | None
    scored: bool
    remarks: tuple[str, ...] = ()


class KnownImages:
    """The images of the ground truth by name.

    A name is compared as it is, and else as in an archive of images, where ``a.tif`` is ``a.png``.

    Args:
        truth: the ground truth.
    """

    def __init__(self, truth: CocoDataset) -> None:
        self._truth = truth
        self._exact = {image.file_name: image for image in truth.images.values()}
        archived = Counter(map(archived_name, self._exact))
        self._archived = {
            archived_name(name): image
            for name, image in self._exact.items()
            if archived[archived_name(name)] == 1
        }

    def find(self, name: str, size: tuple[int, int], at: str) -> ImageRecord:
        """Return the image of a name.

        Args:
            name: the name in the files of the predictions.
            size: height and width in px that these files state.
            at: what to name in an error.

        Raises:
            ValueError: there is no such image, or it has another size.
        """
        image = self._exact.get(name) or self._archived.get(archived_name(name))
        if image is None:
            raise ValueError(
                f"{at}: the image {name!r} is not in {self._truth.path}; "
                f"{nearest(name, list(self._exact))}it has {len(self._exact)} images, first "
                f"{next(iter(self._exact))!r}. Names count with their folders; the suffix does not"
            )
        if size != (image.height, image.width):
            raise ValueError(
                f"{at}: the image {name!r} has {size[0]} x {size[1]} px, but {image.height} x "
                f"{image.width} px (height x width) in {self._truth.path}; predict the images as "
                "they are, without resizing, cropping or turning them"
            )
        return image


def category_id(name: str, truth: CocoDataset, at: object) -> int:
    """Return the id of a class of the ground truth.

    Raises:
        ValueError: there is no such class; the message names those that there are.
    """
    numbers = [number for number, known in truth.categories.items() if known == name]
    if not numbers:
        known = list(truth.categories.values())
        raise ValueError(
            f"{at}: the class {name!r} is not in {truth.path}; {nearest(name, known)}known: "
            f"{', '.join(known)}. Give the class this name, or remove its objects"
        )
    return numbers[0]
