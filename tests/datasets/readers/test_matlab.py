"""MATLAB files, v5 and v7.3."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import sparse

from gains.datasets.readers.matlab import count_cells, read_array, read_cell_vector, variables
from helpers.isbi_files import Writer, cell, write_v5, write_v73


@pytest.mark.parametrize("write", [write_v5, write_v73])
def test_values_of_matlab_files_are_read_as_written(write: Writer, tmp_path: Path) -> None:
    arrays = [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array([[True, False, False], [False, True, True]]),
        np.array([[0.5, 2], [3, 4], [5, 6]]),
        np.zeros((0, 3)),
        sparse.csc_array(np.array([[0.0, 2, 0], [1, 0, 0]])),
    ]
    path = tmp_path / "a.mat"
    write(path, row=cell(arrays, row=True), column=cell([cell(arrays[:2]), arrays[2]]), n=arrays[0])
    assert set(variables(path)) == {"row", "column", "n"}
    assert (count_cells(path, "row"), count_cells(path, "column")) == (5, 2)
    for found, array in zip(read_cell_vector(path, "row"), arrays, strict=True):
        full = array.toarray() if sparse.issparse(array) else array
        np.testing.assert_array_equal(found, full)
    nested, last = read_cell_vector(path, "column")
    np.testing.assert_array_equal(nested, np.array(arrays[:2]))
    np.testing.assert_array_equal(last, arrays[2])
    (second,) = read_cell_vector(path, "row", 1, 2)
    np.testing.assert_array_equal(second, arrays[1])
    np.testing.assert_array_equal(read_array(path, "n"), arrays[0])
    with pytest.raises(ValueError, match="row is a cell array; expected a numeric"):
        read_array(path, "row")
    with pytest.raises(ValueError, match="expected a cell vector"):
        count_cells(path, "n")
    with pytest.raises(FileNotFoundError):
        variables(tmp_path / "b.mat")


def test_an_array_that_claims_a_terabyte_is_refused_by_name(tmp_path: Path) -> None:
    """A file of version 7.3 need not hold the values that it announces."""
    path = tmp_path / "a.mat"
    write_v73(path, n=np.ones((2, 2)))
    with h5py.File(path, "a") as file:
        file.create_dataset("huge", (1 << 20, 1 << 24), dtype="f8", chunks=(1, 1 << 10))
    with pytest.raises(ValueError, match=r"a\.mat: huge: asks for more memory than there is"):
        read_array(path, "huge")
