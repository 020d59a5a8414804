"""What stands in the panels of figures of papers: which masks, which boxes, which numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from numpy.typing import NDArray

from gains.anomaly.build import build_maps
from gains.anomaly.store import MapStore
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from gains.figures import clusters
from gains.figures.drawing import style
from gains.figures.papers.donet import ObjectRegions
from gains.figures.papers.layers import draw_layers
from gains.figures.papers.model_maps import draw_heat
from gains.figures.papers.regions import MeetingRegion, draw_regions
from gains.figures.papers.seen import Seen
from gains.figures.prediction.columns import Column
from gains.figures.prediction.panels import rows
from gains.figures.prediction.places import marked_places
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.files import BOX_SCORE
from helpers.clusters import BLOCK, scenes_of
from helpers.coco_files import write_coco
from helpers.tiny import Tiny, settings_of

SIZE = 50
Box = tuple[int, int, int, int]


def scene_of(*boxes: Box) -> Instances:
    """Return cells that fill boxes."""
    masks = []
    for left, top, right, bottom in boxes:
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        mask[top:bottom, left:right] = True
        masks.append(encode_mask(mask))
    return Instances.from_rles(SIZE, SIZE, masks, [1] * len(boxes))


MAPS = MapSettings(window_size=3)
LEFT, RIGHT = (5, 20, 25, 30), (21, 10, 41, 40)
GREY: NDArray[np.uint8] = np.full((SIZE, SIZE, 3), 200, np.uint8)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn, in place of their files."""
    found: list[Figure] = []
    monkeypatch.setattr(style, "_save", lambda drawn, *_: found.append(drawn))
    return found


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """An image with two cells that share the columns 21 to 24 of ten rows."""
    path = tmp_path / "scene.json"
    write_coco(path, [("a.png", GREY[..., 0], scene_of(LEFT, RIGHT))], {1: "cell"}, {})
    return path


def test_red_boxes_come_from_the_ground_truth(coco: Path) -> None:
    truth = read_coco(coco)
    (image,) = truth.images.values()
    expected = [(20, 19, 26, 31)]  # with a margin of 1 px
    for boxes in ([LEFT], [(0, 0, 9, 9), (5, 5, 20, 20)]):
        ones = np.ones(len(boxes))
        found = replace(scene_of(*boxes), scores=ones, extra={BOX_SCORE: ones})
        column = Column("M", coco, {image.id: found}, None)
        pictures = type("Pictures", (), {"read": lambda *_: GREY})()
        (row,) = rows(truth, [image], pictures, [column], 0.5, mark="meetings")
        assert row.marked == expected == marked_places(truth, image)


def test_crowd_regions_are_not_marked(coco: Path) -> None:
    content = json.loads(coco.read_text())
    content["annotations"][1]["iscrowd"] = 1
    coco.write_text(json.dumps(content))
    truth = read_coco(coco)
    assert marked_places(truth, next(iter(truth.images.values()))) == []


def region_of(coco: Path) -> MeetingRegion:
    """Return the region where the two cells meet."""
    truth = read_coco(coco)
    return MeetingRegion.of("scene", truth, next(iter(truth.images.values())), GREY, MAPS)


def test_each_map_is_that_of_its_letter(coco: Path, kept: list[Figure]) -> None:
    region = region_of(coco)
    truth = read_coco(coco)
    build_maps(truth, MAPS, list(truth.images.values()), coco.with_name("maps.npz"))
    store = MapStore(coco.with_name("maps.npz"))
    for index, own in zip(region.pair, region.maps, strict=True):
        stored = store.block(int(region.objects.ids[index])).full((SIZE, SIZE))
        np.testing.assert_allclose(own, stored, atol=1e-6)
    draw_regions([region], "", Path("x.png"))
    panels = kept[0].axes
    for k, place in enumerate(panels[4:6]):
        shown = np.asarray(place.images[0].get_array())
        assert np.array_equal(shown, region.maps[k])
    # the letters stand in the objects' centres
    letters = {text.get_text(): text.get_position() for text in panels[2].texts}
    assert letters["A"][0] < 22 < 25 < letters["B"][0]


def test_arrows_point_away_from_the_centre(coco: Path, kept: list[Figure]) -> None:
    draw_regions([region_of(coco)], "", Path("x.png"))
    fields: list[Any] = [c for c in kept[0].axes[3].collections if isinstance(c, Quiver)]
    assert len(fields) == 2
    for field, (left, top, right, bottom) in zip(fields, (LEFT, RIGHT), strict=True):
        away = np.stack([field.X - (left + right - 1) / 2, field.Y - (top + bottom - 1) / 2])
        arrow = np.stack([np.asarray(field.U), np.asarray(field.V)])
        far = np.hypot(*away) > 3
        cosine = (away * arrow).sum(axis=0)[far] / np.hypot(*away)[far]
        assert far.any() and (cosine > 0.9).all()
        assert field.angles == "xy"


def columns_of(drawn: Figure, panel: int) -> list[tuple[int, int]]:
    """Return the first and last column of each outlined area of a panel."""
    *_, last = [c for c in drawn.axes[panel].collections if isinstance(c, PathCollection)]
    paths: list[Any] = list(last.get_paths())
    corners = [path.vertices[:, 0] for path in paths if len(path.vertices)]
    return [(round(x.min() + 0.5), round(x.max() - 0.5)) for x in corners]


def test_the_layers_of_figure_1_stand_under_their_titles(kept: list[Figure]) -> None:
    draw_layers(GREY, scene_of(LEFT, RIGHT), "", Path("x.png"))
    titles = [axes.get_title() for axes in kept[0].axes]
    assert titles[2:] == ["(c) Intersection layer", "(d) Complement layer"]
    assert columns_of(kept[0], 1) == [(5, 24), (21, 40)]
    assert columns_of(kept[0], 2) == [(21, 24), (21, 24)]
    assert columns_of(kept[0], 3) == [(5, 20), (21, 40)]


def test_the_masks_of_figure_6_stand_under_their_titles(coco: Path, kept: list[Figure]) -> None:
    values = {"intersection": 0.2, "complement": 0.6, "refined": 0.9}
    masks = {name: torch.full((1, 28, 28), value) for name, value in values.items()}
    boxes = torch.tensor([[5.0, 20.0, 25.0, 30.0]])
    found = ObjectRegions(boxes, torch.ones(1), torch.ones(1, dtype=torch.int64), masks)
    truth = read_coco(coco)
    record = next(iter(truth.images.values()))

    # the model knows a category more than the data set, and labels are its indices
    model: Any = SimpleNamespace(categories={0: "nucleus", 1: "cell"}, path="model.pt")

    class Known(Seen):
        scale = (1.0, 1.0)

        def compute(self, _function: object) -> ObjectRegions:  # type: ignore[override]
            return found

    seen = Known(model, truth, record, GREY, "scene")
    draw_heat(seen, 1, 0.5, Path("x.png"))
    shown = {
        axes.get_title()[4:]: float(np.asarray(axes.images[0].get_array()).max())
        for axes in kept[0].axes[1:4]
    }
    wanted = {"Intersection": 0.2, "Complement": 0.6, "Refined instance": 0.9}
    assert shown == pytest.approx(wanted, abs=1e-6)
    words = r"'cell' in 'a\.png' has a score of at least 1\.5; .* \(best: 1\.00\), or name"
    with pytest.raises(ValueError, match=words):
        draw_heat(seen, 1, 1.5, Path("x.png"))
    with pytest.raises(ValueError, match=r"model\.pt: the model knows no category 3, only 0, 1"):
        draw_heat(seen, 3, 0.5, Path("x.png"))


def test_the_lines_below_a_scene_are_ratio_and_opacity(
    tiny: Tiny, kept: list[Figure], tmp_path: Path
) -> None:
    settings = replace(settings_of("mask_rcnn", clusters=BLOCK), cell_category=1)
    given: dict[str, Any] = {"coco": tiny.coco, "split": tiny.split}
    clusters.draw(
        tmp_path / "x.png", seed=3, count=2, settings=json.dumps(settings.to_json()), **given
    )
    scenes = scenes_of(tiny)
    for number in range(2):
        places = scenes.load(number).placed
        lines = kept[0].axes[4 + number].get_xlabel().splitlines()
        for k, (line, one) in enumerate(zip(lines, places, strict=True)):
            assert line == f"{k + 1}: overlap {one.reached:.2f}, opacity {one.opacity:.2f}"


def test_the_recorded_ratio_is_that_of_the_masks(tiny: Tiny) -> None:
    scenes = scenes_of(tiny, scenes=4)
    for number in range(4):
        scene = scenes.load(number)
        objects = scene.objects.stack()
        cells = np.flatnonzero(scene.objects.categories == 1)
        placed = cells[cells >= scene.present]
        for one, index in zip(scene.placed, placed, strict=True):
            before = objects[cells[cells < index]].any(axis=0)
            share = (objects[index] & before).sum() / objects[index].sum()
            assert one.reached == pytest.approx(share)
            assert 0.2 <= one.opacity <= 0.8
