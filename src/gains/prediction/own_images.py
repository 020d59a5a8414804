"""Own images by the files, folders and frames that hold them, and their names.

- An image of one folder has its path below the folder as its name, with slashes.
- If several files and folders are given, a file has its own name, and the names of the images of a
  folder begin with the name of the folder.
- Frame 7 of the 12 frames of ``stack.tif`` is the image ``stack.frame07.tif``: frames count from 1,
  and all numbers have as many digits as the largest one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gains.datasets.readers.images import Pixels, Reading, frames_of, read_image
from gains.support.names import slashed

FRAME = re.compile(r"(.+)\.frame(\d+)(\.[^./]+)")


@dataclass(frozen=True)
class OwnImage:
    """An image in a file.

    Attributes:
        name: its name.
        path: the file.
        frame: which frame of the file it is, from 0; None for a file of one image.
    """

    name: str
    path: Path
    frame: int | None = None

    def read(self, reading: Reading) -> Pixels:
        """Return the image; see :func:`read_image`."""
        return read_image(self.path, reading, frame=self.frame)


def frames_in(name: str, path: Path) -> list[OwnImage]:
    """Return the images in a file, which has this name.

    Raises:
        ValueError: the file cannot be read, or its pages are channels.
    """
    number = frames_of(path)
    if number == 1:
        return [OwnImage(name, path)]
    parts, digits = PurePosixPath(name), len(str(number))
    return [
        OwnImage(
            str(parts.with_name(f"{parts.stem}.frame{k + 1:0{digits}d}{parts.suffix}")), path, k
        )
        for k in range(number)
    ]


def prefix_of(place: Path, places: Sequence[Path]) -> str:
    """Return what comes before the names of the images of a folder: "" if it is the only place."""
    return "" if len(places) == 1 else f"{place.resolve().name}/"


def require_places(places: Iterable[Path]) -> None:
    """Refuse files and folders that do not exist.

    Raises:
        FileNotFoundError: one of them does not exist.
    """
    for place in places:
        if not place.exists():
            raise FileNotFoundError(f"{place}: no such folder of images, and no such image file")


def found_images(names: Iterable[str], places: Sequence[Path]) -> Mapping[str, OwnImage]:
    """Return where images lie, by name, without reading them; those that are missing are left out.

    Args:
        names: names of images.
        places: files and folders, as they were given to the prediction.
    """
    found = ((name, next(_candidates(name, places), None)) for name in names)
    return {name: image for name, image in found if image is not None}


def _candidates(name: str, places: Sequence[Path]) -> Iterator[OwnImage]:
    frame = FRAME.fullmatch(slashed(name))
    known: list[tuple[str, int | None]] = [(slashed(name), None)]
    if frame is not None:
        known.append((frame[1] + frame[3], int(frame[2]) - 1))
    for below, number in known:
        for place in places:
            prefix = prefix_of(place, places)
            if place.is_file() and place.name == below:
                yield OwnImage(name, place, number)
            elif below.startswith(prefix) and (place / below.removeprefix(prefix)).is_file():
                yield OwnImage(name, place / below.removeprefix(prefix), number)
