"""Reading of cell arrays from MATLAB files of version 5 (scipy) and 7.3 (HDF5).

Every array is returned as MATLAB shows it; the transposition in files of version 7.3 is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy
from numpy.typing import NDArray

from gains.support.too_large import beyond_memory

Cell = NDArray[Any] | list["Cell"]
"""An element of a cell array: a numeric array, or the elements of a cell vector inside it."""

MAX_DEPTH = 2
"""Depth of cells in cells: image, then object."""


def variables(path: str | Path) -> list[str]:
    """Return the names of a file's variables, in file order.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged or no MATLAB file.
    """
    if not _is_hdf5(path):
        return [name for name, _, _ in _whosmat(path)]
    with _open(path) as file:
        # MATLAB stores the targets of references in groups such as #refs#
        return [name for name in file if not name.startswith("#")]


def count_cells(path: str | Path, name: str) -> int:
    """Return the length of a cell vector without reading its elements.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, lacks the variable, or the variable is no cell vector.
    """
    _check_variable(path, name)
    at = f"{path}: {name}"
    if not _is_hdf5(path):
        shape, kind = next((shape, kind) for n, shape, kind in _whosmat(path) if n == name)
        if kind != "cell":
            raise ValueError(f"{at} is a {kind} array {list(shape)}; expected a cell vector")
        return _length(shape, at)
    with _open(path) as file:
        return _hdf5_length(file[name], at)


def read_cell_vector(
    path: str | Path, name: str, start: int = 0, stop: int | None = None
) -> Iterator[Cell]:
    """Yield the elements ``start`` to ``stop`` of a cell vector, (N, 1) or (1, N).

    With version 7.3 one element at a time is in memory, with version 5 the whole variable.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, lacks the variable, or an element is neither a numeric array
            nor a cell vector of such; the element is named as in MATLAB, ``name{1}{2}``.
    """
    length = count_cells(path, name)
    stop = length if stop is None else min(stop, length)
    if not _is_hdf5(path):
        elements = _loadmat(path, name).ravel(order="F")
        for k in range(start, stop):
            yield _v5_value(elements[k], f"{path}: {name}{{{k + 1}}}", 1)
        return
    with _open(path) as file:
        references = _read(file[name], f"{path}: {name}").ravel()
        for k in range(start, stop):
            yield _followed(file, references[k], f"{path}: {name}{{{k + 1}}}", 1)


def read_array(path: str | Path, name: str) -> NDArray[Any]:
    """Return a numeric variable, in MATLAB's orientation.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, lacks the variable, or the variable is not numeric.
    """
    _check_variable(path, name)
    at = f"{path}: {name}"
    if _is_hdf5(path):
        with _open(path) as file:
            value = _hdf5_value(file, file[name], at, MAX_DEPTH - 1)
    else:
        value = _v5_value(_loadmat(path, name), at, MAX_DEPTH - 1)
    if isinstance(value, list):
        raise ValueError(f"{at} is a cell array; expected a numeric array")
    return value


def _check_variable(path: str | Path, name: str) -> None:
    known = variables(path)
    if name not in known:
        raise ValueError(
            f"{path}: has no variable {name!r}; it has {', '.join(known) or 'none'}. The file is "
            "another file of the data set, or it is damaged or cut off"
        )


def _is_hdf5(path: str | Path) -> bool:
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return bool(h5py.is_hdf5(path))


def _damaged(at: str, error: Exception) -> ValueError:
    return ValueError(
        f"{at}: not readable as a MATLAB file, v5 or v7.3 ({error}); it may be damaged or cut "
        "off, so fetch it again"
    )


def _length(shape: tuple[int, ...], at: str) -> int:
    if sum(n != 1 for n in shape) > 1 and 0 not in shape:
        raise ValueError(f"{at} is a cell array {list(shape)}; expected a vector of cells")
    return int(np.prod(shape))


def _numeric(values: NDArray[Any], at: str) -> NDArray[Any]:
    if values.dtype.kind not in "buif":
        raise ValueError(f"{at} holds {values.dtype}; expected a numeric or logical array")
    return values


# v5


def _whosmat(path: str | Path) -> list[tuple[str, tuple[int, ...], str]]:
    try:
        return list(scipy.io.whosmat(path, appendmat=False))
    except Exception as error:  # scipy's parser may raise any error on a damaged file
        raise _damaged(str(path), error) from error


def _loadmat(path: str | Path, name: str) -> Any:
    try:
        return scipy.io.loadmat(path, appendmat=False, variable_names=[name])[name]
    except MemoryError as error:
        raise beyond_memory(f"{path}: {name}") from error
    except Exception as error:  # scipy's parser may raise any error
        raise _damaged(f"{path}: {name}", error) from error


def _v5_value(value: Any, at: str, depth: int) -> Cell:
    if scipy.sparse.issparse(value):
        value = value.toarray()
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{at} is a {type(value).__name__}; expected a numeric array")
    if value.dtype != object:
        return _numeric(value, at)
    _check_depth(at, depth)
    _length(value.shape, at)
    inner = value.ravel(order="F")
    return [_v5_value(v, f"{at}{{{k}}}", depth + 1) for k, v in enumerate(inner, start=1)]


def _check_depth(at: str, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise ValueError(f"{at} is a cell again; expected a numeric array at this depth")


# v7.3


def _open(path: str | Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise _damaged(str(path), error) from error


def _read(item: h5py.Dataset, at: str) -> NDArray[Any]:
    try:
        return np.asarray(item[()])
    except MemoryError as error:
        raise beyond_memory(at) from error
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise _damaged(at, error) from error


def _class(item: h5py.Dataset | h5py.Group) -> str:
    name = item.attrs.get("MATLAB_class", b"")
    return name.decode() if isinstance(name, bytes) else str(name)


def _is_empty(item: h5py.Dataset) -> bool:
    """Return whether MATLAB wrote the dimensions of an empty array in place of its values."""
    return bool(item.attrs.get("MATLAB_empty", 0))


def _hdf5_length(item: h5py.Dataset | h5py.Group, at: str) -> int:
    if isinstance(item, h5py.Dataset):
        if _class(item) == "cell" and _is_empty(item):
            return 0
        if h5py.check_ref_dtype(item.dtype) is not None:
            return _length(item.shape, at)
    raise ValueError(f"{at} is a {_class(item) or 'numeric'} variable; expected a cell vector")


def _followed(file: h5py.File, reference: Any, at: str, depth: int) -> Cell:
    try:
        item = file[reference]
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise _damaged(at, error) from error
    return _hdf5_value(file, item, at, depth)


def _hdf5_value(file: h5py.File, item: Any, at: str, depth: int) -> Cell:
    kind = _class(item)
    if isinstance(item, h5py.Group) and "MATLAB_sparse" in item.attrs:
        return _dense(item, at)
    if not isinstance(item, h5py.Dataset) or kind in ("char", "struct", "function_handle"):
        raise ValueError(f"{at} is a {kind or 'group'}; expected a numeric array")
    if _is_empty(item):
        return [] if kind == "cell" else np.zeros([int(n) for n in _read(item, at)])
    if h5py.check_ref_dtype(item.dtype) is None:
        values = np.ascontiguousarray(_numeric(_read(item, at), at).T)
        return values.astype(bool) if kind == "logical" else values
    _check_depth(at, depth)
    _length(item.shape, at)
    inner = _read(item, at).ravel()
    return [_followed(file, r, f"{at}{{{k}}}", depth + 1) for k, r in enumerate(inner, start=1)]


def _dense(item: h5py.Group, at: str) -> NDArray[Any]:
    """Return a sparse array of version 7.3 (compressed columns, not transposed) as a full one."""
    try:
        columns = _read(item["jc"], at)
        rows = _read(item["ir"], at) if "ir" in item else np.zeros(0, np.int64)
        values = _read(item["data"], at) if "data" in item else np.zeros(0)
        shape = (int(item.attrs["MATLAB_sparse"]), len(columns) - 1)
        return np.asarray(scipy.sparse.csc_array((values, rows, columns), shape=shape).toarray())
    except MemoryError as error:
        raise beyond_memory(at) from error
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(at, error) from error
