"""Checks of the images, masks and orientation of ISBI2014, and the extraction of its nuclei."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from gains.datasets.findings import Findings
from gains.masks.regions import components
from gains.masks.rle import Rle


def grey(values: object, at: str) -> NDArray[np.uint8]:
    """Return an image as uint8 (H, W).

    Raises:
        ValueError: not a (H, W) array of whole numbers from 0 to 255.
    """
    if not isinstance(values, np.ndarray) or values.ndim != 2 or not values.size:
        raise ValueError(f"{at} is {_described(values)}; expected one grey image (H, W)")
    if values.dtype == np.uint8:
        return values
    whole = values.dtype != bool and bool(
        ((values >= 0) & (values <= 255) & (values == np.rint(values))).all()
    )
    if not whole:
        raise ValueError(
            f"{at} holds {values.dtype} from {values.min()} to {values.max()}; expected 8-bit "
            "grey, whole numbers from 0 to 255"
        )
    return values.astype(np.uint8)


def mask(values: object, shape: tuple[int, ...], at: str) -> NDArray[np.bool_]:
    """Return a mask as bool (H, W).

    Raises:
        ValueError: not a binary array of the image's ``shape``.
    """
    if not isinstance(values, np.ndarray) or values.shape != shape:
        turned = isinstance(values, np.ndarray) and values.shape == shape[::-1]
        hint = "; image and masks are transposed against each other" if turned else ""
        raise ValueError(f"{at} is {_described(values)}; the image is {list(shape)}{hint}")
    inside = values != 0
    levels = values[inside]
    if levels.size and not (levels == levels[0]).all():
        raise ValueError(
            f"{at} has several values besides 0, {levels.min()} to {levels.max()}; expected a "
            "binary mask"
        )
    return np.asarray(inside, dtype=bool)


def nuclei(drawn: NDArray[np.bool_], name: str, findings: Findings) -> list[Rle]:
    """Return the nuclei of a binary image: regions of 4 neighbours without single pixels.

    The 45 training images then have 270 nuclei, as many as cytoplasms. At two of their nuclei one
    pixel touches the nucleus only at a corner. With 4 neighbours this pixel would be a separate
    nucleus, with 8 neighbours a part of the nucleus.

    Args:
        drawn: bool (H, W).
        name: name of the image.
        findings: records the dropped pixels.
    """
    kept = []
    for region in components(drawn, connectivity=4):
        if coco_mask.area(region) > 1:
            kept.append(region)
        else:
            findings.add("single pixels of a nucleus apart from the others were dropped", name)
    return kept


def _described(values: object) -> str:
    if isinstance(values, np.ndarray):
        return f"an array {list(values.shape)}"
    return "a cell" if isinstance(values, list) else f"a {type(values).__name__}"


class Orientation:
    """Test that images and masks have one orientation: cytoplasm is darker than its surroundings.

    A square image that is transposed by mistake keeps its size, and most cells are in the middle.
    Most transposed images are therefore darker inside the masks too: all but one of the 45
    training images. So there is a second test over all images: most masks must fit their image
    better than the transposed image. All 45 training images pass it.
    """

    def __init__(self) -> None:
        self._square = self._turned = 0
        self._first = ""

    def check(self, image: NDArray[np.uint8], masks: list[NDArray[np.bool_]], at: str) -> bool:
        """Check one image.

        Args:
            image: uint8 (H, W).
            masks: bool (H, W) each, of its cytoplasms.
            at: file and image, for messages.

        Returns:
            False if there is nothing to compare, because no pixel or every pixel is covered.

        Raises:
            ValueError: the cytoplasm is not darker than the rest.
        """
        covered = np.any(masks, axis=0) if masks else np.zeros(image.shape, dtype=bool)
        if covered.all() or not covered.any():
            return False
        inside, outside = float(image[covered].mean()), float(image[~covered].mean())
        if inside >= outside:
            raise ValueError(
                f"{at}: mean grey is {inside:.1f} inside the cytoplasms and {outside:.1f} "
                "outside, where cytoplasm must be darker; image and masks are probably "
                "transposed against each other (a file saved again by another program?), so "
                "fetch both again"
            )
        if image.shape[0] == image.shape[1]:
            self._square += 1
            # one comparison is enough, because inside and outside have the same pixels in total
            if float(image.T[covered].mean()) < inside:
                self._turned += 1
                self._first = self._first or at
        return True

    def conclude(self, path: Path) -> None:
        """Check all images together.

        Raises:
            ValueError: the masks fit most images better after the images are transposed.
        """
        if 2 * self._turned > self._square:
            raise ValueError(
                f"{path}: the masks of {self._turned} of {self._square} images fit better once "
                f"the image is transposed (first: {self._first}); image and masks are probably "
                "transposed against each other, so fetch both files again"
            )
