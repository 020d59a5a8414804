"""From a registered data set and its options to COCO json and image archive."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import gains
from gains.datasets import DATASETS
from gains.datasets.coco import write_coco
from gains.strict import Strict, validated

logger = logging.getLogger(__name__)


def check_options(source: str, options: dict[str, Any]) -> Strict:
    """Validate the options of a registered data set.

    Raises:
        ValueError: no such data set, an unknown key (the nearest is named), a value out of range.
    """
    return validated(DATASETS.get(source).settings, options, f"options of data set {source!r}")


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
        ValueError: unknown source or option, or a source that cannot be repaired.
    """
    record, settings = DATASETS.get(source), check_options(source, options)
    made = record.make(settings)
    for repair in made.repairs:
        logger.info("%s: %s", name, repair)
    info = {
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
    write_coco(out, made.images, made.categories, info)
    logger.info("%s: wrote %s", name, out)
