"""Writing of predictions in several formats, into one folder for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from gains.datasets.readers.images import has_image_suffix
from gains.export.base import FORMATS, ExportedImage, ExportFormat, Results
from gains.support.claims import claimed
from gains.support.files import atomic_path
from gains.support.names import is_junk, normal, slashed
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


def check_folder(out: Path, images: Path | None) -> None:
    """Refuse a folder that cannot be that of an export.

    Args:
        out: the folder to write.
        images: folder of the images; None if there is none.

    Raises:
        ValueError: it has the name of a file, is a file, or lies in the folder of images.
    """
    suffixes = {"." + part for f in FORMATS for part in f.suffix.split(".")} | {".gz", ".tiff"}
    if out.is_file() or out.suffix.lower() in suffixes:
        raise ValueError(
            f"{out}: is a file or has the name of one; name a folder, which an export fills"
        )
    if images is not None and out.resolve().is_relative_to(images.resolve()):
        raise ValueError(
            f"{out}: lies in the folder of images {images}, so its pictures would be predicted "
            "next time; name a folder outside of it"
        )


def write_formats(results: Results, formats: Iterable[ExportFormat], out: Path) -> None:
    """Write predictions into the folders ``<out>/<format>``.

    A file about one image has the name of the image and lies in the same subfolder. Files of an
    earlier export of the same images are replaced.

    Raises:
        ValueError: two images would have the same file, or a folder holds the files of other
            images.
    """
    plans = {record: _plan(record, results, out / record.name) for record in formats}
    for record, plan in plans.items():
        _refuse_others(out / record.name, plan)
    todo = [(record, *item) for record, plan in plans.items() for item in plan.items()]
    with claimed(out), progress("export", len(todo)) as advance:
        for done, (record, path, images) in enumerate(todo, start=1):
            content = record.content(results, images)
            with atomic_path(path) as temporary:
                temporary.write_bytes(content)
            advance(done, record.name)


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


def _refuse_others(folder: Path, plan: _Plan) -> None:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and path not in plan and not is_junk(path.relative_to(folder)):
            raise ValueError(
                f"{path}: is about other images than this export; name a new folder with --out, or "
                f"remove {folder}"
            )
