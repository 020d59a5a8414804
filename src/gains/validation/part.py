"""The validation part of a data set: its labels, and predictions of its images."""

from __future__ import annotations

from pathlib import Path

from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.prediction.files import Predictions, as_predictions
from gains.prediction.image_predictor import ImagePredictor
from gains.scoring.score import number_of_truths


class ValidationPart:
    """The images of the validation part of a data set, and their labels.

    Args:
        coco: COCO JSON file; the images are beside it as ``.zip``.
        split: split file.
        fold: fold of the split.
        advice: what an error about the part tells to do.

    Attributes:
        truth: the labels.

    Raises:
        FileNotFoundError: an input is missing.
        ValueError: an input is broken, or the part has no image or no object.
    """

    def __init__(self, coco: Path, split: Path, fold: int, advice: str) -> None:
        names = read_split(split).names("val", fold)
        where = f"{split}: the validation part (val) of fold {fold}"
        if not names:
            raise ValueError(f"{where} has no images; {advice}")
        self.truth = read_coco(coco).part(names)
        try:
            number_of_truths(self.truth)
        except ValueError as error:
            raise ValueError(f"{where} cannot be scored ({error}); {advice}") from error
        self.archive = ImageArchive(coco.with_suffix(".zip"))
        self.archive.require(image.file_name for image in self.truth.images.values())

    @property
    def images(self) -> int:
        """Number of images of the part."""
        return len(self.truth.images)

    def predictions(self, predictor: ImagePredictor) -> Predictions:
        """Return the predictions of all images of the part."""
        images = self.truth.images.values()
        pictures = ((image, self.archive.read(image.file_name)) for image in images)
        return as_predictions(predictor.each(pictures))
