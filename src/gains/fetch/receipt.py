"""``fetched.json``, the receipt of `gains fetch` in the folder of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gains.config.base import Settings, validated
from gains.fetch.folders import Content
from gains.fetch.sources import RECEIPT
from gains.support.files import read_json, write_json

BY_HAND = "by hand"


class FetchedFile(Settings):
    """A fetched file of ``data/sources.csv``.

    Attributes:
        origin: the address that gave the file, or :data:`BY_HAND`.
        mirror: number of the address, or None for a file that a person provided.
        bytes: size of the file, or of all files of a folder; None if only the unpacked folder of
            an archive exists.
        sha256: checksum of the file, or of a folder's listing; None as for ``bytes``.
        contents: files of the folder, or of the unpacked archive, by path below it; empty for
            other files.
    """

    origin: str
    mirror: Annotated[int, Field(ge=1, strict=True)] | None
    bytes: Annotated[int, Field(ge=0, strict=True)] | None
    sha256: str | None
    contents: dict[str, Content]

    @property
    def content(self) -> Content | None:
        """Size and checksum of the file itself, or None if it does not exist."""
        if self.bytes is None or self.sha256 is None:
            return None
        return Content(bytes=self.bytes, sha256=self.sha256)

    @property
    def sizes(self) -> dict[str, int]:
        """Sizes of the files in the folder."""
        return {path: content.bytes for path, content in self.contents.items()}


class Receipt(Settings):
    """The fetched files of a data set.

    Attributes:
        dataset: folder below ``data/raw``.
        files: the fetched files, by their path in ``data/sources.csv``.
    """

    dataset: str
    files: dict[str, FetchedFile]


def read_receipt(dataset: str, raw: str | Path) -> Receipt | None:
    """Read the receipt of a data set; return None if there is none.

    Raises:
        ValueError: it is damaged, or of another data set.
    """
    path = Path(raw) / dataset / RECEIPT
    if not path.exists():
        return None
    receipt = validated(Receipt, read_json(path), str(path))
    if receipt.dataset != dataset:
        raise ValueError(
            f"{path}: the receipt belongs to data set {receipt.dataset!r}, expected {dataset!r}; "
            f"remove it and run `gains fetch {dataset}`"
        )
    return receipt


def write_receipt(receipt: Receipt, raw: str | Path) -> None:
    """Write the receipt; equal content gives equal bytes."""
    write_json(Path(raw) / receipt.dataset / RECEIPT, receipt.model_dump(mode="json"))
