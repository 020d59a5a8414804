"""The signs of errors in the figure of methods side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.coco import read_coco
from gains.figures.drawing import style
from gains.figures.prediction.errors import SIGNS, MarkedErrors
from gains.figures.prediction.outcomes import outcome_of
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.metrics.object_errors import ObjectError
from gains.prediction.files import BOX_SCORE
from gains.support.files import write_json
from helpers.coco_files import write_coco

SIZE = 60
Box = tuple[int, int, int, int]
LEFT, ABOVE, FAR = (0, 0, 10, 10), (6, 0, 16, 10), (40, 40, 50, 50)


def scene_of(*boxes: tuple[int, Box]) -> Instances:
    """Return objects that fill boxes, with their categories."""
    masks = []
    for _, (left, top, right, bottom) in boxes:
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        mask[top:bottom, left:right] = True
        masks.append(encode_mask(mask))
    return Instances.from_rles(SIZE, SIZE, masks, [category for category, _ in boxes])


TRUTH = scene_of((1, LEFT), (1, ABOVE), (2, (20, 20, 40, 40)), (1, FAR))


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    path = tmp_path / "scene.json"
    grey = np.full((SIZE, SIZE), 200, np.uint8)
    write_coco(path, [("a.png", grey, TRUTH)], {1: "cell", 2: "nucleus"}, {})
    return path


def marked(coco: Path, *boxes: tuple[int, Box]) -> MarkedErrors:
    truth = read_coco(coco)
    (image,) = truth.images.values()
    ones = np.ones(len(boxes))
    found = replace(scene_of(*boxes), scores=ones, extra={BOX_SCORE: ones})
    return MarkedErrors.of(truth.instances(image.id), found, outcome_of(truth, image, found))


def test_errors_are_found_class_by_class(coco: Path) -> None:
    # a nucleus in the place of the far cell finds nothing, and is no neighbour of it
    found = marked(coco, (2, FAR), (1, (0, 0, 6, 10)), (1, ABOVE), (2, (20, 20, 40, 30)))
    assert found.kinds == {
        0: ObjectError.overlap_lost,
        3: ObjectError.missed,
        2: ObjectError.inaccurate,
    }
    assert found.false.tolist() == [0] and found.used.tolist() == [1, 2, 3]
    assert sorted(map(tuple, found.meant.tolist())) == [(1, 0), (2, 1), (3, 2)]
    assert found.words == "✚ 1   ◆ 1   ● 1   ✖ 1"


def test_a_merging_detection_is_drawn_though_it_is_meant_for_no_object(coco: Path) -> None:
    # 60 x 60 px over all cells: its IoU with each is below 0.25
    found = marked(coco, (1, (0, 0, 60, 60)), (2, (20, 20, 40, 40)))
    assert found.kinds == dict.fromkeys((0, 1, 3), ObjectError.merged)
    assert found.meant.tolist() == [[1, 2]]
    assert found.used.tolist() == [0, 1] and not found.false.size


def test_an_image_without_errors_says_so(coco: Path) -> None:
    every: list[tuple[int, Box]] = [(1, LEFT), (1, ABOVE), (2, (20, 20, 40, 40)), (1, FAR)]
    assert marked(coco, *every).words == "no errors"


def draw(coco: Path, folder: Path, out: str) -> None:
    truth = read_coco(coco)
    (image,) = truth.images.values()
    boxes: list[tuple[int, Box]] = [(1, (0, 0, 6, 10)), (1, ABOVE), (2, (20, 20, 40, 40))]
    entries = [
        {"image_id": image.id, "category_id": category, "segmentation": rle, "score": 0.9}
        for (category, _), rle in zip(boxes, scene_of(*boxes).masks, strict=True)
    ]
    write_json(folder / "p.json", entries)
    given: list[str | Path] = [
        "layering_figure4",
        "--coco",
        coco,
        "--predictions",
        folder / "p.json",
    ]
    given += ["--image", "a.png", "--label", "M", "--out", folder / out]
    call = CliRunner().invoke(app, ["figure", *map(str, given)], catch_exceptions=False)
    assert call.exit_code == 0, call.output


def test_each_error_has_its_sign_in_its_object(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(style, "_save", lambda drawn, *_: kept.append(drawn))
    draw(coco, tmp_path, "x.png")
    image, truth, method = kept[0].axes
    places = {
        line.get_marker(): (
            float(np.asarray(line.get_xdata())[0]),
            float(np.asarray(line.get_ydata())[0]),
        )
        for line in method.lines
    }
    assert places.keys() == {"D", "P"}  # an overlap that is lost, and the far cell
    (x, y), (far_x, far_y) = places["D"], places["P"]
    assert 0 <= x < 10 and 0 <= y < 10 and 40 <= far_x < 50 and 40 <= far_y < 50
    assert not image.lines and not truth.lines
    assert method.get_xlabel().endswith("\n✚ 1   ◆ 1")
    texts = [text.get_text() for text in kept[0].legends[0].get_texts()]
    assert {kind.value for kind in SIGNS} < set(texts) and "false find" in texts


def test_equal_content_gives_equal_bytes(coco: Path, tmp_path: Path) -> None:
    draw(coco, tmp_path, "one.png")
    draw(coco, tmp_path, "two.png")
    for kind in ("png", "pdf"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
