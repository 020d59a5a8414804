"""From a registered data set and its options to COCO json and image archive."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gains
from gains.config.base import Settings, validated
from gains.datasets.base import Made, PublishedCounts, Scene
from gains.datasets.catalogue import DATASETS
from gains.datasets.coco import write_coco
from gains.fetch.receipt import NAME as RECEIPT
from gains.fetch.sources import RAW
from gains.fetch.status import verify

logger = logging.getLogger(__name__)


def check_options(source: str, options: dict[str, Any]) -> Settings:
    """Validate the options of a registered data set.

    Raises:
        ValueError: no such data set, an unknown key (the nearest is named), a value out of range.
    """
    return validated(DATASETS.get(source).settings, options, f"options of data set {source!r}")


def receipt(raw: str) -> Path:
    """Return the path of what `gains fetch` writes last into a folder below ``data/raw``."""
    return RAW / raw / RECEIPT


def inputs_of(source: str, options: dict[str, Any]) -> list[Path]:
    """Return the files and folders that making a data set reads.

    For a published data set in its place below ``data/raw`` that is the receipt of `gains fetch`,
    which names every file with its checksum; in a folder elsewhere, that folder.

    Raises:
        ValueError: no such data set, or options it does not take.
    """
    record, settings = DATASETS.get(source), check_options(source, options)
    if not record.raw:
        return record.inputs(settings)
    place = receipt(record.raw)
    root = Path(getattr(settings, "root", place.parent))
    return [place] if root == place.parent else [root]


def convert(name: str, source: str, options: dict[str, Any], out: str | Path) -> None:
    """Write ``out`` (.json) and the image archive beside it (.zip).

    COCO's ``info`` records the data set, its licence and citation, the options after defaults,
    the version of gains, and every repair of the source.

    Args:
        name: the data set's name in the study.
        source: the registered data set.
        options: its options.
        out: path of the json.

    Raises:
        FileNotFoundError: a file of the source is missing.
        ValueError: unknown source or option, fetched files that have changed since, a source that
            cannot be repaired, or other counts than the published ones.
    """
    record, settings = DATASETS.get(source), check_options(source, options)
    if record.raw and inputs_of(source, options) == [receipt(record.raw)]:
        _check_raw(record.raw)
    made = record.make(settings)
    info: dict[str, Any] = {
        "name": name,
        "title": record.title,
        "source": record.name,
        "licence": record.licence,
        "citation": record.citation,
        "homepage": record.homepage,
        "options": settings.model_dump(mode="json"),
        "gains": gains.__version__,
        "repairs": made.repairs,
    }
    write_coco(out, _counted(made, name, info), made.categories, info)
    for repair in made.repairs:
        logger.info("%s: %s", name, repair)
    logger.info("%s: wrote %s", name, out)


def _check_raw(raw: str) -> None:
    """Read what was fetched through; files without a receipt are taken as they are."""
    if not receipt(raw).exists():
        logger.info("%s: no receipt of `gains fetch %s`, so nothing is verified", raw, raw)
        return
    problems = verify(raw)
    if problems:
        raise ValueError(
            f"{receipt(raw).parent}: is not as it was fetched: {'; '.join(problems[:3])}"
            f"{' ...' if problems[3:] else ''}. Put back what was changed; `gains data verify "
            f"{raw}` lists all"
        )


def _counted(made: Made, name: str, info: dict[str, Any]) -> Iterator[Scene]:
    """Pass the scenes on; after the last one compare what was found with what is published."""
    images, objects = 0, Counter[int]()
    for scene in made.images:
        yield scene
        images += 1
        objects.update(int(category) for category in scene[2].categories)
    if made.expected is None:
        return
    found = {category: objects[number] for number, category in made.categories.items()}
    info["counts"] = {
        "images": {"expected": made.expected.images, "found": images},
        "objects": {
            category: {"expected": made.expected.objects.get(category), "found": n}
            for category, n in found.items()
        },
    }
    differences = _differences(made.expected, images, found)
    if differences and made.strict:
        raise ValueError(
            f"{name}: {'; '.join(differences)}. The source is incomplete or another version: fetch "
            "it again, or accept what is there with the option `counts: report`"
        )
    made.repairs.extend(differences)


def _differences(expected: PublishedCounts, images: int, objects: dict[str, int]) -> list[str]:
    wanted, found = {"images": expected.images, **expected.objects}, {"images": images, **objects}
    return [
        f"expected {n} {what}, found {found.get(what, 0)}"
        for what, n in wanted.items()
        if n is not None and found.get(what, 0) != n
    ]
