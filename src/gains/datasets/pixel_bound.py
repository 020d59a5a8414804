"""The bound on the pixels of one image, which keeps the memory of reading it bounded."""

from __future__ import annotations

import os

from PIL import Image

BOUND = "GAINS_MAX_PIXELS"
"""Environment variable that sets the largest number of pixels of an image."""

DEFAULT = 180_000_000
LARGEST = 2**31 - 1
"""Largest number of pixels of any image, because pycocotools counts pixels in 32 bits."""

# Pillow's own bound would call a large image an attack; `check_pixels` replaces it.
Image.MAX_IMAGE_PIXELS = None


def max_pixels() -> int:
    """Return the largest number of pixels of an image that is read.

    Raises:
        ValueError: the environment variable is not a number from 1 to ``LARGEST``.
    """
    text = os.environ.get(BOUND, "").strip()
    if not text:
        return DEFAULT
    if not (text.isdecimal() and 1 <= int(text) <= LARGEST):
        raise ValueError(
            f"the environment variable {BOUND} is {text!r}; expected a whole number of pixels "
            f"from 1 to {LARGEST}"
        )
    return int(text)


def check_pixels(height: int, width: int, at: object) -> None:
    """Refuse an image of more pixels than the bound, before it is decoded.

    Raises:
        ValueError: it has more; the message says how to raise the bound.
    """
    bound = max_pixels()
    if height * width > bound:
        advice = (
            f"if the memory suffices, set {BOUND}={height * width} or more"
            if height * width <= LARGEST
            else f"no image can have more than {LARGEST} pixels"
        )
        raise ValueError(
            f"{at}: has {height} x {width} px, {height * width} pixels, and the bound is {bound}; "
            f"cut the image into tiles, or change the bound with the environment variable {BOUND}: "
            f"{advice}"
        )
