"""Conversion of some categories of a data set alone, for studies of one kind of object.

This is a module of its own, so that a change of it makes only those data sets again that use it.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gains.datasets.convert import convert
from gains.support.files import atomic_path, json_bytes, read_json, withdraw
from gains.support.registry import nearest

logger = logging.getLogger(__name__)


def kept_categories(
    where: str, categories: Mapping[int, str], kept: Iterable[str]
) -> dict[int, str]:
    """Return the named categories by their ids, which stay as they are.

    Args:
        where: the data set, for messages.
        categories: names by id.
        kept: names of the categories that stay.

    Raises:
        ValueError: there is no category of such a name, or a name is given twice.
    """
    names = list(kept)
    known = list(categories.values())
    for k, name in enumerate(names):
        if name not in known:
            raise ValueError(
                f"{where}: there is no category {name!r}; {nearest(name, known)}known: "
                f"{', '.join(known)}"
            )
        if name in names[:k]:
            raise ValueError(f"{where}: category {name!r} is listed twice; list it once")
    return {number: name for number, name in categories.items() if name in names}


def convert_categories(
    name: str, source: str, options: Mapping[str, object], kept: Sequence[str], out: str | Path
) -> None:
    """Convert a data set as :func:`gains.datasets.convert.convert` does, with some categories.

    The images are the same. Objects of other categories are left out and counted in
    ``info.repairs``, ``info.categories`` names those that were kept, and ``info.counts`` has the
    numbers of those.

    Args:
        name: the data set's name in the study.
        source: the registered data set.
        options: its options.
        kept: names of the categories that stay.
        out: path of the JSON file.

    Raises:
        FileNotFoundError: a file of the source is missing.
        ValueError: see ``convert``; or there is no such category, or it has no object.
    """
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".categories-") as folder:
        whole = Path(folder) / out.name
        convert(name, source, options, whole)
        content = _restricted(name, read_json(whole), kept)
        with atomic_path(out) as coco, atomic_path(out.with_suffix(".zip")) as images:
            whole.with_suffix(".zip").replace(images)
            coco.write_bytes(json_bytes(out, content, indent=None))
            withdraw(out)
    logger.info("%s: wrote %s with %s alone", name, out, ", ".join(kept))


def _restricted(name: str, content: Any, kept: Sequence[str]) -> dict[str, Any]:
    """Return the content of a COCO file with some categories."""
    categories = {int(c["id"]): str(c["name"]) for c in content["categories"]}
    stay = kept_categories(f"data set {name!r}", categories, kept)
    annotations = [a for a in content["annotations"] if a["category_id"] in stay]
    if not annotations:
        raise ValueError(f"data set {name!r}: there is no object of {', '.join(kept)}")
    left_out = len(content["annotations"]) - len(annotations)
    info = dict(content["info"])
    repairs = [*info["repairs"], f"objects of other categories were left out: {left_out}"]
    info |= {"repairs": repairs, "categories": list(stay.values())}
    if counts := info.get("counts"):
        objects = {what: n for what, n in counts["objects"].items() if what in stay.values()}
        info["counts"] = {**counts, "objects": objects}
    return {
        **content,
        "info": info,
        "annotations": [{**a, "id": k} for k, a in enumerate(annotations, 1)],
        "categories": [c for c in content["categories"] if c["id"] in stay],
    }
