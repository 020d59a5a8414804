"""The state of a fetched data set, from its receipt and from the checksums of its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gains.fetch.folders import Content, content_of, files_below, listing, size_problems
from gains.fetch.lockfile import known_by_hand
from gains.fetch.names import archive_folder
from gains.fetch.receipt import FetchedFile, Receipt, read_receipt
from gains.fetch.sources import RAW, RECEIPT, SOURCES, Source, files_of
from gains.support.files import sha256


@dataclass(frozen=True)
class FetchState:
    """State of a data set on this disk.

    Attributes:
        dataset: its name in ``data/sources.csv``.
        complete: whether every file has been fetched.
        files: number of data files.
        bytes: total size of the data files.
        text: the state as a sentence.
    """

    dataset: str
    complete: bool
    files: int
    bytes: int
    text: str


def state(dataset: str, sources: str | Path = SOURCES, raw: str | Path = RAW) -> FetchState:
    """Return the state of a data set from its receipt, without reading its data files.

    Raises:
        FileNotFoundError: there is no file of addresses.
        ValueError: unknown data set, or a damaged receipt.
    """
    listed, place = files_of(dataset, sources), Path(raw) / dataset
    receipt = read_receipt(dataset, raw)
    entries = receipt.files if receipt else {}
    missing = [name for name in listed if not _is_whole(name, entries.get(name), place)]
    contents = [
        content
        for name in listed
        if name not in missing
        for content in (entries[name].contents.values() or [entries[name].content])
        if content
    ]
    size = sum(content.bytes for content in contents)
    by_hand = [name for name in missing if all(s.kind == "manual" for s in listed[name])]
    if not missing:
        text = fetched_text(len(contents), size)
    elif all((place / name).exists() for name in missing):
        text = f"in {place}/, but not checked yet: run `gains fetch {dataset}`"
    elif by_hand:
        text = f"by hand: put {' and '.join(by_hand)} into {place}/"
    elif len(missing) < len(listed):
        text = f"partly fetched, {', '.join(missing)} missing"
    else:
        text = "not fetched"
    return FetchState(dataset, not missing, len(contents), size, text)


def fetched_text(files: int, size: int) -> str:
    """Return a sentence that says how much was fetched.

    Args:
        files: number of files.
        size: their total size in bytes.
    """
    number = "1 file" if files == 1 else f"{files} files"
    amount = f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    return f"fetched, {number}, {amount}"


def _folder(name: str) -> str | None:
    """Return the folder that holds the contents of a file of ``data/sources.csv``, if any."""
    return name.rstrip("/") if name.endswith("/") else archive_folder(name)


def _is_whole(name: str, entry: FetchedFile | None, place: Path) -> bool:
    folder = _folder(name)
    if entry is None or (folder and not entry.contents):
        return False
    return (place / (folder or name)).exists()


def verify_dataset(dataset: str, sources: str | Path = SOURCES, raw: str | Path = RAW) -> list[str]:
    """Compare the checksums of all fetched files with the receipt and the addresses.

    Returns:
        A sentence per problem: files that are missing, changed or extra, and files that differ
        from ``sources`` or its lock file. Empty if there is none.

    Raises:
        FileNotFoundError: there is no file of addresses.
        ValueError: unknown data set, or a damaged receipt.
    """
    listed, place = files_of(dataset, sources), Path(raw) / dataset
    receipt = read_receipt(dataset, raw)
    if receipt is None:
        return [f"{place / RECEIPT}: no such file; run `gains fetch {dataset}`"]
    problems = [
        f"{place / name}: not fetched yet; run `gains fetch {dataset}`"
        for name in listed
        if name not in receipt.files
    ]
    for name, entry in receipt.files.items():
        if name in listed:
            problems += _against_sources(place / name, entry, listed[name], sources)
        else:
            problems.append(f"{place / name}: is no longer listed in {sources}")
    expected = _expected(receipt)
    for path, content in expected.items():
        problems += _against_receipt(place / path, content)
    extra = set(files_below(place)) - expected.keys() - {RECEIPT}
    return problems + [
        f"{place / path}: is an extra file, which is not in {place / RECEIPT}; move it to another "
        "folder, or remove it"
        for path in sorted(extra)
    ]


def changes(
    dataset: str, raw: str | Path = RAW, digest: Callable[[Path], str] = sha256
) -> list[str]:
    """Return how names and content of files differ from the receipt, if there is a receipt.

    Args:
        dataset: name of the data set.
        raw: folder of all fetched data.
        digest: function that returns the SHA-256 of a file.
    """
    place = Path(raw) / dataset
    try:
        receipt = read_receipt(dataset, raw)
    except ValueError as error:
        return [str(error)]
    if receipt is None:
        return []
    expected = _expected(receipt)
    sizes = {path: content.bytes for path, content in expected.items()}
    return size_problems(place, sizes, [RECEIPT]) or [
        f"{path} has another content"
        for path, content in expected.items()
        if digest(place / path) != content.sha256
    ]


def _expected(receipt: Receipt) -> dict[str, Content]:
    """Return all files of a receipt, by path below the folder of the data set."""
    expected: dict[str, Content] = {}
    for name, entry in receipt.files.items():
        if entry.content and not name.endswith("/"):
            expected[name] = entry.content
        for path, content in entry.contents.items():
            expected[f"{_folder(name)}/{path}"] = content
    return expected


def _against_receipt(path: Path, expected: Content) -> list[str]:
    if not path.is_file():
        return [f"{path}: missing"]
    found = content_of(path)
    if found == expected:
        return []
    return [
        f"{path}: changed; sha256 is {found.sha256} ({found.bytes} bytes), expected "
        f"{expected.sha256} ({expected.bytes} bytes)"
    ]


def _against_sources(
    path: Path, entry: FetchedFile, mirrors: list[Source], sources: str | Path
) -> list[str]:
    """Compare a fetched file with the addresses and the lock file."""
    found = entry.content
    problems = []
    if mirrors[0].is_folder and found != listing(entry.contents):
        problems.append(f"{path}: its receipt contradicts itself; remove it and fetch again")
    if found:
        said = [known.problem(found) for known in known_by_hand(mirrors, sources)]
        problems += [f"{path}: {said[0]}"] if all(said) else []
    return problems
