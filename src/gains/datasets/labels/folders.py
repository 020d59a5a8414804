"""The files below a folder of images and a file or folder of labels."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from gains.datasets.readers.images import has_image_suffix
from gains.datasets.readers.raw_files import all_files
from gains.support.files import require_file


class OwnFolders:
    """The files of images and labels; hidden files and those of file managers are left out.

    The two folders may be the same, or one may lie in the other.

    Args:
        images: folder of the images.
        labels: file or folder of the labels.

    Raises:
        FileNotFoundError: there is no such folder of images, or no such labels.
    """

    def __init__(self, images: Path, labels: Path) -> None:
        if not images.is_dir():
            raise FileNotFoundError(f"{images}: no such folder of images")
        self.images, self.labels = images, labels
        if not labels.is_dir():
            require_file(labels, "no such file or folder of labels")
        real = [Path(os.path.realpath(path)) for path in (images, labels)]
        self._apart = real[0] != real[1] and real[1].is_relative_to(real[0])
        self._places = real

    @cached_property
    def label_files(self) -> dict[str, Path]:
        """All files of the labels by relative path, also those that are no labels."""
        if self.labels.is_dir():
            return dict(sorted(all_files(self.labels).items()))
        return {self.labels.name: self.labels}

    @cached_property
    def image_files(self) -> dict[str, Path]:
        """The image files by path below the folder of images."""
        found = sorted(all_files(self.images).items())
        return {name: path for name, path in found if self.is_image(path)}

    @cached_property
    def masks(self) -> frozenset[Path]:
        """The label files in folders ``<id>/masks`` beside a folder ``<id>/images``."""
        places = {
            place
            for name in self.label_files
            for place in Path(name).parents
            if len(place.parts) > 1 and place.name.lower() == "masks"
        }
        inside = {place for place in places if self._beside_images(self.labels / place)}
        return frozenset(
            path
            for name, path in self.label_files.items()
            if inside.intersection(Path(name).parents)
        )

    def _beside_images(self, masks: Path) -> bool:
        return any(
            path.name.lower() == "images" and path.is_dir() for path in masks.parent.iterdir()
        )

    def is_image(self, path: Path) -> bool:
        """Return whether an image file lies among the images, and not in labels among these."""
        if not has_image_suffix(path):
            return False
        images, labels = self._places
        real = Path(os.path.realpath(path.parent)) / path.name
        return real.is_relative_to(images) and not (self._apart and real.is_relative_to(labels))
