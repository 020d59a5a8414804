"""Formats with one label file per image: files are matched by name, and classes are numbered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gains.datasets.findings import Findings
from gains.datasets.image_archive import archived_name
from gains.datasets.labels.base import Labelled, LabelSet
from gains.datasets.readers.coco_checks import SourceImage, note_empty_categories
from gains.masks.overlaps import mask_areas
from gains.masks.rle import Rle
from gains.support.names import normal
from gains.support.progress import progress

NO_LABELS = (
    "images without a label file were left out (an image without objects needs a label file "
    "without objects)"
)


class LabelObject(NamedTuple):
    """One object of a label file.

    Attributes:
        mask: its mask.
        category: name of its class, or None without one.
        score: how sure the program that drew it was; None if the file does not say so.
    """

    mask: Rle
    category: str | None = None
    score: float | None = None


OneReader = Callable[[Path, SourceImage, LabelSet, Findings], list[LabelObject]]
"""Function that returns the objects in the label file of an image.

It raises ValueError, and names the file, if a label cannot be read or does not fit its image.
"""


def reader_of(
    one: OneReader,
    endings: tuple[str, ...] = (),
    classes: Callable[[LabelSet], list[str]] | None = None,
) -> Callable[[LabelSet, Findings], Labelled]:
    """Return the function that reads all labels of a format with one file per image.

    Args:
        one: reads one file.
        endings: what the name of a label file may have behind the name of its image.
        classes: function that returns the names of all classes in their order; without it they are
            numbered in order of name.
    """

    def read(found: LabelSet, findings: Findings) -> Labelled:
        for name in found.others:
            findings.add("files among the labels that are no labels were left out", name)
        found = found._replace(names=classes(found) if classes else ())
        sources: list[SourceImage] = []
        given: list[list[str]] = []
        pairs = _matched(found, endings, findings)
        with progress("label files", len(pairs)) as advance:
            for done, (image, path) in enumerate(pairs, start=1):
                objects = _not_empty(one(path, image, found, findings), path, findings)
                image.masks = [item.mask for item in objects]
                image.scores = [item.score for item in objects]
                given.append([item.category or found.settings.category for item in objects])
                sources.append(image)
                advance(done)
        names = found.names or sorted({name for each in given for name in each})
        numbers = {name: number for number, name in enumerate(names, start=1)}
        for image, each in zip(sources, given, strict=True):
            image.categories = [numbers[name] for name in each]
        _check_objects(sources, numbers, found, findings)
        return Labelled(sources, {number: name for name, number in numbers.items()})

    return read


def _not_empty(objects: list[LabelObject], path: Path, findings: Findings) -> list[LabelObject]:
    areas = mask_areas([item.mask for item in objects])
    for _ in range(int((areas == 0).sum())):
        findings.add("objects that cover no pixel were dropped", path.name)
    kept = [item for item, area in zip(objects, areas, strict=True) if area]
    twins = {(item.mask["counts"], item.category) for item in kept}
    for _ in range(len(kept) - len(twins)):
        findings.add("objects that equal another in image, class and mask were kept", path.name)
    return kept


def _check_objects(
    sources: list[SourceImage], numbers: dict[str, int], found: LabelSet, findings: Findings
) -> None:
    if not any(image.categories for image in sources):
        said = "".join(f"; {sentence}" for sentence in findings.sentences())
        raise ValueError(
            f"{found.folders.labels}: no objects in the labels of {len(sources)} images; expected "
            f"at least one{said}"
        )
    names = {number: name for name, number in numbers.items()}
    note_empty_categories(sources, names, findings)


def _matched(
    found: LabelSet, endings: tuple[str, ...], findings: Findings
) -> list[tuple[SourceImage, Path]]:
    """Return the images that have a label file, in order of name, each with this file."""
    images = found.folders.image_files
    if not images:
        raise ValueError(f"{found.folders.images}: holds no image")
    known = {normal(key): name for name in images for key in found.folders.names(name)}
    stems = Counter(normal(_stem(name)) for name in images)
    labels: dict[str, Path] = {}
    strangers: list[Path] = []
    for label, path in found.files.items():
        key = _owner(normal(_stem(label)), known, endings)
        if key is None:
            strangers.append(path)
            continue
        name = known[key]
        if stems[key] > 1:
            raise ValueError(
                f"{path}: belongs to {stems[key]} images of the name {key!r}, one of them {name}; "
                "keep one of them, or name the label file after its image with the suffix"
            )
        if name in labels:
            raise ValueError(f"{path}: {labels[name].name} is of the same image {name}; keep one")
        labels[name] = path
    if strangers:
        _refuse_strangers(strangers, found, endings)
    pairs: dict[str, tuple[SourceImage, Path]] = {}
    for name in images:
        if name not in labels:
            findings.add(NO_LABELS, name)
            continue
        archived = archived_name(name)
        if archived in pairs:
            raise ValueError(
                f"{images[name]}: another image would also get the name {archived!r}; name each "
                "image once"
            )
        height, width = found.folders.size(name, found.settings)
        source = SourceImage(images[name], archived, height, width)
        pairs[archived] = (source, labels[name])
    return [pairs[name] for name in sorted(pairs)]


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _owner(stem: str, known: dict[str, str], endings: tuple[str, ...]) -> str | None:
    """Return the name by which a label file names a known image, or None."""
    fitting = (end for end in endings if stem.lower().endswith(end.lower()))
    ways = [stem, *(stem[: -len(end)] for end in fitting)]
    return next((way for way in ways if way in known), None)


def _refuse_strangers(strangers: list[Path], found: LabelSet, endings: tuple[str, ...]) -> None:
    first = next(iter(found.folders.image_files))
    also = f", also with {' or '.join(endings)} behind it" if endings else ""
    names = ", ".join(path.name for path in strangers[:3])
    raise ValueError(
        f"{strangers[0]}: belongs to no image; so do {len(strangers)} of "
        f"{len(found.files)} label files: {names}. Expected the name of an image in "
        f"{found.folders.images}, with its folders, such as {_stem(first)!r} for {first}{also}. "
        "Rename the label file, add its image, or remove it"
    )
