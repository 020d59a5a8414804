"""The validations of a training: their values, and the weights of the best one.

Training only calls a function that it is given, so it depends on no prediction and no metric.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from gains.config.prediction import ValidationSettings
from gains.config.recipe import RecipeSettings
from gains.models.contract import Detector
from gains.support.files import write_text

logger = logging.getLogger(__name__)


class Validate(Protocol):
    """Function that returns the value of a model on the validation part."""

    @property
    def how(self) -> ValidationSettings:
        """Metric, and settings of prediction."""
        ...

    @property
    def images(self) -> int:
        """Number of images of the validation part."""
        ...

    def __call__(self, model: Detector) -> float:
        """Return the value of a model in test mode; a larger one is better."""
        ...


class ValidationRow(NamedTuple):
    """One validation.

    Attributes:
        iteration: number of iterations before it.
        metric: name of the metric.
        value: value of the metric, a fraction.
        threshold: score threshold of the predictions; None if all detections count.
        images: number of images of the validation part.
        seconds: time that it took, in s.
    """

    iteration: int
    metric: str
    value: float
    threshold: float | None
    images: int
    seconds: float


class Validations:
    """The validations of a training so far, and the weights of the best one on the CPU.

    Args:
        recipe: when to validate, and which weights to keep.
    """

    def __init__(self, recipe: RecipeSettings) -> None:
        self.recipe = recipe
        self.rows: list[ValidationRow] = []
        self.best: dict[str, Tensor] | None = None

    def due(self, done: int) -> bool:
        """Return whether to validate after ``done`` iterations."""
        every = self.recipe.validation_interval
        return every is not None and (done % every == 0 or done == self.recipe.iterations)

    def add(self, validate: Validate, model: Detector, done: int) -> None:
        """Validate a model after ``done`` iterations, and copy its weights if they are picked."""
        began, how = time.monotonic(), validate.how
        model.eval()
        value = validate(model)
        model.train()
        place = (done, how.metric, value, how.score_threshold, validate.images)
        self.rows.append(ValidationRow(*place, time.monotonic() - began))
        is_best = self.recipe.select == "best" and self.picked is self.rows[-1]
        if is_best:
            self.best = {n: v.detach().to("cpu", copy=True) for n, v in model.state_dict().items()}
        logger.info(
            "iteration %d: %s on %d validation images%s",
            *(done, self.note, validate.images, ", the best so far" if is_best else ""),
        )

    @property
    def picked(self) -> ValidationRow:
        """The validation of the weights that are kept: the last, or the first of the best ones."""
        if self.recipe.select == "last":
            return self.rows[-1]
        return max(self.rows, key=lambda row: row.value)

    @property
    def note(self) -> str:
        """The latest value, for the progress display; an empty text before the first."""
        return f"{self.rows[-1].metric} {self.rows[-1].value:.4f}" if self.rows else ""

    @property
    def exhausted(self) -> bool:
        """Whether the training ends, because the last validations brought no better value."""
        patience = self.recipe.early_stopping
        if patience is None or not self.rows:
            return False
        return len(self.rows) - 1 - self.rows.index(self.picked) >= patience

    def restore(self, model: Detector) -> None:
        """Give a model the best weights, if the recipe selects them; warn if none was any good."""
        if self.best is None:
            return
        if self.picked.value <= 0:
            logger.warning(
                "%s is 0 in all %d validations, so the weights of the first one, after iteration "
                "%d, are kept; train longer, or lower validation_threshold (and for a metric that "
                "is not an AP clean_score_threshold)",
                *(self.picked.metric, len(self.rows), self.picked.iteration),
            )
        model.load_state_dict(self.best)

    def state(self) -> dict[str, Any]:
        """Return the rows and the best weights for a checkpoint."""
        return {"rows": [tuple(row) for row in self.rows], "best": self.best}

    def resume(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state` returned, whose weights may be on another device."""
        best = state["best"]
        self.rows = [ValidationRow(*row) for row in state["rows"]]
        self.best = None if best is None else {name: value.cpu() for name, value in best.items()}

    def to_json(self) -> dict[str, object]:
        """Return the block ``validation`` of ``run.json``."""
        picked, last = self.picked, self.rows[-1]
        return {
            "select": self.recipe.select,
            "metric": picked.metric,
            "score_threshold": picked.threshold,
            "images": picked.images,
            "validations": len(self.rows),
            "iteration": picked.iteration,
            "value": picked.value,
            "stopped_early": last.iteration < self.recipe.iterations,
            "seconds": round(sum(row.seconds for row in self.rows), 1),
        }

    def write(self, path: str | Path) -> None:
        """Write ``validation.csv``: one line for each validation; only the header without any.

        ``picked`` marks the validation of the weights in the model file.
        """
        lines = ["iteration,metric,value,score_threshold,images,picked"]
        kept = self.picked if self.rows else None
        for row in self.rows:
            threshold = "" if row.threshold is None else row.threshold
            picked = "yes" if row is kept else "no"
            lines.append(
                f"{row.iteration},{row.metric},{row.value!r},{threshold},{row.images},{picked}"
            )
        write_text(path, "\n".join(lines) + "\n")
