"""The files ``<image>_seg.npy`` of Cellpose.

Such a file is a pickle, which can run any code when it is loaded. So only arrays of numpy and plain
values are loaded, and anything else is refused.
"""

from __future__ import annotations

import pickle
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.label_images import FLAT, Layers, check_shape, objects_of
from gains.datasets.labels.per_image import LabelObject, reader_of
from gains.datasets.readers.coco_checks import SourceImage
from gains.support.too_large import beyond_memory

ARRAYS = ("numpy.core", "numpy._core")
ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    *((f"{room}.multiarray", name) for room in ARRAYS for name in ("_reconstruct", "scalar")),
    *((f"{room}.numeric", "_frombuffer") for room in ARRAYS),
}
"""What a file may load: arrays, numbers of numpy, and the bytes of old pickles."""


class _ArraysOnly(pickle.Unpickler):
    """An unpickler of arrays and plain values."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function of :data:`ALLOWED`.

        Raises:
            pickle.UnpicklingError: it is another one.
        """
        if module.startswith("pathlib") and name.endswith("Path"):
            return PurePosixPath  # the name of the image, which is not read
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which may run code")
        return super().find_class(module, name)


def _content(file: IO[bytes]) -> Any:
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, kind = read(file)
    if shape != () or not kind.hasobject:
        raise ValueError(f"it holds an array of {kind} with the shape {list(shape)}")
    return _ArraysOnly(file).load().item()


def _read(path: Path, image: SourceImage, _: LabelSet, findings: Findings) -> list[LabelObject]:
    try:
        with path.open("rb") as file:
            content = _content(file)
    except MemoryError as error:
        raise beyond_memory(path) from error
    except Exception as error:  # a damaged pickle raises errors of any kind
        raise ValueError(
            f"{path}: not a readable file of Cellpose ({error}); expected a record with the label "
            "image 'masks': save it again with Cellpose"
        ) from error
    masks = content.get("masks") if isinstance(content, dict) else None
    if not isinstance(masks, np.ndarray):
        held = ", ".join(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{path}: expected a label image 'masks', found {held}")
    if masks.ndim != 2:
        raise ValueError(
            f"{path}: 'masks' has the shape {list(masks.shape)}; expected height and width: save "
            "each plane as a file of its own"
        )
    check_shape(masks.shape, (image.height, image.width), path)
    return objects_of(Layers([masks]), path, findings)


def _problem(path: Path, _: OwnFolders) -> str:
    return "" if path.name.lower().endswith("_seg.npy") else "its name does not end with _seg.npy"


LABELS.register(
    LabelFormat(
        name="Cellpose",
        layout="one <image>_seg.npy per image",
        suffixes=(".npy",),
        problem=_problem,
        read=reader_of(_read, ("_seg",)),
        note=FLAT,
    )
)
