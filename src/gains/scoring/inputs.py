"""What a call scores: its files, its settings, and how these compare with a study's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gains.datasets.split_file import read_split
from gains.scoring.score import Content, score_files


@dataclass(frozen=True)
class ScoringInputs:
    """What is scored.

    Attributes:
        ground_truth: COCO JSON file.
        predictions: COCO result list.
        split: split file, or None to score all images.
        part: part of the split.
        fold: fold of the split.
        max_detections: number of detections per image and category that count.
        clean_score_threshold: lowest score of the detections that clean metrics count.
        comparison: how these settings compare with those of a study's tables.
    """

    ground_truth: Path
    predictions: Path
    split: Path | None
    part: str
    fold: int
    max_detections: int = 100
    clean_score_threshold: float = 0.0
    comparison: str = "these settings are those of the command"

    def with_settings(self, settings: Mapping[str, float], comparison: str) -> ScoringInputs:
        """Return the same with other settings, by their names, and another comparison."""
        limit = int(settings["max_detections"])
        threshold = settings.get("clean_score_threshold", self.clean_score_threshold)
        return replace(
            self,
            max_detections=limit,
            clean_score_threshold=threshold,
            comparison=comparison,
        )

    @property
    def sentence(self) -> str:
        """With which settings the scores are made, and how they compare with a study's."""
        images = "all images" if self.split is None else f"the part {self.part!r}"
        return (
            f"scores of {images} with max_detections {self.max_detections} and "
            f"clean_score_threshold {self.clean_score_threshold:g}: {self.comparison}"
        )

    def scores(self) -> Content:
        """Return the content of the score file; see :func:`score_files`."""
        names = None if self.split is None else read_split(self.split).names(self.part, self.fold)
        return score_files(
            self.ground_truth,
            self.predictions,
            file_names=names,
            max_detections=self.max_detections,
            clean_score_threshold=self.clean_score_threshold,
        )
