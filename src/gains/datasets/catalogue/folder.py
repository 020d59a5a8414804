"""The data set ``folder``: any folder of images with a COCO JSON file.

An error is repaired by a stated rule, which ``info["repairs"]`` records, or it is refused with a
message that names the record. All ids are numbered again: images 1..N by file name, annotations
1..M by image and then file order, categories 1..K by their id.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, Names, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.coco_annotations import Crowds
from gains.datasets.readers.coco_checks import SourceImage, records_of
from gains.datasets.readers.coco_folder import check_sources, scenes
from gains.datasets.readers.file_names import FileNames
from gains.datasets.readers.images import Reading, has_image_suffix
from gains.datasets.readers.mask_files import masks_beside_images
from gains.support.files import read_json, require_file
from gains.support.names import is_junk


class FolderSettings(Reading):
    """Options of ``folder``."""

    images: OwnPath = Field(
        description="folder that the file names in the JSON file are relative to"
    )
    annotations: OwnPath = Field(description="COCO JSON file")
    crowds: Crowds = Field(
        "drop",
        description="annotations with `iscrowd` 1; drop: they are not single objects; keep: they "
        "are, as in files of programs that mark every brush mask so",
    )


def _unlisted(folder: Path, sources: list[SourceImage], findings: Findings) -> None:
    listed = {os.path.realpath(source.path) for source in sources}
    names = {path.relative_to(folder) for path in folder.rglob("*")}
    for name in sorted(names - masks_beside_images(names)):
        image = has_image_suffix(name) and not is_junk(name)
        if image and os.path.realpath(folder / name) not in listed:
            findings.add("image files that the JSON file does not list were ignored", name.name)


def _note_earlier_repairs(content: Any, annotations: Path, findings: Findings) -> None:
    """Carry on what the conversion that made the JSON file recorded in its ``info``."""
    info = content.get("info")
    repairs = info.get("repairs") if isinstance(info, dict) else None
    for sentence in repairs if isinstance(repairs, list) else []:
        findings.remark(f"recorded in {annotations.name}: {sentence}")


def make(settings: FolderSettings, findings: Findings) -> SceneSet:
    """Check the folder and return its images in order of file name.

    Raises:
        FileNotFoundError: the folder, the JSON file or an image is missing.
        ValueError: no rule repairs a record, or there is no instance.
    """
    folder, annotations = Path(settings.images), Path(settings.annotations)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of images")
    content = read_json(annotations)
    records = records_of(content, annotations)
    _note_earlier_repairs(content, annotations, findings)
    sources, names = check_sources(
        records, annotations, folder, findings, settings.crowds, settings
    )
    _unlisted(folder, sources, findings)
    return SceneSet(names, scenes(sources, settings))


def files(settings: FolderSettings, names: Names) -> dict[str, Path]:
    """Return the JSON file and the images that it lists.

    Raises:
        FileNotFoundError: the JSON file or the folder is missing.
    """
    folder, annotations = Path(settings.images), Path(settings.annotations)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of images")
    listed, images = names(require_file(annotations)), FileNames(folder, Findings())
    return {"": annotations, **{name: images.place(name) for name in listed}}


def inputs(settings: FolderSettings) -> list[Path]:
    """Return the JSON file and the folder of images."""
    return [Path(settings.annotations), Path(settings.images)]


DATASETS.register(
    Dataset(
        name="folder",
        title="Own images with COCO annotations",
        licence="that of the images",
        citation="",
        homepage="",
        settings=FolderSettings,
        make=make,
        inputs=inputs,
        files=files,
    )
)
