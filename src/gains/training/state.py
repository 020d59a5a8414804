"""The state of a training, which a checkpoint holds: all that its iterations change."""

from __future__ import annotations

import logging

import torch

from gains.config.recipe import RecipeSettings
from gains.models import checkpoint
from gains.models.contract import Detector
from gains.training.cost import TrainingCost
from gains.training.loss_log import LossRecord
from gains.training.optimiser import make_optimiser
from gains.training.scratch import Scratch
from gains.training.validations import Validations

logger = logging.getLogger(__name__)

LAYOUT = 2
"""The layout of checkpoints; it is part of the key, so none of another layout is continued."""


class TrainingState:
    """A model in training, its optimiser, and what is recorded about them.

    Attributes:
        done: number of finished iterations.

    Args:
        model: the model with its initial weights, on its device.
        recipe: optimiser and validations.
        device: device of the model.
    """

    def __init__(self, model: Detector, recipe: RecipeSettings, device: torch.device) -> None:
        self.model, self.device = model, device
        self.optimiser = make_optimiser(model, recipe, model.encoder)
        self.done = 0
        self.losses = LossRecord()
        self.cost = TrainingCost(device)
        self.validations = Validations(recipe)

    @property
    def note(self) -> str:
        """The latest loss and validation, for the progress display."""
        return " ".join(text for text in (self.losses.last, self.validations.note) if text)

    def to_json(self) -> dict[str, object]:
        """Return what ``run.json`` says about the iterations, their validations and their cost."""
        validation = {"validation": self.validations.to_json()} if self.validations.rows else {}
        return {"iterations": self.done, **validation, **self.cost.to_json()}

    def save(self, scratch: Scratch, key: str) -> None:
        """Write the checkpoint of the job with this key."""
        content = {
            "key": key,
            "iteration": self.done,
            "losses": self.losses.rows,
            "validations": self.validations.state(),
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "cost": self.cost.to_json(),
        }
        checkpoint.save(scratch.checkpoint, content)

    def resume(self, scratch: Scratch, key: str) -> None:
        """Continue from the checkpoint of the same job, if there is one."""
        path = scratch.checkpoint
        if not path.exists():
            return
        try:
            kept = checkpoint.load(path, self.device)
        except ValueError:
            logger.warning(
                "%s: the checkpoint is cut off or damaged; it is now %s, and the training starts "
                "again at iteration 0",
                path,
                scratch.set_checkpoint_aside().name,
            )
            return
        if kept.get("key") != key:
            logger.info(
                "the checkpoint in %s belongs to another job; the training starts again",
                path.parent,
            )
            return
        advice = "remove the file, and train again with a lower learning rate or clip_norm"
        checkpoint.check_finite(kept["model"], f"{path}: weights", advice)
        self.model.load_state_dict(kept["model"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.done = kept["iteration"]
        self.losses = LossRecord(kept["losses"])
        self.cost = TrainingCost(self.device, kept["cost"])
        self.validations.resume(kept["validations"])
        logger.info("resume at iteration %d", self.done)
