"""A small ground truth with predictions, in memory and as files."""

from __future__ import annotations

import pytest

from helpers.score_scenes import four_detections, three_images, write_files


@pytest.fixture
def scene():
    return three_images()


@pytest.fixture
def detections():
    return four_detections()


@pytest.fixture
def files(tmp_path, scene, detections):
    return write_files(tmp_path, scene, detections)
