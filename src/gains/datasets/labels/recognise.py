"""Recognition of the format of labels; a person does not name it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from gains.datasets.findings import Findings
from gains.datasets.labels import LABELS
from gains.datasets.labels.base import LabelFormat, Labelled, LabelSet
from gains.datasets.labels.coco_json import COCO
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.settings import FolderSettings
from gains.masks.overlaps import intersections, mask_areas
from gains.masks.rle import Rle


class Recognised(NamedTuple):
    """Labels whose format is known."""

    format: LabelFormat
    found: LabelSet


def read_labels(settings: FolderSettings, findings: Findings) -> tuple[LabelFormat, Labelled]:
    """Return the images of a folder with the objects of their labels, and the format of these.

    Raises:
        FileNotFoundError: a folder or file is missing.
        ValueError: the labels are of no known format or of several, or cannot be read.
    """
    format_, found = recognise(settings)
    labelled = format_.read(found, findings)
    if format_.note and not any(_overlap(source.masks) for source in labelled.sources):
        findings.remark(format_.note)
    return format_, labelled


def _overlap(masks: list[Rle]) -> bool:
    areas = mask_areas(masks)
    return bool((intersections(masks, masks, areas, areas).sum(axis=1) > areas).any())


def recognise(settings: FolderSettings) -> Recognised:
    """Return the format of labels, and the files of this format.

    Raises:
        FileNotFoundError: a folder or file is missing.
        ValueError: the labels are of no known format, or of several.
    """
    return recognise_in(OwnFolders(Path(settings.images), Path(settings.labels)), settings)


def recognise_in(folders: OwnFolders, settings: FolderSettings) -> Recognised:
    """Return the format of labels whose files are known; errors as in :func:`recognise`."""
    kinds: dict[str, LabelFormat | None] = {
        name: _format_of(path, folders) for name, path in folders.label_files.items()
    }
    counts = Counter(kind.name for kind in kinds.values() if kind)
    if len(counts) > 1:
        examples = {kind.name: name for name, kind in kinds.items() if kind}
        listed = "; ".join(f"{n} x {kind} (as {examples[kind]})" for kind, n in counts.items())
        raise ValueError(
            f"{folders.labels}: holds labels of {len(counts)} formats: {listed}; expected one "
            "format. Name the file or folder of one of them, or move the others away"
        )
    if not counts:
        if folders.labels.is_file() and _may_be_coco(folders.labels):
            return Recognised(COCO, LabelSet(settings, folders, folders.label_files))
        raise ValueError(_unknown(folders))
    kind = LABELS.get(next(iter(counts)))
    beside = kind.beside(folders.labels).values()
    own = {
        name: path
        for name, path in folders.label_files.items()
        if path not in beside and (kinds[name] or not folders.is_image(path))
    }
    # a damaged label file is read too, so that it is refused by name
    files = {name: path for name, path in own.items() if _fits(path, kind)}
    others = [name for name in own if name not in files]
    return Recognised(kind, LabelSet(settings, folders, files, others))


def _fits(path: Path, kind: LabelFormat) -> bool:
    return path.suffix.lower() in kind.suffixes


def _format_of(path: Path, folders: OwnFolders) -> LabelFormat | None:
    fitting = (kind for kind in LABELS if _fits(path, kind))
    return next((kind for kind in fitting if not kind.problem(path, folders)), None)


def _may_be_coco(path: Path) -> bool:
    """Return whether a single file has the suffix of COCO, or of no format."""
    return _fits(path, COCO) or not any(_fits(path, kind) for kind in LABELS)


def _unknown(folders: OwnFolders) -> str:
    """Say what labels hold that are of no known format, and what is missing."""
    files = {n: p for n, p in folders.label_files.items() if not folders.is_image(p)}
    suffixes = Counter(Path(name).suffix.lower() or "no suffix" for name in files)
    found = ", ".join(f"{n} x {suffix}" for suffix, n in suffixes.most_common(5))
    found = f"found no labels, but {found}" if found else "found no file besides the images"
    near = [
        f"{name} is no {kind.name}: {kind.problem(path, folders)}"
        for name, path in list(files.items())[:1]
        for kind in LABELS
        if _fits(path, kind)
    ]
    formats = "; ".join(f"{kind.name} ({kind.layout})" for kind in LABELS)
    missing = f". {'; '.join(near)}" if near else ""
    return f"{folders.labels}: {found}{missing}. Expected one of: {formats}"
