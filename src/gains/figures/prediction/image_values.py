"""The values of single images by which figures choose images."""

from __future__ import annotations

from pathlib import Path

from gains.scoring.score_file import read_scores


def image_values(scores: Path) -> dict[str, float]:
    """Return the clean AJI of each image of a score file by its file name, a fraction.

    It is the mean over the classes present in the image that have ground truth in the data.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file has no values of images.
    """
    entries = read_scores(str(scores)).content.get("per_image", [])
    found = {
        str(entry["file_name"]): sum(values) / len(values)
        for entry in entries
        if (values := [r["AJI"] for r in entry["per_class"].values() if r["AJI"] is not None])
    }
    if not found:
        raise ValueError(f"{scores}: holds no scores per image; make it with `gains score`")
    return found


def worst_first(values: dict[str, float]) -> list[str]:
    """Return the file names of images in the order of their values, and then of their names."""
    return sorted(values, key=lambda name: (values[name], name))
