"""A small ground truth with predictions, in memory and as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.datasets.coco import CocoDataset
from helpers.score_scenes import four_detections, three_images, write_files


@pytest.fixture
def scene() -> CocoDataset:
    return three_images()


@pytest.fixture
def detections() -> list[dict[str, Any]]:
    return four_detections()


@pytest.fixture
def files(
    tmp_path: Path, scene: CocoDataset, detections: list[dict[str, Any]]
) -> tuple[Path, Path]:
    return write_files(tmp_path, scene, detections)
