"""Search of image files by their names, anywhere below a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from gains.datasets.readers.images import has_image_suffix
from gains.datasets.readers.raw_files import some_files
from gains.datasets.records import CocoRecord
from gains.support.names import normal, slashed

Choose = Callable[[str, list[Path], str], Path]
"""Choose one file, from the name, the files of that name, and what to name in an error."""


class ImageIndex:
    """The image files below a folder by their file names, without the folders.

    Names that differ in their Unicode normal form alone are one name.

    Attributes:
        root: the folder.
        files: all image files below it, sorted by path.

    Raises:
        FileNotFoundError: the folder is missing or holds no file.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = [p for p in some_files(root, "*.*") if has_image_suffix(p)]
        self._by_name: dict[str, list[Path]] = {}
        for path in self.files:
            self._by_name.setdefault(normal(path.name), []).append(path)

    def names(self) -> set[str]:
        """Return the file names that occur."""
        return {path.name for path in self.files}

    def located(self, records: list[CocoRecord], where: Path, choose: Choose) -> list[CocoRecord]:
        """Return COCO image records whose file names are paths below the root.

        Folders in the file names, whatever their separator, are ignored.

        Args:
            records: the image records of a COCO JSON file.
            where: the JSON file, for messages.
            choose: function that chooses among the files of one name.
        """
        return [self._located(record, where, choose) for record in records]

    def _located(self, record: CocoRecord, where: Path, choose: Choose) -> CocoRecord:
        stated = record.get("file_name")
        if not isinstance(stated, str) or not stated:
            return record  # `check_images` refuses this record later
        name = path_parts(stated)[-1]
        path = choose(name, self._by_name.get(normal(name), []), f"{where}: image {stated!r}")
        return {**record, "file_name": path.relative_to(self.root).as_posix()}

    def folders_holding(self, names: list[str]) -> dict[Path, int]:
        """Return how many of some relative file names each folder holds, if it holds any."""
        expected = {path_parts(normal(name)) for name in names}
        depths = {len(parts) for parts in expected}
        held: dict[Path, int] = {}
        for path in self.files:
            for depth in depths:
                if tuple(map(normal, path.parts[-depth:])) in expected:
                    folder = path.parents[depth - 1]
                    held[folder] = held.get(folder, 0) + 1
        return held


def path_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a relative path that was written on any system."""
    return PurePosixPath(slashed(name)).parts
