"""The columns of the prediction figure: the title, detections and predicted images of a method."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gains.datasets.coco import CocoDataset, ImageRecord
from gains.figures.prediction.predicted_images import info_of
from gains.instances import Instances
from gains.methods import METHODS
from gains.prediction.files import Predictions, box_scores, read_predictions
from gains.prediction.sidecar import predicted_images, sidecar_path


@dataclass(frozen=True)
class Column:
    """The predictions of one method.

    Attributes:
        title: title of the column.
        path: path of the prediction file.
        predictions: the detections by image id.
        listed: ids of the predicted images; None if there is no list beside the file.
    """

    title: str
    path: Path
    predictions: Predictions
    listed: frozenset[int] | None

    @staticmethod
    def read(title: str, path: Path, coco: CocoDataset) -> Column:
        """Read a prediction file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is broken, or belongs to another data set.
        """
        return Column(title, path, read_predictions(path, coco), _listed(path, coco))

    def predicted(self, image: ImageRecord) -> bool:
        """Return whether an image is listed as predicted or, without a list, has a detection."""
        if self.listed is not None:
            return image.id in self.listed
        return image.id in self.predictions

    def instances_of(self, image: ImageRecord, min_score: float) -> Instances:
        """Return the predictions of an image with at least ``min_score``, best first."""
        if image.id not in self.predictions:
            return Instances.from_rles(image.height, image.width, [], [])
        instances = self.predictions[image.id]
        order = np.argsort(-instances.scores, kind="stable")
        return instances.select(order[box_scores(instances)[order] >= min_score])


def _listed(path: Path, coco: CocoDataset) -> frozenset[int] | None:
    """Return the ids of the images that the list beside a prediction file names."""
    images = predicted_images(path, coco)
    return None if images is None else frozenset(image.id for image in images.values())


def refuse_unpredicted(records: Sequence[ImageRecord], columns: Sequence[Column]) -> None:
    """Refuse images that are not in the list of predicted images beside a file.

    Raises:
        ValueError: there is such an image; the figure would show it like an image without objects.
    """
    for record in records:
        for column in columns:
            if column.listed is not None and record.id not in column.listed:
                raise ValueError(
                    f"{column.path}: image {record.file_name!r} was not predicted; "
                    f"{sidecar_path(column.path)} lists the {len(column.listed)} that were"
                )


def all_predicted(records: Sequence[ImageRecord], columns: Sequence[Column]) -> list[ImageRecord]:
    """Return the images that every column has predicted.

    Raises:
        ValueError: there is no such image.
    """
    found = [record for record in records if all(column.predicted(record) for column in columns)]
    if not found:
        files = ", ".join(str(column.path) for column in columns)
        raise ValueError(
            f"{files}: none of {len(records)} images was predicted in all of these; name the part "
            "that was predicted with --split and --part, or images with --image"
        )
    return found


def titles_of(paths: Sequence[Path], labels: Sequence[str]) -> list[str]:
    """Return a title for each prediction file: its label, or that of its method.

    The path ``.../<method>/<variant>/seed<k>/fold<k>/<file>`` of a run gives the method's title,
    and the variant unless it is ``default``. Any other file gives its name without suffixes, after
    the title of the method if the list of images beside it names one.

    Raises:
        ValueError: the numbers of labels and files differ, or two titles are equal.
    """
    if labels and len(labels) != len(paths):
        raise ValueError(
            f"{len(labels)} --label for {len(paths)} --predictions; give one each or none"
        )
    titles = list(labels) or [_title(path) for path in paths]
    for title in titles:
        if titles.count(title) > 1:
            raise ValueError(
                f"{titles.count(title)} columns have the title {title!r}; give each its own title: "
                "one --label for each --predictions"
            )
    return titles


def _title(path: Path) -> str:
    run = re.search(r"([^/]+)/([^/]+)/seed\d+/fold\d+/[^/]+$", path.absolute().as_posix())
    name = path.name.removesuffix(".gz").removesuffix(".json")
    if run is None:
        settings = info_of(path).get("method")
        method = settings.get("name") if isinstance(settings, dict) else settings
        return f"{METHODS.get(method).title}, {name}" if method in METHODS.names() else name
    method, variant = run.groups()
    title = METHODS.get(method).title if method in METHODS.names() else method
    return title if variant == "default" else f"{title}, {variant}"
