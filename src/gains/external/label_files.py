"""Predictions in files of any label format, matched to images whose files are not at hand."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from gains.datasets.coco import CocoDataset
from gains.datasets.findings import Findings
from gains.datasets.labels.base import LabelFormat, Labelled, LabelSet
from gains.datasets.labels.coco_json import COCO
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.per_image import NO_LABELS
from gains.datasets.labels.recognise import recognise_in
from gains.datasets.labels.settings import FolderSettings
from gains.datasets.readers.coco_checks import SourceImage
from gains.datasets.readers.images import IMAGE_SUFFIXES, Reading, has_image_suffix
from gains.external.base import External, KnownImages, category_id
from gains.external.coco_results import read_coco_results
from gains.instances import Instances
from gains.support.files import read_json
from gains.support.names import normal

UNNAMED = "(no class)"
"""Class of the objects whose files name none, where nothing says which class it is."""


class RecordedImages(OwnFolders):
    """The images that the ground truth lists, in the place of the image files.

    Args:
        truth: the ground truth.
        labels: file or folder of the predictions.
    """

    def __init__(self, truth: CocoDataset, labels: Path) -> None:
        super().__init__(labels if labels.is_dir() else labels.parent, labels)
        self.images = Path(truth.path)  # what messages name
        self._records = {image.file_name: image for image in truth.images.values()}

    @cached_property
    def image_files(self) -> dict[str, Path]:
        """The names of the images, each as a path, of which no file is read."""
        return {name: Path(name) for name in self._records}

    def names(self, image: str) -> tuple[str, ...]:
        """Return the names by which a file may name an image, whose suffix may be any."""
        stem = _stem(image)
        return stem, image, *(f"{stem}{suffix}" for suffix in IMAGE_SUFFIXES)

    def size(self, image: str, _: Reading) -> tuple[int, int]:
        """Return height and width of an image in px, as the ground truth states them."""
        record = self._records[image]
        return record.height, record.width

    def is_image(self, path: Path) -> bool:
        """Return whether a file is a copy of an image: another file of its name is beside it."""
        return path in self._copies

    @cached_property
    def _copies(self) -> frozenset[Path]:
        images = {_stem(normal(name)) for name in self._records}
        named: dict[str, list[Path]] = {}
        others: set[str] = set()
        for name, path in self.label_files.items():
            stem = _stem(normal(name))
            if stem in images and has_image_suffix(path):
                named.setdefault(stem, []).append(path)
            else:
                others.update(_beginnings(stem))
        return frozenset(path for stem in named.keys() & others for path in named[stem])


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _beginnings(stem: str) -> list[str]:
    """Return a name, and what stands before each of its underscores: `a` of `a_cp_masks`."""
    return [stem, *(stem[:k] for k, character in enumerate(stem) if character == "_")]


def read_label_files(files: Path, truth: CocoDataset, category: str | None) -> External:
    """Return the predictions in files of a label format, which is recognised.

    Args:
        files: file or folder.
        truth: the ground truth.
        category: class of the objects whose files name none; None: the only class of the ground
            truth.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: the files are of no known format or of several, cannot be read, belong to no
            image of the ground truth, have another size, or name another class or none.
    """
    settings = FolderSettings(
        images=truth.path, labels=str(files), category=_default(truth, category, files)
    )
    folders: OwnFolders = RecordedImages(truth, files)
    if folders.masks:  # mask files, whose images lie beside them
        folders = OwnFolders(files, files)
    kind, found = recognise_in(folders, settings)
    if kind is COCO:
        return _coco(found, truth)
    findings = Findings()
    labelled = kind.read(found, findings)
    remarks = [text for text in findings.sentences() if not text.startswith(NO_LABELS)]
    return _external(kind, labelled, truth, files, tuple(remarks))


def _default(truth: CocoDataset, category: str | None, files: Path) -> str:
    if category is not None:
        category_id(category, truth, f"{files}: category")
        return category
    return next(iter(truth.categories.values())) if len(truth.categories) == 1 else UNNAMED


def _coco(found: LabelSet, truth: CocoDataset) -> External:
    if len(found.files) > 1:
        raise ValueError(
            f"{found.folders.labels}: holds {len(found.files)} COCO files, "
            f"{', '.join(list(found.files)[:3])}; name one of them instead of its folder"
        )
    (path,) = found.files.values()
    return read_coco_results(path, read_json(path), truth)


def _external(
    kind: LabelFormat, labelled: Labelled, truth: CocoDataset, files: Path, remarks: tuple[str, ...]
) -> External:
    if UNNAMED in (labelled.categories[n] for s in labelled.sources for n in s.categories):
        raise ValueError(
            f"{files}: its objects name no class, but {truth.path} has {len(truth.categories)}: "
            f"{', '.join(truth.categories.values())}. Say with `category` which of them they are"
        )
    scored = _all_scored(labelled.sources, files)
    known, predictions, listed = KnownImages(truth), dict[int, Instances](), set[int]()
    for source in labelled.sources:
        image = known.find(source.name, (source.height, source.width), str(files))
        listed.add(image.id)
        if source.masks:
            categories = [
                category_id(labelled.categories[n], truth, files) for n in source.categories
            ]
            scores: Any = source.scores if scored else None
            predictions[image.id] = Instances.from_rles(
                image.height, image.width, source.masks, categories, scores
            )
    return External(kind.name, predictions, frozenset(listed), scored, remarks)


def _all_scored(sources: list[SourceImage], files: Path) -> bool:
    total = sum(len(source.masks) for source in sources)
    scores = [(s.name, score) for s in sources for score in s.scores if score is not None]
    if not scores:
        return False
    if len(scores) < total:
        raise ValueError(
            f"{files}: {total - len(scores)} of {total} objects have no score; give every object "
            "a score, or none"
        )
    for name, score in scores:
        if math.isnan(score) or not 0 <= score <= 1:
            raise ValueError(f"{files}: {name}: expected a score in [0, 1], found {score!r}")
    return True
