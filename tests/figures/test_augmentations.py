"""The figure of augmented samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.datasets.coco import read_coco
from gains.figures import augmentations
from gains.figures.augmentation import panels as augmentation_panels
from gains.figures.augmentation.panels import Panel
from gains.training.samples import CPU
from gains.training.train import samples_of_job
from helpers.tiny import Tiny, job_of, settings_of

LIST = [{"name": "rotation"}, {"name": "crop"}, {"name": "contrast"}]


def options(tiny: Tiny, method: str, **recipe: Any) -> dict[str, Any]:
    settings = settings_of(method, iterations=19, augmentations=LIST, **recipe)
    text = json.dumps(settings.to_json())
    return {"coco": tiny.coco, "split": tiny.split, "maps": tiny.maps, "settings": text}


def test_the_panels_are_the_samples_of_the_training(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Panel] = []
    monkeypatch.setattr(augmentation_panels, "draw_panels", lambda panels, *_: drawn.extend(panels))
    augmentations.draw(tmp_path / "x.png", seed=5, count=4, **options(tiny, "gains"))
    settings = settings_of("gains", iterations=19, augmentations=LIST)
    job = job_of(tiny, tmp_path, settings, seed=5)
    samples = samples_of_job(job, read_coco(tiny.coco), CPU)
    name = samples.records[0].file_name
    stream = [samples[k].name for k in range(len(samples))]
    assert len(stream) % len(samples.records)
    for record in samples.records:
        wanted = [k for k, own in enumerate(stream) if own == record.file_name]
        assert list(samples.positions(record.file_name)) == wanted
    seen = [k for k, own in enumerate(stream) if own == name][:4]
    assert [p.title for p in drawn] == ["no augmentation", *(f"iteration {k // 2}" for k in seen)]
    for panel, position in zip(drawn[1:], seen, strict=True):
        sample = samples[position]
        assert (panel.pixels == sample.image.permute(1, 2, 0).numpy()).all()
        assert (panel.objects.stack() == sample.target.masks.numpy()).all()
        assert (panel.objects.boxes == sample.target.boxes.numpy()).all()
        assert sample.target.maps is not None and panel.anomaly is not None
        assert (panel.anomaly == sample.target.maps.planes().amax(0).numpy()).all()
    assert (drawn[0].pixels == samples._at_size(0, 64).image.permute(1, 2, 0).numpy()).all()


def test_the_figure_has_content_and_equal_bytes(tiny: Tiny, tmp_path: Path) -> None:
    for name, seed, count in (("a", 0, 3), ("b", 0, 3), ("c", 1, 3), ("d", 0, 1)):
        out = tmp_path / f"{name}.png"
        augmentations.draw(out, seed=seed, count=count, **options(tiny, "gains"))
    a, b, c, d = ((tmp_path / f"{name}.png").read_bytes() for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 500


def test_a_method_without_maps_has_no_row_of_maps(tiny: Tiny, tmp_path: Path) -> None:
    heights = []
    for method in ("gains", "mask_rcnn"):
        augmentations.draw(tmp_path / f"{method}.pdf", count=2, **options(tiny, method))
        heights.append(Image.open(tmp_path / f"{method}.png").height)
    assert heights[0] > 1.5 * heights[1]


def test_an_image_that_is_not_learnt_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    given = options(tiny, "mask_rcnn")
    coco = read_coco(tiny.coco)
    learnt = json.loads(tiny.split.read_text())["folds"][0]["train"]
    other = next(r.file_name for r in coco.images.values() if r.file_name not in learnt)
    for image, message in ((other, "no training image with objects"), ("no.png", "unknown image")):
        with pytest.raises(ValueError, match=message):
            augmentations.draw(tmp_path / "x.png", image=image, **given)
    assert not (tmp_path / "x.png").exists()
