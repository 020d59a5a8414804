"""Labels of LabelMe: one JSON file per image; shapes of one label and group form one object."""

from __future__ import annotations

from pathlib import Path

from gains.datasets.findings import Findings
from gains.datasets.labels.base import LABELS, LabelFormat, LabelSet
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.json_content import json_in, keys_of
from gains.datasets.labels.per_image import LabelObject, reader_of
from gains.datasets.labels.shapes import shape_mask
from gains.datasets.readers.coco_checks import SourceImage
from gains.datasets.readers.labelme import read_labelme


def _problem(path: Path, _: OwnFolders) -> str:
    content = json_in(path)
    if not isinstance(content, dict) or "shapes" not in content:
        return f"it holds {keys_of(content)}, and no list 'shapes'"
    return ""


def _read(path: Path, image: SourceImage, _: LabelSet, findings: Findings) -> list[LabelObject]:
    found = read_labelme(path, join_groups=True)
    stated, true = (found.height, found.width), (image.height, image.width)
    for said, real in zip(stated, true, strict=True):
        if said is not None and said != real:
            raise ValueError(
                f"{path}: was drawn on an image of {list(stated)} px (height, width), but the "
                f"image {image.path.name} has {list(true)} px; expected the same size"
            )
    return [
        LabelObject(
            shape_mask([[ring] for ring in rings], image, path, f"object {position}", findings),
            label,
        )
        for position, (label, rings) in enumerate(zip(found.labels, found.polygons, strict=True))
    ]


LABELS.register(
    LabelFormat(
        name="LabelMe",
        layout="one .json per image",
        suffixes=(".json",),
        problem=_problem,
        read=reader_of(_read),
    )
)
