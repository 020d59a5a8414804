"""Gradient anomaly maps on disk: one .npz per data set, split and parameter set.

There are two layouts. The compact store holds the constant and a float32 block of each annotation.
Rounding changes values below 2 by at most 6e-8, and values below 4 by at most 1.2e-7. The file is
an index of plain arrays, and one member per block, which is decompressed when it is read. The full
layout holds one float64 (H, W) array per annotation id. Equal maps give equal bytes.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from gains.anomaly.anomaly_map import AnomalyMap
from gains.config.maps import MapSettings
from gains.support.archives import BROKEN_ZIP, check_zip
from gains.support.files import atomic_path, require_file
from gains.support.too_large import beyond_memory

INDEX = ("settings", "ids", "sizes", "constants", "corners")

MapRecord = tuple[int, tuple[int, int], AnomalyMap]
"""Annotation id, image size (H, W), map."""


def write_full(path: str | Path, records: Iterable[MapRecord]) -> int:
    """Write full-size maps, float64 (H, W) by annotation id; return their number.

    Raises:
        ValueError: there is no map, or an annotation id occurs twice.
    """
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        number = 0
        for annotation_id, size, found in _checked(path, records):
            _add(archive, str(annotation_id), found.full(size).astype(np.float64))
            number += 1
    return number


def write_store(path: str | Path, settings: MapSettings, records: Iterable[MapRecord]) -> int:
    """Write a compact store; return its number of maps.

    Raises:
        ValueError: there is no map, or an annotation id occurs twice.
    """
    ids, sizes, constants, corners = [], [], [], []
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for annotation_id, size, found in _checked(path, records):
            ids.append(annotation_id)
            sizes.append(size)
            constants.append(found.constant)
            corners.append((found.y0, found.x0))
            if found.block.size:
                _add(archive, str(annotation_id), found.block.astype(np.float32))
        text = json.dumps(settings.model_dump(mode="json"), sort_keys=True)
        _add(archive, "settings", np.array(text))
        _add(archive, "ids", np.array(ids, dtype=np.int64))
        _add(archive, "sizes", np.array(sizes, dtype=np.int64).reshape(-1, 2))
        _add(archive, "constants", np.array(constants, dtype=np.float32))
        _add(archive, "corners", np.array(corners, dtype=np.int64).reshape(-1, 2))
    return len(ids)


def _add(archive: zipfile.ZipFile, name: str, values: NDArray[Any]) -> None:
    # the date is fixed, so that equal maps give equal bytes
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, values, allow_pickle=False)


def _checked(path: str | Path, records: Iterable[MapRecord]) -> Iterator[MapRecord]:
    seen: set[int] = set()
    for record in records:
        if record[0] in seen:
            raise ValueError(
                f"{path}: annotation id {record[0]} occurs more than once; maps are stored by id: "
                "number the annotations uniquely"
            )
        seen.add(record[0])
        yield record
    if not seen:
        raise ValueError(f"{path}: there is no anomaly map to write; expected at least one")


class MapStore:
    """A reader of the maps of a compact store.

    The whole file is compared with its checksums when it is opened. The index is read once; a block
    is decompressed when it is read. A store may be pickled, and it
    may be used after a fork, since every process opens the file separately.

    Args:
        path: path of the .npz file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is not a compact store.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from gains.anomaly.anomaly_map import AnomalyMap
        >>> from gains.config.maps import MapSettings
        >>> block = np.array([[1.5, 2.0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/maps.npz"
        ...     records = [(7, (4, 5), AnomalyMap(1.0, 2, 3, block))]
        ...     number = write_store(path, MapSettings(), records)
        ...     store = MapStore(path)
        ...     store.annotation_ids, store.size(7), store.shape(7)
        ...     store.full(7)[2]
        ([7], (4, 5), (1, 2))
        array([1. , 1. , 1. , 1.5, 2. ], dtype=float32)
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        require_file(path, "no such file; make the anomaly maps first")
        try:
            check_zip(self.path)
        except ValueError as error:
            raise self._damaged(error) from error
        self._archive: zipfile.ZipFile | None = None
        self._process = 0
        members = self._open().namelist()
        if any(f"{name}.npy" not in members for name in INDEX):
            raise ValueError(
                f"{self.path}: expected a compact store of anomaly maps, found {members[:3]}...; "
                "make it with 'gains maps' without --full"
            )
        text, ids, sizes, constants, corners = (self._read(name) for name in INDEX)
        try:
            self.settings = MapSettings.model_validate_json(str(text))
        except ValidationError as error:
            raise ValueError(
                f"{self.path}: the maps were made with unknown settings {text}: {error}"
            ) from error
        self.annotation_ids = [int(i) for i in ids]
        self._row = {annotation_id: n for n, annotation_id in enumerate(self.annotation_ids)}
        self._sizes, self._constants, self._corners = sizes, constants, corners
        self._with_block = frozenset(
            int(name.removesuffix(".npy"))
            for name in members
            if name.removesuffix(".npy") not in INDEX
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_archive": None, "_process": 0}

    def _open(self) -> zipfile.ZipFile:
        # processes that share a file handle also share its position, so each process opens the file
        if self._archive is None or self._process != os.getpid():
            try:
                self._archive = zipfile.ZipFile(self.path)
            except BROKEN_ZIP as error:
                raise self._damaged(error) from error
            self._process = os.getpid()
        return self._archive

    def _read(self, name: str) -> NDArray[Any]:
        try:
            # the checksum is compared only if the member is read to its end
            content = io.BytesIO(self._open().read(f"{name}.npy"))
            return np.asarray(np.lib.format.read_array(content, allow_pickle=False))
        except MemoryError as error:
            raise beyond_memory(f"{self.path}: {name}") from error
        except BROKEN_ZIP as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> ValueError:
        objects = "allow_pickle" in str(error)  # numpy's words, which advise to run any code
        reason = "it holds Python objects instead of numbers" if objects else error
        return ValueError(f"{self.path}: damaged store of anomaly maps ({reason}); make it again")

    def _index(self, annotation_id: int) -> int:
        if annotation_id not in self._row:
            raise ValueError(
                f"{self.path}: no map of annotation {annotation_id} among its "
                f"{len(self._row)}; the maps belong to another data set or split: make them again"
            )
        return self._row[annotation_id]

    def size(self, annotation_id: int) -> tuple[int, int]:
        """Return height and width of the map's image; errors as in :meth:`block`."""
        height, width = self._sizes[self._index(annotation_id)]
        return int(height), int(width)

    def shape(self, annotation_id: int) -> tuple[int, int]:
        """Return height and width of the map's block without reading its values.

        The errors are those of :meth:`block`.
        """
        self._index(annotation_id)
        if annotation_id not in self._with_block:
            return 0, 0
        try:
            with self._open().open(f"{annotation_id}.npy") as file:
                np.lib.format.read_magic(file)
                height, width = np.lib.format.read_array_header_1_0(file)[0]
        except BROKEN_ZIP as error:
            raise self._damaged(error) from error
        return int(height), int(width)

    def block(self, annotation_id: int) -> AnomalyMap:
        """Return the map with a float32 block, of shape (0, 0) if the map is constant.

        Raises:
            ValueError: the store has no map of that annotation, or is damaged.
        """
        row = self._index(annotation_id)
        block = np.zeros((0, 0), dtype=np.float32)
        if annotation_id in self._with_block:
            block = self._read(str(annotation_id))
        y0, x0 = self._corners[row]
        return AnomalyMap(float(self._constants[row]), int(y0), int(x0), block)

    def full(self, annotation_id: int) -> NDArray[np.float32]:
        """Return the map of the whole image, float32 (H, W); errors as in :meth:`block`."""
        full = self.block(annotation_id).full(self.size(annotation_id))
        return full.astype(np.float32, copy=False)
