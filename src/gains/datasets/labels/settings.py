"""The options of a person's own images and labels."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gains.config.base import OFF_BY_DEFAULT, OwnPath
from gains.datasets.readers.coco_annotations import Crowds
from gains.datasets.readers.images import Reading

CATEGORY = "object"
"""Name of the class of objects whose labels name none."""


class FolderSettings(Reading):
    """Options of ``folder``."""

    RENAMED: ClassVar[dict[str, str]] = {"annotations": "labels"}

    images: OwnPath = Field(description="folder of the images")
    labels: OwnPath = Field(
        description="file or folder of the labels, whose format is recognised: COCO JSON, label "
        "images, GeoJSON, ROIs of ImageJ and others, see docs/own-data.md"
    )
    category: Annotated[str, OFF_BY_DEFAULT] = Field(
        CATEGORY,
        min_length=1,
        description="name of the class of objects whose labels name none, as in label images",
    )
    crowds: Crowds = Field(
        "drop",
        description="annotations of a COCO JSON file with `iscrowd` 1; drop: they are not single "
        "objects; keep: they are, as in files of programs that mark every brush mask so",
    )
