"""One value for a model in training: a metric of its predictions on the validation part."""

from __future__ import annotations

from pathlib import Path

from gains.methods.run_settings import RunSettings
from gains.metrics.names import check_larger_is_better
from gains.models.contract import Detector
from gains.prediction.image_predictor import ImagePredictor
from gains.scoring.score import value_of
from gains.validation.part import ValidationPart


class Validation:
    """The validation part of a data set, and a function that scores a model on it.

    The value is the one that ``gains predict --part val`` and ``gains score`` give for the weights
    of the model and the thresholds that it was built with (:attr:`RunSettings.while_training`). No
    other part of the data set is looked at.

    Args:
        settings: settings of the run.
        coco: COCO JSON file; the images are beside it as ``.zip``.
        split: split file.
        fold: fold of the split.

    Raises:
        FileNotFoundError: an input is missing.
        ValueError: the settings do not say how to validate, a smaller value of the metric is
            better, or the part has no image or no object.
    """

    def __init__(self, settings: RunSettings, coco: Path, split: Path, fold: int) -> None:
        if settings.validation is None:
            raise ValueError(
                "the recipe validates, but the settings have no block `validation`, which says how "
                "to predict and score; take the settings that `gains config show` prints"
            )
        self.settings, self.how = settings, settings.validation
        check_larger_is_better(self.how.metric, "validation.metric")
        advice = "make another split, or train with select: last and without validate_every"
        self.part = ValidationPart(coco, split, fold, advice)

    @property
    def images(self) -> int:
        """Number of images of the validation part."""
        return self.part.images

    def __call__(self, model: Detector) -> float:
        """Return the value of a model in test mode, a fraction; a larger one is better."""
        device = next(model.parameters()).device
        truth = self.part.truth
        return value_of(
            self.how.metric,
            truth,
            self.part.predictions(ImagePredictor(model, self.settings, truth.categories, device)),
            self.how.max_detections,
            self.how.clean_score_threshold or 0.0,
        )
