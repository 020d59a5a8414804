"""What an image file is (size, depth, channels, alpha, orientation), and how it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from numpy.typing import NDArray

from gains.support.too_large import beyond_memory

T = TypeVar("T")

COLOURED = "palette colours became RGB"


@dataclass(frozen=True)
class StoredImage:
    """The samples of an image as they are stored, before any rule but that of the file format.

    Attributes:
        colour: (H, W) grey or (H, W, 3) RGB; uint8 from 0 to 255 if the file has at most 8 bits
            without sign per sample, else the numbers of the file.
        alpha: (H, W), or None without alpha.
        opaque: value of alpha of an opaque pixel.
        premultiplied: whether the colours are multiplied by alpha (associated alpha).
        indices: (H, W), the numbers in a file with a palette; None without one.
    """

    colour: NDArray[Any]
    alpha: NDArray[Any] | None = None
    opaque: float = 255
    premultiplied: bool = False
    indices: NDArray[Any] | None = None


@dataclass(frozen=True)
class ImageFile:
    """An open image file.

    Attributes:
        height: height as stored, px.
        width: width as stored, px.
        orientation: value of the orientation tag, 1 to 8; 1 without a tag.
        lossy: whether the pixels were packed as JPEG, which changes them at edges.
        changes: sentences about changes that decoding makes.
        frames: number of frames in the file.
        decode: function that returns the samples.
    """

    height: int
    width: int
    orientation: int
    lossy: bool
    changes: tuple[str, ...]
    frames: int
    decode: Callable[[], StoredImage]


def unpacked(path: Path, decode: Callable[[], T]) -> T:
    """Return what a decoder returns; its error becomes one that names the file.

    Raises:
        ValueError: the decoder fails.
    """
    try:
        return decode()
    except ImportError:
        raise
    except MemoryError as error:
        raise beyond_memory(path) from error
    except Exception as error:  # decoders of other people raise errors of any kind
        raise ValueError(
            f"{path}: not a readable image ({error}); it may be damaged or cut off, or packed in "
            "a way that cannot be read: copy it again, or save it as a PNG or TIFF file"
        ) from error


def chosen_frame(path: Path, number: int, frame: int | None) -> int:
    """Return the index of the frame to read of a file of several images.

    Args:
        path: the file.
        number: number of its frames.
        frame: the frame that is asked for, from 0; None if the file must hold one image.

    Raises:
        ValueError: there is more than one and none is asked for, or there is no such frame.
    """
    if frame is None and number > 1:
        raise ValueError(
            f"{path}: holds {number} frames; expected one image per file; save the frame, plane or "
            "channel to use as a file of its own"
        )
    if frame is not None and not 0 <= frame < number:
        raise ValueError(f"{path}: holds {number} frames, so there is no frame {frame + 1}")
    return frame or 0


def refuse_channels(path: Path, channels: int, what: str) -> NoReturn:
    """Refuse channels without a meaning.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f"{path}: has {channels} channel{'s' * (channels > 1)} ({what}); expected 1 channel (grey) "
        "or 3 channels (RGB), and one more only if the file calls it alpha; choose the channels to "
        "use, and save them as a grey or RGB image"
    )
