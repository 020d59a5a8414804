"""The table of several audits: a line for each part and category of each data set."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gains.datasets.audit import PartAudit
from gains.datasets.split_file import PARTS
from gains.masks.contacts import KINDS
from gains.support.files import read_json, write_text

FLAT = ("images", "images_without_objects", "images_above_max_detections", "objects")
COLUMNS = (
    *("dataset", "part", "category", "category_name", *FLAT),
    *("objects_per_image_mean", "objects_per_image_max", "area_median"),
    *("overlapping", "touching", "overlap_ratio_median", "overlap_ratio_max"),
    *(f"objects_{kind.name}" for kind in KINDS),
    *("images_published", "objects_published"),
)


def _row(
    dataset: str, part: str, number: str, described: PartAudit, published: dict[str, Any]
) -> dict[str, str | float | None]:
    category = described["categories"][number]
    per_image = category["objects_per_image"] or {}
    ratio = category["overlap_ratio"] or {}
    return {
        "dataset": dataset,
        "part": part,
        "category": number,
        "category_name": category["name"],
        "images": described["images"],
        "images_without_objects": len(described["images_without_objects"]),
        "images_above_max_detections": len(described["images_above_max_detections"]),
        "objects": category["objects"],
        "objects_per_image_mean": per_image.get("mean"),
        "objects_per_image_max": per_image.get("max"),
        "area_median": (category["area"] or {}).get("q50"),
        "overlapping": category["overlapping"],
        "touching": category["touching"],
        "overlap_ratio_median": ratio.get("median"),
        "overlap_ratio_max": ratio.get("max"),
        **{f"objects_{kind.name}": category["kinds"][kind] for kind in KINDS},
        "images_published": published.get("images", {}).get("expected"),
        "objects_published": published.get("objects", {}).get(category["name"], {}).get("expected"),
    }


def _rows(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one audit in the CSV file."""
    for part in (name for name in ("all", *PARTS) if name in content["parts"]):
        described = content["parts"][part]
        for number in described["categories"]:
            # the published numbers describe the whole data set
            published = content.get("published_counts") if part == "all" else None
            row = _row(content["dataset"], part, number, described, published or {})
            yield {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}


def audit_table(files: Sequence[str | Path], out_csv: str | Path) -> None:
    """Write audits as one CSV with a row per data set, part and category.

    Undefined cells are empty.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: no file is given, one is given twice, or one is not an audit.
    """
    if not files:
        raise ValueError("no audit was given; name at least one file that `gains audit` wrote")
    counted = Counter(os.path.realpath(file) for file in files)
    repeated = [path for path, n in counted.items() if n > 1]
    if repeated:
        raise ValueError(f"{', '.join(repeated)}: given more than once; name each audit once")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for file in files:
        content = read_json(file)
        if not isinstance(content, dict) or "parts" not in content:
            raise ValueError(
                f"{file}: expected a file that `gains audit` wrote, but 'parts' is missing"
            )
        try:
            writer.writerows(_rows(content))
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{file}: expected a file that `gains audit` wrote, but a part of it has another "
                f"shape ({error}); make it again"
            ) from error
    write_text(out_csv, text.getvalue())
