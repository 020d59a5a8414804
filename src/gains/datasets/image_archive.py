"""The archive of images beside a COCO JSON file: 8-bit PNG files, grey or RGB, by file name."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.coco import ImageRecord
from gains.datasets.pixel_bound import check_pixels
from gains.support.archives import BROKEN_ZIP, check_zip, open_entry
from gains.support.files import require_file
from gains.support.names import normal, slashed


def archived_name(name: str) -> str:
    """Return the name of an image in an archive: that of its file, in normal form C, as ``.png``.

    Args:
        name: path of the image file below its folder.
    """
    return str(PurePosixPath(normal(slashed(name))).with_suffix(".png"))


class ImageArchive:
    """The images of a data set, read one at a time from its ``.zip``.

    Args:
        path: the archive; for ``<dataset>.json`` it is ``<dataset>.zip``.

    Raises:
        FileNotFoundError: there is no archive.
        ValueError: it is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        require_file(
            path,
            "this archive with the images of the data set is missing; make it with `gains convert`",
        )
        self._names  # noqa: B018 - refuse a damaged archive now, not in the middle of training

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                return frozenset(archive.namelist())
        except BROKEN_ZIP as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> ValueError:
        return ValueError(f"{self.path}: damaged archive ({error}); make it again")

    def check(self) -> None:
        """Compare every image with its checksum; :meth:`read` does it for a single one.

        Raises:
            ValueError: the archive is damaged.
        """
        try:
            check_zip(self.path)
        except ValueError as error:
            raise self._damaged(error) from error

    def require(self, file_names: Iterable[str]) -> None:
        """Check that the archive has images of these names.

        Raises:
            ValueError: it lacks one.
        """
        for name in file_names:
            if name not in self._names:
                raise ValueError(
                    f"{self.path}: has no image {name!r}; the archive and the JSON file belong to "
                    "different data sets: make both again"
                )

    def read(self, file_name: str) -> NDArray[np.uint8]:
        """Return an image as uint8 (H, W, 3) RGB; grey is repeated.

        Raises:
            ValueError: the archive lacks the image or is damaged, or the image has more pixels than
                the bound.
        """
        self.require([file_name])
        try:
            with (
                zipfile.ZipFile(self.path) as archive,
                open_entry(archive, archive.getinfo(file_name)) as file,
            ):
                image = Image.open(io.BytesIO(file.read()), formats=("PNG",))
        except BROKEN_ZIP as error:
            raise self._damaged(error) from error
        check_pixels(image.height, image.width, f"{self.path}: image {file_name!r}")
        try:
            return np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError) as error:  # Pillow's errors on a PNG file that is cut off
            raise self._damaged(error) from error

    def pixels(self, record: ImageRecord) -> NDArray[np.uint8]:
        """Return the image of a record as :meth:`read` does.

        Raises:
            ValueError: as in :meth:`read`, or the image has another size than the record.
        """
        pixels = self.read(record.file_name)
        if pixels.shape[:2] != (record.height, record.width):
            raise ValueError(
                f"{self.path}: {record.file_name} has (height, width) {pixels.shape[:2]}, "
                f"but the data set's JSON file gives {(record.height, record.width)}; make the "
                "data set again"
            )
        return pixels
