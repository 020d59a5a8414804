"""Zip files: the checksums in them, which most readers compare late, in part, or not at all."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, LookupError),
)
"""The errors that ``zipfile`` raises on a file whose bytes have changed."""
CHUNK = 1 << 20
FOLDER = 0x10
"""The attribute of a folder."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The methods of compression that this package writes."""


def check_zip(file: str | Path | IO[bytes]) -> None:
    """Read every entry of a zip file and compare it with its checksum.

    This takes a millisecond for each 3 MB of stored data. No checksum covers the headers, but a
    changed header makes its entry unreadable or does not matter; see also :func:`open_entry`.

    Raises:
        ValueError: the file is cut off or damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                with open_entry(archive, entry) as content:
                    while content.read(CHUNK):
                        pass
    except BROKEN_ZIP as error:
        raise ValueError(str(error)) from error


def open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    """Open an entry; its checksum is compared when it is read to its end.

    If a damaged header marks the entry as a folder, torch leaves the memory of a tensor as it is.

    Raises:
        zipfile.BadZipFile: the entry is marked as a folder, or has an unknown compression.
    """
    if entry.external_attr & FOLDER or entry.compress_type not in METHODS:
        raise zipfile.BadZipFile(f"the header of {entry.filename!r} is damaged")
    return archive.open(entry)
