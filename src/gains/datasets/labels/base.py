"""The record of a label format: how its files are recognised, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gains.datasets.findings import Findings
from gains.datasets.labels.folders import OwnFolders
from gains.datasets.labels.settings import FolderSettings
from gains.datasets.readers.coco_checks import SourceImage
from gains.support.registry import Registry


class LabelSet(NamedTuple):
    """The labels of one format.

    Attributes:
        settings: the options.
        folders: the files of the images and of the labels.
        files: the files of this format, by path below the folder of labels.
        others: paths of the other files there.
        names: names of the classes in their order, if the format states them.
    """

    settings: FolderSettings
    folders: OwnFolders
    files: Mapping[str, Path]
    others: Sequence[str] = ()
    names: Sequence[str] = ()


class Labelled(NamedTuple):
    """Images with their objects.

    Attributes:
        sources: the images in order of name, with masks and categories.
        categories: names by number, 1..K.
    """

    sources: list[SourceImage]
    categories: dict[int, str]


@dataclass(frozen=True)
class LabelFormat:
    """A format of labels.

    Attributes:
        name: name for people.
        layout: which files are expected, for messages.
        suffixes: suffixes of its files, in lower case.
        problem: function that returns why a file with such a suffix is not of this format, or
            nothing if it is. It reads no more than it must, so a file may still be refused later.
        read: function that reads all labels.
        beside: function that returns the files that may be read beside the labels, by a name that
            does not depend on where they lie; it gets the file or folder of labels.
        note: what a person should know if no objects overlap, or nothing.
    """

    name: str
    layout: str
    suffixes: tuple[str, ...]
    problem: Callable[[Path, OwnFolders], str]
    read: Callable[[LabelSet, Findings], Labelled]
    beside: Callable[[Path], dict[str, Path]] = lambda _: {}
    note: str = ""


LABELS: Registry[LabelFormat] = Registry("label format", "gains.datasets.labels")
