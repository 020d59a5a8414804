"""Fine-tuning: the values of a whole model, from which the training of another one starts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from gains.config.base import Changes
from gains.models import checkpoint
from gains.models.contract import Detector
from gains.models.pretrained import state_of

logger = logging.getLogger(__name__)

ALIKE = ("name", "width", "stride_in_1x1", "channel_order", "fpn_channels")
"""Settings of a backbone without which its values mean something else."""


@dataclass(frozen=True)
class Start:
    """A whole model in a file: of `gains train`, or a detector of `gains weights convert`.

    Attributes:
        path: the file.
        state: values by name.
        categories: category names by id, or None if the file does not say.
        settings: settings of its training, or None if the file does not say.
    """

    path: Path
    state: dict[str, Tensor]
    categories: dict[int, str] | None
    settings: Changes | None

    @property
    def model(self) -> Changes | None:
        """Settings of the model, or None if the file does not say."""
        return None if self.settings is None else self.settings.get("method")

    @classmethod
    def read(cls, path: Path) -> Start:
        """Read a file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is damaged, or holds no values by name.
        """
        content = checkpoint.load(path)
        if content.get("format") != checkpoint.MODEL_FORMAT:
            return cls(path, state_of(content, path), None, None)
        content = checkpoint.load_model(path)
        categories = {int(number): name for number, name in content["categories"].items()}
        return cls(path, content["state"], categories, content["settings"])

    def check(self, model: Detector, larger: Detector, categories: int) -> None:
        """Refuse a file whose model is built differently, apart from the number of categories.

        Args:
            model: the model that is trained.
            larger: the same for one more category.
            categories: number of categories of the model that is trained.

        Raises:
            ValueError: the file holds no whole model, or its backbone or another part differs.
        """
        own, encoder = model.state_dict(), model.encoder
        shapes = {name: value.shape for name, value in larger.state_dict().items()}
        if not own.keys() & self.state.keys() or all(k.startswith(encoder) for k in self.state):
            raise ValueError(
                f"start_from: {self.path} holds no whole model with the names of this one; name a "
                "file of `gains train`, or give the weights of a backbone as backbone.weights"
            )

        def needed(name: str) -> bool:
            return name.startswith(encoder) and not name.endswith("num_batches_tracked")

        # A shape may differ if it depends on the number of categories, and that number differs.
        # Buffers of such a shape are made anew before the first iteration.
        as_many = self.categories is not None and len(self.categories) == categories
        learnt = {name for name, _ in model.named_parameters()} if as_many else set()
        unfit = [
            name
            for name, value in own.items()
            if (name in learnt or shapes[name] == value.shape)
            and (self.state[name].shape != value.shape if name in self.state else needed(name))
        ]
        if unfit:
            raise ValueError(
                f"start_from: {len(unfit)} of {len(own)} values of this model do not fit "
                f"{self.path}, first {unfit[0]!r} ({_shape(own[unfit[0]])} here, "
                f"{_shape(self.state.get(unfit[0]))} in the file); give this run the backbone, the "
                "numbers of channels and the other sizes of that model, or start from another file"
            )

    def _fitting(self, model: Detector, larger: Detector, categories: int) -> dict[str, Tensor]:
        """Return the values that the model takes over.

        With another number of categories, no value is taken whose shape depends on this number: the
        shapes may be equal by chance, as eight layers of one class and four layers of two.
        """
        own = model.state_dict()
        found = {k: v for k, v in self.state.items() if k in own and v.shape == own[k].shape}
        if self.categories is None or len(self.categories) == categories:
            return found
        grown = larger.state_dict()
        return {k: v for k, v in found.items() if grown[k].shape == own[k].shape}

    def check_backbone(self, own: Mapping[str, Any]) -> None:
        """Refuse a backbone of other settings, also where the shapes of its values are equal.

        Args:
            own: settings of the model that is trained.

        Raises:
            ValueError: a setting differs; the message gives both values.
        """
        theirs, ours = (self.model or {}).get("backbone"), own.get("backbone")
        if not isinstance(theirs, dict) or not isinstance(ours, dict):
            return
        keys = [key for key in ALIKE if theirs.get(key) != ours.get(key)]
        if (theirs.get("norm") == "gn") != (ours.get("norm") == "gn"):
            keys.append("norm")
        if keys:
            found = ", ".join(f"{key}: {theirs.get(key)}" for key in keys)
            here = ", ".join(f"{key}: {ours.get(key)}" for key in keys)
            raise ValueError(
                f"start_from: the backbone in {self.path} has {found}, but the one of this run "
                f"{here}; set backbone: {{{found}}}"
            )

    def load_into(self, model: Detector, larger: Detector, categories: int) -> None:
        """Give a model all values that fit, and say how many.

        Args:
            model: the model that is trained.
            larger: the same for one more category.
            categories: number of categories of the model that is trained.

        Raises:
            ValueError: a value is not finite.
        """
        own = model.state_dict()
        taken = self._fitting(model, larger, categories)
        checkpoint.check_finite(taken, f"start_from: {self.path}", "name another file")
        model.load_state_dict({**own, **taken})
        logger.info("start_from %s: %d of %d values of the model", self.path, len(taken), len(own))
        if anew := [name for name in own if name not in taken]:
            logger.info(
                "%d values are drawn anew, because the file does not have them, or for another "
                "number of categories: %s",
                len(anew),
                ", ".join(anew[:8]),
            )

    def record(
        self, model: Detector, larger: Detector, categories: Mapping[int, str]
    ) -> dict[str, object]:
        """Return what ``run.json`` says about the start; warn of other categories.

        Args:
            model: the model that is trained.
            larger: the same for one more category.
            categories: category names of its data set by id.
        """
        own = model.state_dict()
        taken = self._fitting(model, larger, len(categories))
        known, here = self.categories, [categories[number] for number in sorted(categories)]
        theirs = None if known is None else [known[number] for number in sorted(known)]
        if theirs is not None and len(theirs) == len(here) and theirs != here:
            logger.warning(
                "start_from %s: its model knows the categories %s, the data set has %s. The layers "
                "that tell them apart are taken over in this order, and learn the new ones",
                self.path,
                ", ".join(theirs),
                ", ".join(here),
            )
        anew = [name for name in own if name not in taken]
        return {"taken_over": len(taken), "values": len(own), "drawn_anew": anew}


def _shape(value: Tensor | None) -> str:
    return "none" if value is None else " x ".join(map(str, value.shape)) or "a number"
