"""The figure of synthetic clusters."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gains.clusters.scenes import ClusterScene
from gains.figures import clusters
from helpers.clusters import BLOCK, scenes_of
from helpers.tiny import Tiny, settings_of


def options(tiny: Tiny, block: dict[str, Any] | None) -> dict[str, Any]:
    settings = dataclasses.replace(settings_of("mask_rcnn", clusters=block), cell_category=1)
    text = json.dumps(settings.to_json())
    return {"coco": tiny.coco, "split": tiny.split, "settings": text}


def test_the_scenes_are_those_of_the_training(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[ClusterScene] = []
    monkeypatch.setattr(clusters, "_draw", lambda scenes, *_: drawn.extend(scenes))
    clusters.draw(tmp_path / "x.png", seed=3, count=8, **options(tiny, BLOCK))
    assert len(drawn) == BLOCK["scenes"]
    for number, scene in enumerate(drawn):
        assert (scene.pixels == scenes_of(tiny).load(number).pixels).all()


def test_the_figure_has_content_and_equal_bytes(tiny: Tiny, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        clusters.draw(tmp_path / f"{name}.png", seed=seed, count=2, **options(tiny, BLOCK))
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c
    assert len(Image.open(tmp_path / "a.png").convert("RGB").getcolors(10**6) or []) > 300
    assert (tmp_path / "a.pdf").is_file()


def test_a_recipe_without_clusters_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="adds no clusters; name a variant"):
        clusters.draw(tmp_path / "x.png", **options(tiny, None))
