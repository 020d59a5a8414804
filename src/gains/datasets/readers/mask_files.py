"""The layout with mask files: its images and its masks.

The files are ``<folder>/<id>/images/<one image>`` and ``<folder>/<id>/masks/<masks>``, as in the
2018 Data Science Bowl. A mask file holds one object or is a label image.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gains.datasets.findings import Findings
from gains.datasets.readers.images import Header, has_image_suffix, read_header
from gains.datasets.readers.mask_values import read_objects
from gains.masks.rle import Rle
from gains.support.names import is_junk

EMPTY = "masks that cover no pixel were dropped"
LAYOUT = "<id>/images/<one image> and <id>/masks/<mask files>"


@dataclass(frozen=True)
class Place:
    """The folder of one image.

    Attributes:
        folder: folder that holds ``images`` and ``masks``, in any case.
        image: path of the image.
        size: size of the image.
        masks: the mask files, in order of name.
    """

    folder: Path
    image: Path
    size: Header
    masks: list[Path]


def find_places(folder: Path, findings: Findings) -> list[Place]:
    """Return the folders of the images in ``folder``, in order of name.

    Hidden files, and those that file managers leave behind, are ignored.

    Args:
        folder: folder that holds one folder per image.
        findings: records the files and folders that are left out.

    Raises:
        FileNotFoundError: a folder has ``images`` without ``masks``, or the reverse.
        ValueError: a folder does not hold exactly one image, an image cannot be read, or there are
            masks in a subfolder of ``masks``.
    """
    places = []
    for path in _visible(folder):
        if path.is_dir():
            images, masks = _child(path, "images"), _child(path, "masks")
            if images and masks:
                places.append(_place(path, images, masks, folder, findings))
            elif images or masks:
                found, missing = ("images", "masks") if images else ("masks", "images")
                raise FileNotFoundError(
                    f"{path}: there is a folder {found}/ but no folder {missing}/; expected both"
                )
            else:
                findings.add("folders without images/ and masks/ were left out", path.name)
        elif _is_image(path):
            findings.add("image files outside images/ and masks/ were left out", path.name)
    return places


def _place(path: Path, images: Path, masks: Path, folder: Path, findings: Findings) -> Place:
    found = _image_files(images, folder, findings)
    if len(found) != 1:
        raise ValueError(
            f"{path}: expected one image in {images.name}/, found {len(found)}"
            f"{': ' if found else ''}{', '.join(image.name for image in found[:3])}"
        )
    for inner in _visible(masks):
        nested = [p for p in inner.rglob("*") if _is_image(p)] if inner.is_dir() else []
        if nested:
            raise ValueError(
                f"{inner}: is a folder with {len(nested)} image files, first {nested[0].name}; "
                f"expected mask files directly in {masks.name}/. Move them there, or remove them"
            )
    files = _image_files(masks, folder, findings)
    if not files:
        findings.add("images without mask files were kept", path.name)
    for beside in _visible(path):
        if beside not in (images, masks) and (beside.is_dir() or _is_image(beside)):
            name = beside.relative_to(folder).as_posix()
            findings.add("image files and folders beside images/ and masks/ were left out", name)
    return Place(path, found[0], read_header(found[0]), files)


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_junk(Path(path.name)))


def _is_image(path: Path) -> bool:
    return has_image_suffix(path) and not path.is_dir() and not is_junk(Path(path.name))


def _child(place: Path, name: str) -> Path | None:
    """Return the folder of a name in any case, or None if there is none."""
    found = [p for p in _visible(place) if p.is_dir() and p.name.lower() == name]
    if len(found) > 1:
        raise ValueError(f"{place}: holds {found[0].name}/ and {found[1].name}/; keep only one")
    return found[0] if found else None


def _image_files(folder: Path, root: Path, findings: Findings) -> list[Path]:
    """Return the image files of a folder; everything else is left out and recorded."""
    files = []
    for path in _visible(folder):
        if _is_image(path):
            files.append(path)
        else:
            rule = f"files and folders in {folder.name.lower()}/ that are no images were left out"
            findings.add(rule, path.relative_to(root).as_posix())
    return files


def read_masks(place: Place, findings: Findings) -> list[Rle]:
    """Return the masks of one image, in order of file name and then of value.

    Args:
        place: folder of the image.
        findings: records the rules that were applied, and the mask files without an object.

    Raises:
        ValueError: a mask has another size, a file cannot be read, or its values fit no rule.
    """
    masks = []
    for path in place.masks:
        found = read_objects(path, place.image, (place.size.height, place.size.width))
        for rule in found.rules if found.masks else [EMPTY]:
            findings.add(rule, f"{place.folder.name}/{path.name}")
        masks += found.masks
    codes = {rle["counts"] for rle in masks}
    for _ in range(len(masks) - len(codes)):
        findings.add("masks equal to another mask of their image were kept", place.folder.name)
    return masks


def masks_beside_images(names: set[Path]) -> set[Path]:
    """Return the files, of some relative paths, in folders ``masks`` with a sibling ``images``."""
    above = {inner for name in names for inner in name.parents}
    places = {inner.parent for inner in above if inner.name.lower() == "images"}
    masks = {inner for inner in above if inner.name.lower() == "masks" and inner.parent in places}
    return {name for name in names if masks.intersection(name.parents)}
