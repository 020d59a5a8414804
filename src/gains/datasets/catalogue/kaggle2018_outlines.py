"""Kaggle2018 from its original annotation: nuclei outlined in pure red.

The files are ``original/<name>`` and ``label/<name without extension>(label).bmp``, a copy of the
image with the outlines drawn in. The rules are those of the published COCO JSON file. It treats red
pixels and the outermost pixels of the image as walls, and the regions that they enclose as nuclei:

- A region is 4-connected, so an outline whose pixels meet at corners only does not leak. Its
  holes, red specks among them, are filled.
- Regions under ``min_area`` are dropped. So are regions over ``max_share`` of the image, which are
  background.
- A region that holds a nucleus is dropped too. It is background that nuclei enclose, or a nucleus
  with another one drawn into it. If outlines and the border enclose a part of the background that
  holds no nucleus, it looks like a nucleus that the border cuts, and becomes one.

Two rules differ. The polygons of the JSON file run along the red pixels, so its masks include the
red pixels above and to the left of a nucleus. Here the outline belongs to no nucleus, and two
nuclei that share an outline are one pixel apart. The program that made the JSON file also treated
any pixel of full red as a wall, even a white pixel. The conversion counts the images and the nuclei
for which this matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import Field

from gains.config.base import OwnPath
from gains.datasets.base import DATASETS, Dataset, DatasetCounts, Scene, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.readers.images import has_image_suffix, read_image, read_pixels
from gains.datasets.readers.raw_files import RawSettings, some_files
from gains.instances import Instances
from gains.masks.rle import Rle, decode_mask, encode_mask

TAIL = "(label).bmp"
RED = (255, 0, 0)


class OutlineSettings(RawSettings):
    """Options of ``kaggle2018-outlines``."""

    root: OwnPath = Field(
        "data/raw/kaggle2018-outlines", description="folder of the published files"
    )
    min_area: int = Field(30, ge=1, description="area in px below which a region is left out")
    max_share: float = Field(
        0.5, gt=0, le=1, description="share of the image above which a region is left out"
    )


def _pairs(root: Path) -> list[tuple[Path, Path]]:
    """Return each original with its label, in order of file name.

    The name of a label is that of the original, with or without its extension.
    """
    originals = [p for p in some_files(root, "original/*") if has_image_suffix(p)]
    labels = some_files(root, f"label/*{TAIL}")
    places = {path.parent.parent for path in originals + labels}
    if len(places) != 1:
        raise ValueError(
            f"{root}: expected one folder with original/ and label/, found "
            f"{', '.join(str(place) for place in sorted(places)) or 'no image in original/'}"
        )
    by_name = {path.name.removesuffix(TAIL): path for path in labels}
    owners: dict[Path, Path] = {}
    for original in originals:
        names = {original.name, original.stem, original.name.split(".")[0]}
        found = [by_name[name] for name in sorted(names) if name in by_name]
        if len(found) != 1:
            raise ValueError(
                f"{original}: expected one label {original.stem}{TAIL}, found "
                f"{[path.name for path in found] or 'none'}; fetch the set again"
            )
        if found[0] in owners:
            raise ValueError(
                f"{found[0]}: is the label of {owners[found[0]].name} and of {original.name}; "
                "keep only one of them"
            )
        owners[found[0]] = original
    unused = [path.name for path in labels if path not in owners]
    if unused:
        raise ValueError(
            f"{root}: {len(unused)} of {len(labels)} labels have no original, first {unused[0]!r}; "
            "fetch the set again"
        )
    return sorted((original, label) for label, original in owners.items())


def outlined(
    label: NDArray[np.uint8], min_area: int, max_share: float, findings: Findings, name: str
) -> list[Rle]:
    """Return the regions that red outlines close, in raster order of their first pixel.

    Args:
        label: uint8 (H, W, 3) RGB.
        min_area: smaller regions are dropped, px.
        max_share: regions of a larger share of the image are dropped, 0 to 1.
        findings: records what was dropped, except the background.
        name: name of the image, for the findings.
    """
    wall = (label == RED).all(axis=2)
    wall[[0, -1]] = wall[:, [0, -1]] = True
    regions, _ = scipy.ndimage.label(~wall)
    filled = []
    background = False
    for number, place in enumerate(scipy.ndimage.find_objects(regions), start=1):
        # a region is 4-connected, so the area that it encloses is 8-connected
        mask = scipy.ndimage.binary_fill_holes(regions[place] == number, np.ones((3, 3)))
        area = np.count_nonzero(mask)
        if area < min_area:
            findings.add(f"regions under {min_area} px were dropped", name)
        elif area > max_share * wall.size:
            background = True
        else:
            filled.append((area, number, place, mask))
    taken = np.zeros(wall.shape, dtype=bool)
    kept: dict[int, Rle] = {}
    for _, number, place, mask in sorted(filled, key=lambda region: region[:2]):
        if taken[place][mask].any():
            findings.add("regions that hold a nucleus were dropped", name)
            background = True
            continue
        taken[place] |= mask
        whole = np.zeros(wall.shape, dtype=bool)
        whole[place] = mask
        kept[number] = encode_mask(whole)
    if kept and not background:
        findings.add("no region was dropped as background, so look at these images", name)
    return [kept[number] for number in sorted(kept)]


def _note_full_red(
    label: NDArray[np.uint8], masks: list[Rle], findings: Findings, name: str
) -> None:
    """Record where pixels of full red that are not pure red are no walls here."""
    other = (label[..., 0] == RED[0]) & (label != RED).any(axis=2)
    if not other.any():
        return
    findings.add(
        "pixels of full red that are not pure red were no walls in these images (they are in the "
        "program that made the JSON file)",
        name,
    )
    for rle in masks:
        if decode_mask(rle)[other].any():
            findings.add("nuclei with such a pixel inside were kept whole", name)


def _scenes(
    settings: OutlineSettings, pairs: list[tuple[Path, Path]], findings: Findings
) -> Iterator[Scene]:
    for original, path in pairs:
        (pixels, changes), label = read_image(original), read_pixels(path)
        if label.ndim != 3:
            raise ValueError(f"{path}: is grey; expected RGB with outlines in red {RED}")
        if label.shape[:2] != pixels.shape[:2]:
            raise ValueError(
                f"{path}: has size {list(label.shape[:2])}, but {original.name} has size "
                f"{list(pixels.shape[:2])}; fetch the set again"
            )
        masks = outlined(label, settings.min_area, settings.max_share, findings, original.name)
        _note_full_red(label, masks, findings, original.name)
        height, width = label.shape[:2]
        # named as in `kaggle2018`, so that a split fits both
        instances = Instances.from_rles(height, width, masks, [1] * len(masks))
        yield Scene(f"{original.name}.png", pixels, instances, changes)


def make(settings: OutlineSettings, findings: Findings) -> SceneSet:
    """Pair the files and return the images in order of file name.

    Raises:
        FileNotFoundError: there are no originals or no labels.
        ValueError: an original has no label or several labels, or a label has no original or has
            another size.
    """
    scenes = _scenes(settings, _pairs(Path(settings.root)), findings)
    return SceneSet({1: "nucleus"}, scenes, DatasetCounts(52))


DATASETS.register(
    Dataset(
        name="kaggle2018-outlines",
        title="Kaggle2018, clustered nuclei from their outlines",
        licence="none published",
        citation=(
            "Shu et al.: Segmenting overlapping cell nuclei in digital histopathology images, IEEE "
            "EMBC 2013 (IHC Toolbox)"
        ),
        homepage="https://imagej.net/ij/plugins/ihc-toolbox/index.html",
        settings=OutlineSettings,
        make=make,
        raw="kaggle2018-outlines",
    )
)
