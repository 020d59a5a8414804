"""One export: from a prediction file to files of several formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gains.config.prediction import SHOWN_SCORE
from gains.export.base import ExportFormat, Results
from gains.export.results import read_results
from gains.export.write import check_folder, write_formats
from gains.figures.drawing.images import Pictures
from gains.figures.prediction.predicted_images import reading_of


@dataclass(frozen=True)
class ExportJob:
    """What is exported, and where to.

    Attributes:
        formats: the formats.
        out: folder to write.
        images: files and folders of the images.
        coco: COCO file of the images, with an archive beside it, or None.
        score_threshold: lowest score of an object, in [0, 1].
        scores: whether pictures show the scores.
    """

    formats: list[ExportFormat]
    out: Path
    images: Sequence[Path] = ()
    coco: Path | None = None
    score_threshold: float = SHOWN_SCORE
    scores: bool = False

    def check(self) -> None:
        """Refuse a folder that cannot be written; see :func:`check_folder`."""
        check_folder(self.out, self.images)

    def run(self, predictions: Path) -> Results:
        """Write the files and return what they hold.

        Raises:
            FileNotFoundError: the predictions, or images that a format needs, are missing.
            ValueError: the predictions are broken, or the folder cannot be written.
        """
        self.check()
        results = read_results(predictions, self.coco, self.score_threshold)
        if any(record.needs_images for record in self.formats):
            pictures = Pictures(self.coco, self.images, reading_of(predictions))
            pictures.require([image.record for image in results.images])
            results = replace(results, pixels=pictures.read, scores=self.scores)
        write_formats(results, self.formats, self.out)
        return results
