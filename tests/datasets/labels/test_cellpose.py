"""Files of Cellpose are pickles, of which only arrays and plain values are loaded."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.own_labels import Own, box

A, B = box(2, 3, 8, 9), box(12, 3, 18, 9)


def seg(masks: Any, **more: Any) -> dict[str, Any]:
    """Return a record as Cellpose saves it."""
    return {
        "masks": masks,
        "outlines": np.zeros((20, 30), np.uint16),
        "chan_choose": [0, 0],
        "ismanual": np.zeros(2, bool),
        "filename": "/home/x/a.png",
        "flows": [np.zeros((20, 30, 3), np.uint8), [], None],
        "est_diam": np.float64(6.5),
    } | more


def save(path: Path, content: Any) -> None:
    np.save(path, np.array(content), allow_pickle=True)


@pytest.mark.parametrize("kind", ["u2", "i4", "u4"])
def test_masks_are_read_and_the_rest_is_ignored(kind: str, own: Own) -> None:
    masks = (A * 1 + B * 2).astype(kind)
    save(own.place("a_seg.npy"), seg(masks, filename=Path("a.png")))
    found = own.read(category="cell")
    assert found.format == "Cellpose"
    assert found.equals(A, B) and found.classes["a.png"] == ["cell", "cell"]


def test_files_beside_their_images_as_cellpose_saves_them(own: Own) -> None:
    save(own.images / "a_seg.npy", seg(A * 1))
    assert own.read(labels=str(own.images)).equals(A)


class Code:
    """A value that runs a command when its pickle is loaded."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def test_code_in_a_pickle_is_refused_and_does_not_run(own: Own, tmp_path: Path) -> None:
    code = Code(f"touch {tmp_path / 'ran'}")
    save(own.place("a_seg.npy"), seg(A * 1, diameter=code))
    with pytest.raises(ValueError, match=r"asks for \w+\.system, which may run code"):
        own.read()
    assert not (tmp_path / "ran").exists()


def cut(path: Path) -> None:
    save(path, seg(A * 1))
    path.write_bytes(path.read_bytes()[:-40])


def claims_a_terabyte(path: Path) -> None:
    """Write a pickle whose only value is said to have 2**40 bytes."""
    np.save(path, np.array({}), allow_pickle=True)
    header = path.read_bytes()[: path.read_bytes().index(b"\n") + 1]
    path.write_bytes(header + b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little") + b"x.")


Write = Callable[[Path], Any]
REFUSED: dict[str, tuple[Write, str]] = {
    "cut off": (cut, "not a readable file of Cellpose"),
    "more claimed than held": (claims_a_terabyte, "asks for more memory than there is"),
    "empty": (lambda path: path.write_bytes(b""), "not a readable file of Cellpose"),
    "a bare pickle": (
        lambda path: path.write_bytes(pickle.dumps({"masks": 1})),
        "not a readable file of Cellpose",
    ),
    "an array": (
        lambda path: np.save(path, A),
        r"holds an array of bool with the shape \[20, 30\]",
    ),
    "no masks": (
        lambda path: save(path, {"outlines": A}),
        "expected a label image 'masks', found outlines",
    ),
    "planes": (
        lambda path: save(path, seg(np.stack([A, B]) * 1)),
        r"'masks' has the shape \[2, 20, 30\]; expected height and width",
    ),
    "another size": (
        lambda path: save(path, seg(A.T * 1)),
        r"have the shape \[30, 20\], but the image has \[20, 30\] px",
    ),
}


def test_the_case_of_the_ending_does_not_matter(own: Own) -> None:
    save(own.place("a_seg.npy"), seg(A * 1))
    own.place("a_seg.npy").rename(own.place("a_SEG.NPY"))
    assert own.read().equals(A)


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, own: Own) -> None:
    write, message = REFUSED[case]
    write(own.place("a_seg.npy"))
    with pytest.raises(ValueError, match=rf"a_seg\.npy: .*{message}|a_seg\.npy: {message}"):
        own.read()
