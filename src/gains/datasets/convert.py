"""Conversion of a registered data set to a COCO JSON file and an image archive."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import gains
from gains.config.base import Settings, path_fields, switched_on, validated
from gains.datasets.base import DatasetCounts, Names, SceneSet
from gains.datasets.catalogue import DATASETS
from gains.datasets.coco_writer import CocoWriter, open_writer
from gains.datasets.findings import Findings
from gains.datasets.readers.raw_files import RawSettings, all_files
from gains.fetch.sources import RAW, RECEIPT
from gains.fetch.status import verify_dataset

logger = logging.getLogger(__name__)


def check_options(source: str, options: Mapping[str, object]) -> Settings:
    """Validate the options of a registered data set.

    Raises:
        ValueError: there is no such data set, a key is unknown (the nearest is named), or a value
            is out of range.
    """
    return validated(DATASETS.get(source).settings, options, f"options of data set {source!r}")


def receipt(raw: str) -> Path:
    """Return the path of the receipt that `gains fetch` writes into a folder below ``data/raw``."""
    return RAW / raw / RECEIPT


def inputs_of(source: str, options: Mapping[str, object]) -> list[Path]:
    """Return the files and folders that the conversion of a data set reads.

    For a published data set in its own folder below ``data/raw`` this is the receipt of
    `gains fetch`, which names every file with its checksum. For a folder elsewhere it is that
    folder.

    Raises:
        ValueError: there is no such data set, or it does not accept the options.
    """
    record, settings = DATASETS.get(source), check_options(source, options)
    if not record.raw:
        return record.inputs(settings)
    path = receipt(record.raw)
    root = Path(settings.root) if isinstance(settings, RawSettings) else path.parent
    return [path] if root == path.parent else [root]


def fetched_folder(source: str, options: Mapping[str, object]) -> str:
    """Return the folder below ``data/raw`` that a data set is read from; empty if from elsewhere.

    Raises:
        ValueError: there is no such data set, or it does not accept the options.
    """
    raw = DATASETS.get(source).raw
    return raw if raw and inputs_of(source, options) == [receipt(raw)] else ""


def own_files(source: str, options: Mapping[str, object], names: Names) -> dict[str, Path]:
    """Return a person's own files that the conversion of a data set reads.

    There are none for a synthetic data set, and for a published one in its own folder.

    Args:
        source: the registered data set.
        options: its options.
        names: function that lists the images of a COCO JSON file.

    Returns:
        The files by names that do not depend on where they lie.

    Raises:
        FileNotFoundError: a file or folder that the options name is missing.
        ValueError: there is no such data set, or it does not accept the options.
    """
    record, settings = DATASETS.get(source), check_options(source, options)
    if not record.raw:
        return record.files(settings, names)
    if fetched_folder(source, options):
        return {}
    (root,) = inputs_of(source, options)
    return all_files(root)


def without_paths(source: str, options: Mapping[str, object]) -> dict[str, object]:
    """Return the options of a data set that do not say where its files lie."""
    paths = path_fields(DATASETS.get(source).settings)
    return {name: value for name, value in options.items() if name not in paths}


def convert(name: str, source: str, options: Mapping[str, object], out: str | Path) -> None:
    """Convert a data set: write ``out`` (.json) and the image archive beside it (.zip).

    COCO's ``info`` records the data set, its licence and citation, the options after defaults
    without the paths of files, the version of gains, and every repair of the source.

    Args:
        name: the data set's name in the study.
        source: the registered data set.
        options: its options.
        out: path of the JSON file.

    Raises:
        FileNotFoundError: a file of the source is missing.
        ValueError: the source or an option is unknown, fetched files have changed since, the source
            cannot be repaired, or its counts differ from the published ones.
    """
    record, settings = DATASETS.get(source), check_options(source, options)
    if fetched := fetched_folder(source, options):
        _check_raw(fetched)
    findings = Findings()
    content = record.make(settings, findings)
    with open_writer(out) as writer:
        counts = _write_scenes(writer, content, findings)
        differences = _differences(content.published, counts)
        if differences and isinstance(settings, RawSettings) and settings.counts_must_match:
            raise ValueError(
                f"{name}: {'; '.join(differences)}. The source is incomplete or another version: "
                "fetch it again, or accept it as it is with the option `counts: report`"
            )
        for difference in differences:
            findings.remark(difference)
        info: dict[str, object] = {
            "name": name,
            "title": record.title,
            "source": record.name,
            "licence": record.licence,
            "citation": record.citation,
            "homepage": record.homepage,
            "options": without_paths(source, switched_on(settings)),
            "gains": gains.__version__,
            "repairs": findings.sentences(),
            **_counts_record(content.published, counts),
        }
        writer.finish(content.categories, info)
    for sentence in findings.sentences():
        logger.info("%s: %s", name, sentence)
    logger.info("%s: wrote %s", name, out)


def _check_raw(raw: str) -> None:
    """Verify the fetched files; files without a receipt are used as they are."""
    if not receipt(raw).exists():
        logger.info(
            "%s: there is no receipt of `gains fetch %s`, so the files are not verified", raw, raw
        )
        return
    problems = verify_dataset(raw)
    if problems:
        raise ValueError(
            f"{receipt(raw).parent}: the files are not as they were fetched: "
            f"{'; '.join(problems[:3])}{' ...' if problems[3:] else ''}. Restore them; `gains "
            f"data verify {raw}` lists all differences"
        )


def _write_scenes(writer: CocoWriter, content: SceneSet, findings: Findings) -> DatasetCounts:
    """Write the images and return how many images and objects there are."""
    images, objects = 0, Counter[int]()
    for scene in content.scenes:
        writer.add(scene.name, scene.pixels, scene.instances)
        images += 1
        objects.update(int(category) for category in scene.instances.categories)
        for change in scene.changes:
            findings.add(change, scene.name)
        if not len(scene.instances):
            findings.add("images without objects were kept", scene.name)
    by_name = {name: objects[number] for number, name in content.categories.items()}
    return DatasetCounts(images, by_name)


def _differences(published: DatasetCounts | None, found: DatasetCounts) -> list[str]:
    if published is None:
        return []
    pairs = {"images": (published.images, found.images)}
    pairs |= {what: (n, found.objects.get(what, 0)) for what, n in published.objects.items()}
    return [
        f"expected {expected} {what}, found {n}"
        for what, (expected, n) in pairs.items()
        if expected is not None and expected != n
    ]


def _counts_record(published: DatasetCounts | None, found: DatasetCounts) -> dict[str, object]:
    """Return the entry of COCO's ``info`` with the published numbers beside those found."""
    if published is None:
        return {}
    objects = {
        category: {"expected": published.objects.get(category), "found": n}
        for category, n in found.objects.items()
    }
    images = {"expected": published.images, "found": found.images}
    return {"counts": {"images": images, "objects": objects}}
