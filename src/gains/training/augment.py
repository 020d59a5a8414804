"""The augmentation of a sample by the transforms of the recipe, on the device of the sample.

Each transform of the list has a stream of random numbers of its own, which depends on the seed, the
position of the sample and the transform's place in the list alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from gains.config.augmentation import MovingSettings, TransformSettings
from gains.models.contract import Target
from gains.training.transforms import PLACES, VALUES
from gains.training.warp import warp_sample

TRANSFORMS = 4
"""A stream of random numbers; samples.py and train.py have the other streams."""
ATTEMPTS = 5
"""Number of draws of a transform after which no object is left, before it is left out."""


def augment(
    image: Tensor,
    target: Target,
    augmentations: Sequence[TransformSettings],
    seed: int,
    position: int,
) -> tuple[Tensor, Target]:
    """Return an image and its ground truth after the transforms that the seed draws.

    A transform after which no object would be left is drawn again, at most ``ATTEMPTS`` times in
    all, and is then left out, since training leaves out images without objects.

    Args:
        image: uint8 (3, H, W).
        target: its ground truth.
        augmentations: transforms, in the order in which they are applied.
        seed: seed of the run.
        position: position of the sample in the stream.
    """
    for place, settings in enumerate(augmentations):
        rng = np.random.default_rng((seed, TRANSFORMS, position, place))
        if rng.random() < settings.p:
            image, target = _transformed(image, target, settings, rng)
    return image, target


def _transformed(
    image: Tensor, target: Target, settings: TransformSettings, rng: np.random.Generator
) -> tuple[Tensor, Target]:
    kind = type(settings)
    if kind in VALUES:
        return VALUES[kind](settings, rng)(image), target
    black = isinstance(settings, MovingSettings) and settings.fill == "black"
    for _ in range(ATTEMPTS):
        move = PLACES[kind](settings, (image.shape[1], image.shape[2]), rng)
        moved = warp_sample(image, target, move, black)
        if moved is not None:
            return moved
    return image, target
