"""Writing of predictions in several formats, into one folder for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from gains.datasets.readers.images import has_image_suffix
from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.export.folder import UNFINISHED, check_own, record_files, remove
from gains.support.claims import claimed
from gains.support.files import atomic_path
from gains.support.names import normal, slashed
from gains.support.progress import progress

_Plan = dict[Path, Sequence[ExportedImage]]


def chosen_formats(text: str) -> list[ExportFormat]:
    """Return the formats of a list of names with commas, each once.

    Raises:
        ValueError: a name is unknown, or there is none.
    """
    names = dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError(f"--to names no format; known: {', '.join(FORMATS.names())}")
    return [FORMATS.get(name) for name in names]


def check_folder(out: Path, images: Sequence[Path]) -> None:
    """Refuse a folder that cannot be that of an export.

    Args:
        out: the folder to write.
        images: files and folders of the images.

    Raises:
        ValueError: it has the name of a file, is a file, lies in the folder of images, or holds
            files that no export wrote.
    """
    suffixes = {"." + part for f in FORMATS for part in f.suffix.split(".")} | {".gz", ".tiff"}
    if out.is_file() or out.suffix.lower() in suffixes:
        raise ValueError(
            f"{out}: is a file or has the name of one; name a folder, which an export fills"
        )
    for place in images:
        if out.resolve().is_relative_to(place.resolve()):
            raise ValueError(
                f"{out}: lies in the folder of images {place}, so its pictures would be predicted "
                "next time; name a folder outside of it"
            )
    check_own(out)


def write_formats(results: Results, formats: Iterable[ExportFormat], out: Path) -> None:
    """Write predictions into the folders ``<out>/<format>``.

    A file about one image has the name of the image and lies in the same subfolder. What an earlier
    export wrote is replaced or removed.

    Raises:
        ValueError: two images would have the same file, or a folder holds files that no export
            wrote, or that were changed since.
    """
    plans = {record: _plan(record, results, out / record.name) for record in formats}
    todo = [(record, *item) for record, plan in plans.items() for item in plan.items()]
    with claimed(out), progress("export", len(todo)) as advance:
        earlier, checksums = check_own(out), {path: UNFINISHED for _, path, _ in todo}
        record_files(out, earlier | checksums)
        remove(out, [path for path in earlier if path not in checksums])
        for done, (record, path, images) in enumerate(todo, start=1):
            content = record.content(results, images)
            with atomic_path(path) as temporary:
                temporary.write_bytes(content)
            checksums[path] = hashlib.sha256(content).hexdigest()
            advance(done, record.name)
        record_files(out, checksums)


def _plan(record: ExportFormat, results: Results, folder: Path) -> _Plan:
    """Return the images of each file that will be written."""
    if record.file is not None:
        return {folder / record.file: results.images}
    plan: _Plan = {}
    for image in results.images:
        path = folder / _relative(image.record.file_name, record.suffix)
        if path in plan:
            raise ValueError(
                f"{results.path}: the images {plan[path][0].record.file_name!r} and "
                f"{image.record.file_name!r} would have the same file {path}; rename one of them"
            )
        plan[path] = [image]
    return plan


def _relative(file_name: str, suffix: str) -> PurePosixPath:
    path = PurePosixPath(slashed(normal(file_name)))
    if path.is_absolute() or ".." in path.parts or not path.name or ":" in path.parts[0]:
        raise ValueError(
            f"the image {file_name!r} has a path outside of its folder; expected a path below it: "
            "predict the folder that holds the image"
        )
    stem = path.stem if has_image_suffix(path) else path.name
    return path.with_name(stem + suffix)
