"""Labels in one COCO JSON file for all images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, Labelled, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.json_content import json_in, keys_of
from gains.datasets.readers.coco_checks import SourceImage, records_of
from gains.datasets.readers.coco_folder import check_sources
from gains.datasets.readers.images import has_image_suffix
from gains.datasets.readers.mask_files import masks_beside_images
from gains.support.names import is_junk


def _problem(path: Path, _: OwnFolders) -> str:
    content = json_in(path)
    missing = [
        key
        for key in ("images", "annotations", "categories")
        if not isinstance(content, dict) or not isinstance(content.get(key), list)
    ]
    if missing:
        return f"it holds {keys_of(content)}, and no list {', '.join(map(repr, missing))}"
    return ""


def _read(found: LabelSet, findings: Findings) -> Labelled:
    if len(found.files) > 1:
        raise ValueError(
            f"{found.folders.labels}: holds {len(found.files)} JSON files, "
            f"{', '.join(list(found.files)[:3])}; expected one COCO JSON file for all images: name "
            "it instead of its folder"
        )
    (path,) = found.files.values()
    content = json_in(path)
    records = records_of(content, path)
    _note_earlier_repairs(content, path, findings)
    sources, names = check_sources(
        records, path, found.folders.images, findings, found.settings.crowds, found.settings
    )
    _note_unlisted(found.folders, sources, findings)
    return Labelled(sources, names)


def _note_unlisted(folders: OwnFolders, sources: list[SourceImage], findings: Findings) -> None:
    folder = folders.images
    listed = {os.path.realpath(source.path) for source in sources}
    names = {path.relative_to(folder) for path in folder.rglob("*")}
    for name in sorted(names - masks_beside_images(names)):
        image = has_image_suffix(name) and not is_junk(name)
        if image and os.path.realpath(folder / name) not in listed:
            findings.add("image files that the JSON file does not list were ignored", name.name)


def _note_earlier_repairs(content: Any, path: Path, findings: Findings) -> None:
    """Carry on what the import that made the JSON file recorded in its ``info``."""
    info = content.get("info")
    repairs = info.get("repairs") if isinstance(info, dict) else None
    for sentence in repairs if isinstance(repairs, list) else []:
        findings.remark(f"recorded in {path.name}: {sentence}")


COCO = LABELS.register(
    LabelFormat(
        name="COCO JSON",
        layout="one .json file for all images",
        suffixes=(".json",),
        problem=_problem,
        read=_read,
    )
)
