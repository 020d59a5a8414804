"""Small drawn images in the MATLAB files of ISBI2014, in versions 5 and 7.3."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import io, sparse

H, W = 20, 28
Drawing = tuple[np.ndarray, list[np.ndarray], np.ndarray]
Writer = Callable[..., None]


def draw(seed: int, height: int = H, width: int = W) -> Drawing:
    """Return an image, two overlapping cytoplasms, and two nuclei that touch at a corner."""
    rng = np.random.default_rng(seed)
    cells = [np.zeros((height, width), np.uint8) for _ in range(2)]
    cells[0][1:7, 8 + seed % 3 : 15] = 1
    cells[1][3:8, 12:19] = 1
    nuclei = np.zeros((height, width), np.uint8)
    nuclei[4:6, 11] = nuclei[6, 12:14] = 1  # two objects with 4 neighbours, one with 8
    image = rng.integers(190, 250, (height, width)) - 60 * (cells[0] + cells[1]) - 20 * nuclei
    return image.astype(np.uint8), cells, nuclei


def cell(items: list[Any], row: bool = False) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    for k, item in enumerate(items):
        array[k] = item
    return array.reshape((1, -1) if row else (-1, 1))


def write_v5(path: Path, **content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    io.savemat(path, content, do_compression=True)


def write_v73(path: Path, **content: Any) -> None:
    """Write as MATLAB does: 512 bytes of its own first, cells as references, arrays transposed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        store, numbers = file.create_group("#refs#"), itertools.count()

        def put(parent: h5py.Group, name: str, value: Any) -> h5py.Dataset:
            if sparse.issparse(value):
                columns = sparse.csc_array(value)
                item = parent.create_group(name)
                item.attrs["MATLAB_sparse"] = np.uint64(value.shape[0])
                item["data"], item["ir"], item["jc"] = columns.data, columns.indices, columns.indptr
            elif value.size == 0:
                item = parent.create_dataset(name, data=np.array(value.shape, np.uint64))
                item.attrs["MATLAB_empty"] = np.uint8(1)
            elif value.dtype == object:
                flat = [put(store, f"r{next(numbers)}", v).ref for v in value.T.ravel()]
                item = parent.create_dataset(name, value.T.shape, dtype=h5py.ref_dtype)
                item[...] = np.array(flat, dtype=h5py.ref_dtype).reshape(value.T.shape)
            else:
                number = value.astype(np.uint8) if value.dtype == bool else value
                item = parent.create_dataset(name, data=number.T, compression="gzip")
            kinds = {"object": b"cell", "bool": b"logical", "float64": b"double"}
            item.attrs["MATLAB_class"] = np.bytes_(kinds.get(str(value.dtype), b"uint8"))
            return item

        for name, value in content.items():
            put(file, name, value)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def write_set(
    folder: Path, kind: str, scenes: list[Drawing], images: Writer, truth: Writer
) -> None:
    """Write <kind>set.mat and <kind>set_GT.mat."""
    images(folder / f"{kind}set.mat", **{f"{kind}set": cell([s[0] for s in scenes])})
    content = {
        f"{kind}_Cytoplasm": cell([cell(s[1]) for s in scenes]),
        f"{kind}_Nuclei": cell([s[2] for s in scenes]),
        "CellNum": np.array([[len(s[1])] for s in scenes], np.uint8),
    }
    truth(folder / f"{kind}set_GT.mat", **content)
