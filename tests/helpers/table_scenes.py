"""A small study and artificial score files, for the tests of tables and comparisons."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gains.config.file import check
from gains.metrics.contact import KINDS, TERMS
from gains.scoring.contact import ContactBlock
from gains.scoring.resampling import Block
from gains.study.opening import from_config
from gains.study.study import Study
from gains.support.files import write_json
from gains.tables.compare import write_compare
from gains.tables.of_study import compare_spec, table_spec
from gains.tables.specs import TableSpec
from gains.tables.write import write_table

PAPER: dict[str, Any] = {
    "dataset": {"stands_for": None, "represents": "ISBI2014", "maps": {"mode": "as_published"}},
    "detector": {"backbone": {"name": "resnet50"}},
    "printed_mode": "as_published",
}
"""Changes of :func:`study` with which its numbers compare with those of the GAInS paper."""

LAYERING = (
    *(f"AP{part}_layering" for part in ("50", "60", "70", "80", "90", "")),
    "AJI_pooled_layering",
    "AJI_mean_layering",
)
METRICS = ("AJI", "Dice", "F1", "TPp", "FNo", *LAYERING)


def study(seeds: list[int], **changes: Any) -> Study:
    """Return a study of two rows on one data set with the categories 1 (target) and 2."""
    table = {
        "title": "Methods & more",
        "table": "III",
        "metrics": ["mAP", "AJI"],
        "subsets": ["target", "average"],
        "rows": [
            {"method": "gains", "published": "GAInS"},
            {"method": "mask_rcnn", "published": "Mask R-CNN (R50)"},
        ],
        **changes.pop("table", {}),
    }
    dataset = {
        "stands_for": "ISBI2014",
        "title": "cells_1",
        "source": "synthetic-cells",
        **changes.pop("dataset", {}),
    }
    block = {
        "title": "a small study",
        "seeds": seeds,
        "datasets": {"cells": dataset},
        "detector": {"backbone": {"name": "resnet18"}},
        "tables": {"t": table},
        **changes,
    }
    return from_config(check({"study": "small", "studies": {"small": block}}, "test"))


def scores(
    value: float, classes: tuple[int, ...] = (1, 2), spread: float = 0.0, images: int = 12
) -> dict[str, Any]:
    """Return scores: ``value + k / 100`` for class k, 0.1 less as published; AP is 0.2 less.

    The images have one object and one detection of each class. ``spread`` moves the values of every
    second image up, and of the others down.
    """

    def rows(shift: float) -> dict[str, dict[str, float]]:
        return {str(k): dict.fromkeys(METRICS, value + k / 100 + shift) for k in classes}

    def average(block: dict[str, dict[str, float]], count: int) -> dict[str, float]:
        return {m: sum(row[m] for row in block.values()) / count for m in METRICS}

    ap = {str(k): dict.fromkeys(("AP", "AP50", "AP75"), value + k / 100 - 0.2) for k in classes}
    mean = sum(row["AP"] for row in ap.values()) / len(ap)
    published, clean = rows(-0.1), rows(0.0)
    return {
        "coco": {"AP": mean, "AP50": mean, "AP75": mean, "per_category": ap},
        "categories": {str(k): f"class {k}" for k in classes} | {"1": "cytoplasm", "2": "nuclei"},
        # the program always divides by two
        "as_published": {"per_class": published, "average": average(published, 2)},
        "clean": {"per_class": clean, "average": average(clean, len(classes))},
        "per_image": [{"file_name": f"{k}.png"} for k in range(images)],
        "resampling": {str(k): _block(value + k / 100, spread, images) for k in classes},
        "contact": {str(k): _contact(value + k / 100, images) for k in classes},
    }


def _block(value: float, spread: float, images: int) -> Block:
    moved = [spread * (-1) ** k for k in range(images)]
    terms = {
        mode: {
            m: {
                "over": " ".join(str(value + shift + move) for move in moved),
                "under": " ".join(["1"] * images),
            }
            for m in METRICS
        }
        for mode, shift in (("clean", 0.0), ("as_published", -0.1))
    }
    # bit k of the hits is a threshold: better methods hit at more of them
    hits = [2 ** round(10 * max(0.0, min(1.0, value - 0.2 + move))) - 1 for move in moved]
    return {
        "truths": " ".join(["1"] * images),
        "detections": {
            "image": " ".join(map(str, range(images))),
            "hits": " ".join(map(str, hits)),
            "ignored": "",
        },
        "terms": terms,
    }


def _contact(value: float, images: int) -> ContactBlock:
    """Return scores of images with one isolated object, and a crossing one in the first four."""
    counts = dict.fromkeys(TERMS, [0] * images)
    for kind, number in (("all", images), ("isolated", images), ("crossing", min(images, 4))):
        for measure in ("R50", "R75"):
            counts[f"{measure} {kind}"] = [1] * number + [0] * (images - number)
    terms = {
        name: {
            "over": " ".join(str(value * count) for count in listed),
            "under": " ".join(map(str, listed)),
        }
        for name, listed in counts.items()
    }
    precision = {
        f"{m} {k}": value if counts[f"R50 {k}"][0] else None
        for m in ("AP50", "AP75")
        for k in KINDS
    }
    return {"terms": terms, "precision": precision, "overlapping": " ".join(["0"] * images)}


def write_scores(table: TableSpec, values: dict[str, float], **options: Any) -> None:
    """Write a score file for each run of a table; ``values`` by a part of its path."""
    for path in table.score_paths:
        value = next(v for key, v in values.items() if key in path)
        write_json(path, scores(value, **options))


def spec_of(found: Study) -> TableSpec:
    """Return the specification of the study's only table."""
    return table_spec(found, "t")


def compared(
    seeds: Sequence[int] = (0,), value: float = 0.7, **changes: Any
) -> list[dict[str, str]]:
    """Return the lines of ``compare.csv``, which is written in the current folder."""
    found = study(list(seeds), **changes)
    table = spec_of(found)
    write_scores(table, {"seed1": value + 0.02, "": value})
    write_table(table, "t.csv")
    write_compare(compare_spec(found), ["t.csv"], "compare.csv")
    return lines_of("compare.csv")


def lines_of(path: str) -> list[dict[str, str]]:
    """Return the lines of a CSV file."""
    with Path(path).open() as file:
        return list(csv.DictReader(file))


AT_09 = {"score_threshold": 0.9}
VARIANTS: dict[str, Any] = {
    "donet": {
        "at-0.9": {"method": AT_09},
        "base-0.9": {"method": {**AT_09, "modules": "base", "mask_weight": 1.0}},
        "ho-0.9": {"method": {**AT_09, "modules": "intersection"}},
        "drm-0.9": {"method": {**AT_09, "modules": "drm"}},
        "fu-0.9": {"method": {**AT_09, "consistency": "none"}},
        "soft-0.9": {"method": {**AT_09, "consistency": "soft", "consistency_weight": 0.125}},
        "mrp-0.9": {"method": {**AT_09, "modules": "mrp"}},
    },
    "mask_rcnn": {
        "at-0.9": {"method": AT_09},
        "deep": {"method": {"backbone": {"name": "resnet101"}}},
    },
    "gains": {"w3": {"maps": {"window_size": 3}}, "f0.4": {"maps": {"f_ga": 0.4}}},
}


def verdicts(
    method: str,
    variant: str = "default",
    row: str = "DoNet",
    represents: str = "ISBI2014",
    table: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[tuple[str, str, str], dict[str, str]]:
    """Return the lines of one row by published paper, table and row, for its first metric."""
    dataset = {**PAPER["dataset"], "represents": represents, **changes.pop("dataset", {})}
    rows = [{"method": method, "variant": variant, "published": row}]
    records = compared(
        **{**PAPER, "dataset": dataset, "variants": VARIANTS, **changes},
        table={"metrics": ["AJI"], "subsets": ["average"], **(table or {}), "rows": rows},
    )
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for r in records:
        key = (r["published_paper"], r["published_table"], r["published_row"])
        found.setdefault(key, r)
    return found
