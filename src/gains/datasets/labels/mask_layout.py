"""Labels as one mask file per object, or label images, in a folder for each image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gains.datasets.findings import Findings
from gains.datasets.image_archive import archived_name
from gains.datasets.labels.base import LABELS, LabelFormat, Labelled, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.readers.coco_checks import SourceImage
from gains.datasets.readers.images import IMAGE_SUFFIXES, read_header
from gains.datasets.readers.mask_files import LAYOUT, find_places, read_masks
from gains.support.progress import progress


def _problem(path: Path, folders: OwnFolders) -> str:
    return "" if path in folders.masks else f"it does not lie in {LAYOUT}"


def _read(found: LabelSet, findings: Findings) -> Labelled:
    folders = found.folders
    if not folders.labels.samefile(folders.images):
        raise ValueError(
            f"{folders.labels}: holds {LAYOUT}, so it is also the folder of the images; found "
            f"{folders.images} for the images: name {folders.labels} there too"
        )
    sources: dict[str, SourceImage] = {}
    places = list(find_places(folders.images, findings))
    with progress("masks, images", len(places)) as advance:
        for done, place in enumerate(places, start=1):
            header = read_header(place.image, found.settings)
            archived = archived_name(place.image.relative_to(folders.images).as_posix())
            masks = read_masks(replace(place, size=header), findings)
            sources[archived] = SourceImage(
                place.image, archived, header.height, header.width, masks, [1] * len(masks)
            )
            advance(done)
    if not any(source.masks for source in sources.values()):
        said = "".join(f"; {sentence}" for sentence in findings.sentences())
        raise ValueError(
            f"{folders.labels}: no objects in {len(sources)} images; expected {LAYOUT}{said}"
        )
    return Labelled([sources[name] for name in sorted(sources)], {1: found.settings.category})


LABELS.register(
    LabelFormat(
        name="mask files",
        layout=f"folders {LAYOUT}",
        suffixes=IMAGE_SUFFIXES,
        problem=_problem,
        read=_read,
    )
)
