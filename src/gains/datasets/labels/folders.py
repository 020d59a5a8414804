"""The files below a folder of images and a file or folder of labels."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path, PurePosixPath

from gains.datasets.readers.images import Reading, has_image_suffix, read_header
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
        self._real_folders: dict[Path, str] = {}
        self._real_labels = Path(os.path.realpath(labels))
        inside = self._real_labels.is_relative_to(os.path.realpath(images))
        self._labels_inside = inside and not labels.samefile(images)

    @cached_property
    def label_files(self) -> dict[str, Path]:
        """All files of the labels by relative path, also those that are no labels."""
        if self.labels.is_dir():
            return dict(sorted(all_files(self.labels).items()))
        return {self.labels.name: self.labels}

    @cached_property
    def image_files(self) -> dict[str, Path]:
        """The image files by path below the folder of images."""
        return {
            name: path
            for name, path in sorted(all_files(self.images).items())
            if has_image_suffix(path) and not self._is_label(path)
        }

    def names(self, image: str) -> tuple[str, ...]:
        """Return the names by which a label file may name an image: without its suffix, or with."""
        return str(PurePosixPath(image).with_suffix("")), image

    def size(self, image: str, reading: Reading) -> tuple[int, int]:
        """Return height and width of an image in px, as it is read."""
        header = read_header(self.image_files[image], reading)
        return header.height, header.width

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
        """Return whether a file among the labels is one of the images."""
        return self._real(path) in self._real_images

    def _is_label(self, path: Path) -> bool:
        """Return whether a file among the images lies in a folder of labels inside of theirs."""
        return self._labels_inside and Path(self._real(path)).is_relative_to(self._real_labels)

    @cached_property
    def _real_images(self) -> frozenset[str]:
        return frozenset(map(self._real, self.image_files.values()))

    def _real(self, path: Path) -> str:
        """Return a path whose folders are no links."""
        if path.parent not in self._real_folders:
            self._real_folders[path.parent] = os.path.realpath(path.parent)
        return os.path.join(self._real_folders[path.parent], path.name)  # noqa: PTH118
