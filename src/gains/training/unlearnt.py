"""A count of the objects that a training cannot learn, although they are in the data set."""

from __future__ import annotations

import logging

from torch import Tensor

from gains.models.contract import Detector
from gains.training.samples import Sample

logger = logging.getLogger(__name__)


class FirstPass:
    """The objects in the first pass over the training images, or in a training that ends before.

    An object is not learnt if it vanishes when its image is resized, or if the model's losses
    leave it out.

    Args:
        images: number of training images and scenes.
    """

    def __init__(self, images: int) -> None:
        self._images = images
        self._all = self._vanished = 0
        self._unlearnt: list[Tensor] = []

    def add(self, model: Detector, batch: list[Sample]) -> None:
        """Count the objects of a batch, without waiting for the device; warn after the last one."""
        if self._images <= 0:
            return
        for sample in batch[: self._images]:
            self._all += len(sample.target.boxes) + sample.moved_out + sample.vanished
            self._vanished += sample.vanished
            self._unlearnt.append(model.unlearnt(sample.target).sum())
        self._images -= len(batch)
        if self._images <= 0:
            self.warn(model)

    def warn(self, model: Detector) -> None:
        """Warn of the objects that are not learnt, if there are any, and count no more."""
        unlearnt = sum(int(count) for count in self._unlearnt)
        reasons = {
            "they vanish when the images are resized; choose larger train_sizes and "
            "max_size": self._vanished,
            model.unlearnt_because: unlearnt,
        }
        for reason, count in reasons.items():
            if count:
                logger.warning(
                    "%d of %d objects in the training images are not learnt, because %s",
                    count,
                    self._all,
                    reason,
                )
        self._images, self._vanished, self._unlearnt = 0, 0, []
