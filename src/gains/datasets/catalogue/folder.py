"""The data set ``folder``: any folder of images with labels.

An error is repaired by a stated rule, which ``info["repairs"]`` records, or it is refused with a
message that names the record. All ids are numbered again: images 1..N by file name, annotations
1..M by image and then file order, categories 1..K by their id or name.
"""

from __future__ import annotations

from pathlib import Path

from gains.datasets.base import DATASETS, Dataset, Names, SceneSet
from gains.datasets.findings import Findings
from gains.datasets.labels import LABELS
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.recognise import read_labels
from gains.datasets.labels.settings import FolderSettings
from gains.datasets.readers.coco_folder import scenes
from gains.datasets.readers.file_names import FileNames


def make(settings: FolderSettings, findings: Findings) -> SceneSet:
    """Check the labels and return the images in order of file name.

    Raises:
        FileNotFoundError: the folder, the labels or an image is missing.
        ValueError: the labels are of no known format, no rule repairs a record, or there is no
            object.
    """
    _, (sources, names) = read_labels(settings, findings)
    return SceneSet(names, scenes(sources, settings))


def files(settings: FolderSettings, names: Names) -> dict[str, Path]:
    """Return the labels and the images that they belong to.

    With a COCO JSON file these are the images that it lists, and else all images.

    Raises:
        FileNotFoundError: the labels or the folder is missing.
    """
    folders = OwnFolders(Path(settings.images), Path(settings.labels))
    labels = folders.label_files
    if len(labels) == 1:
        (file,) = labels.values()
        if listed := names(file):
            images = FileNames(folders.images, Findings())
            return {"": file, **{name: images.place(name) for name in listed}}
    beside = {name: path for kind in LABELS for name, path in kind.beside(folders.labels).items()}
    return {
        **{f"beside/{name}": path for name, path in beside.items()},
        **{f"labels/{name}": path for name, path in labels.items()},
        **{f"images/{name}": path for name, path in folders.image_files.items()},
    }


def inputs(settings: FolderSettings) -> list[Path]:
    """Return the labels and the folder of images."""
    return [Path(settings.labels), Path(settings.images)]


DATASETS.register(
    Dataset(
        name="folder",
        title="Own images with labels",
        licence="that of the images",
        citation="",
        homepage="",
        settings=FolderSettings,
        make=make,
        inputs=inputs,
        files=files,
    )
)
