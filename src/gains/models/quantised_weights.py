"""Product-quantised weights of torchvision's ResNets in an NPZ file, and their expansion.

A layer ``x`` is stored as ``x.codebook``, float (codes, length), ``x.codes``, the row of the
codebook that stands at each place, and ``x.shape``. Every other array is stored as it is.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gains.models import checkpoint
from gains.support.files import require_file

CODEBOOK, CODES, SHAPE = ".codebook", ".codes", ".shape"

Arrays = Mapping[str, NDArray[np.generic]]


def expand_weights(path: Path, out: Path) -> None:
    """Write the state dict that an NPZ file of quantised weights stands for.

    Args:
        path: the NPZ file.
        out: the file to write, for the setting ``backbone.weights``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged or has another layout.
    """
    arrays = _arrays(path)
    if not any(name.endswith(CODES) for name in arrays):
        raise ValueError(
            f"{path}: no array ends in {CODES!r}, so these are no quantised weights; first names: "
            f"{list(arrays)[:4]}"
        )
    state = {}
    for name, values in arrays.items():
        if name.endswith(CODES):
            base = name.removesuffix(CODES)
            state[base] = _expanded(arrays, base, path)
        elif not name.endswith((CODEBOOK, SHAPE)):
            state[name] = torch.from_numpy(np.ascontiguousarray(values))
    checkpoint.check_finite(state, f"{path}: weights", "get the file again")
    checkpoint.save(out, {"state": state, "source": path.name})


def _arrays(path: Path) -> Arrays:
    require_file(path, "no such file of weights")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, *checkpoint.BROKEN) as error:
        raise ValueError(f"{path}: not an NPZ file of arrays ({error}); get it again") from error
    wrong = [name for name, values in arrays.items() if values.dtype.kind not in "iuf"]
    if wrong:
        raise ValueError(f"{path}: {wrong[0]} holds no numbers; get the file again")
    return arrays


def _expanded(arrays: Arrays, base: str, path: Path) -> Tensor:
    try:
        codebook, shape = arrays[base + CODEBOOK], arrays[base + SHAPE].tolist()
        values = np.asarray(codebook[arrays[base + CODES]], dtype=np.float32).reshape(shape)
    except (LookupError, ValueError, TypeError) as error:
        raise ValueError(
            f"{path}: {base} cannot be expanded from its codes ({error}); get the file again"
        ) from error
    return torch.from_numpy(values)
