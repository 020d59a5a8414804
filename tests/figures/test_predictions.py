"""The prediction figure: found, missed and false objects, classes, own images, memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from gains.datasets.coco import read_coco
from gains.figures import predictions as predictions_figure
from gains.figures.drawing import style
from gains.figures.drawing.colours import PALETTE, colours, palettes_of
from gains.figures.prediction.columns import Column, titles_of
from gains.figures.prediction.outcomes import outcome_of
from gains.figures.predictions import evenly
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.sidecar import sidecar_path
from gains.scoring.score import score_files
from gains.support.files import write_json
from helpers.coco_files import write_coco

SIZE = 40
CATEGORIES = {1: "cell", 2: "nucleus"}
Box = tuple[int, int, int, int]


def squares(*boxes: Box, size: tuple[int, int] = (SIZE, SIZE)) -> Instances:
    """Return instances that fill squares of (category, y, x, side)."""
    masks = []
    for _, y, x, side in boxes:
        mask = np.zeros(size, dtype=bool)
        mask[y : y + side, x : x + side] = True
        masks.append(encode_mask(mask))
    return Instances.from_rles(*size, masks, [category for category, *_ in boxes])


def write_predictions(path: Path, image: int, found: Instances, scores: list[float]) -> Path:
    entries = [
        {"image_id": image, "category_id": int(c), "segmentation": rle, "score": score}
        for c, rle, score in zip(found.categories, found.masks, scores, strict=True)
    ]
    write_json(path, entries)
    return path


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Three cells and a nucleus on one image, and an image with a nucleus only."""
    path = tmp_path / "scene.json"
    first = squares((1, 0, 0, 10), (1, 20, 20, 10), (1, 0, 30, 8), (2, 3, 3, 4))
    second = squares((2, 5, 5, 6))
    grey = np.full((SIZE, SIZE), 200, np.uint8)
    write_coco(path, [("a.png", grey, first), ("b.png", grey, second)], CATEGORIES, {})
    return path


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """A cell, one that is a false find, a shifted one, a nucleus of the wrong class, a weak one."""
    boxes = squares((1, 0, 0, 10), (1, 30, 0, 5), (1, 22, 20, 10), (1, 3, 3, 4), (2, 3, 3, 4))
    return write_predictions(tmp_path / "p.json", 1, boxes, [0.9, 0.8, 0.7, 0.6, 0.3])


def shown(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Figure:
    """Return the figure that the verb draws, with all its texts laid out."""
    kept: list[Figure] = []
    monkeypatch.setattr(style, "_save", lambda drawn, *_: kept.append(drawn))
    predictions_figure.draw(**options)
    kept[0].canvas.draw()
    return kept[0]


def texts(drawn: Figure) -> list[str]:
    return [
        text.get_text().replace("\n", " ")
        for text in drawn.findobj(Text)
        if text.get_text() and text.get_visible()
    ]


def captions(drawn: Figure) -> list[str]:
    return [axes.get_xlabel() for axes in drawn.axes]


def test_outcome_by_hand(coco: Path, found: Path) -> None:
    truth = read_coco(coco)
    detections = Column.read("p", found, truth).instances_of(truth.images[1], 0.5)
    outcome = outcome_of(truth, truth.images[1], detections)
    # the shifted cell: I = 8 * 10, U = 200 - 80, IoU = 2/3
    assert outcome.found.tolist() == [[0, 0], [2, 1]]
    assert outcome.missed.tolist() == [2, 3]
    assert sorted(outcome.false.tolist()) == [1, 3]
    # cells: (100 + 80) / (100 + 120 + 64 + 25 + 16); nuclei: missed
    assert outcome.aji == pytest.approx(180 / 325 / 2)
    assert outcome.f1 == pytest.approx(2 * 2 / (4 + 3) / 2)


def test_aji_and_f1_are_those_of_the_score_file(coco: Path, found: Path) -> None:
    truth = read_coco(coco)
    for number, threshold in ((1, 0.5), (1, 0.2), (2, 0.5)):
        image = truth.images[number]
        block = score_files(coco, found, clean_score_threshold=threshold)["per_image"][number - 1]
        detections = Column.read("p", found, truth).instances_of(image, threshold)
        outcome = outcome_of(truth, image, detections)
        for name, value in (("AJI", outcome.aji), ("F1", outcome.f1)):
            expected = [row[name] for row in block["per_class"].values()]
            assert value == pytest.approx(sum(expected) / len(expected))


def test_crowd_regions_and_detections_in_them_count_as_nothing(coco: Path, found: Path) -> None:
    content = json.loads(coco.read_text())
    content["annotations"][2]["iscrowd"] = 1
    write_json(coco, content)
    truth = read_coco(coco)
    inside = squares((1, 0, 0, 10), (1, 0, 32, 4))
    extra = {"box_score": [1.0, 1.0]}
    detections = Instances.from_rles(SIZE, SIZE, inside.masks, [1, 1], extra=extra)
    outcome = outcome_of(truth, truth.images[1], detections)
    assert (outcome.missed.tolist(), outcome.false.tolist()) == ([1, 3], [])


def test_panels_say_what_was_found(
    coco: Path, found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = shown(monkeypatch, coco=coco, predictions=[found], out=Path("x.png"), image=["a.png"])
    aji = f"AJI {100 * 180 / 325 / 2:.1f}, F1 28.6\n2 found, 2 missed, 2 false"
    assert captions(drawn) == ["a.png", "4 objects", aji]
    expected = {"scene: predictions with a score of at least 0.5", "cell", "nucleus", "missed"}
    assert expected <= set(texts(drawn))
    image = read_coco(coco).images[2]
    empty = write_predictions(found.with_name("e.json"), 1, squares(), [])
    write_json(sidecar_path(empty), {"images": [vars(image)]})
    drawn = shown(monkeypatch, coco=coco, predictions=[empty], out=Path("x.png"))
    assert captions(drawn)[-1] == "AJI 0.0, F1 0.0\n0 found, 1 missed, 0 false"
    assert "nucleus" not in texts(drawn), "a single class needs no legend"


def test_found_objects_have_the_colours_of_the_ground_truth() -> None:
    objects = squares((1, 0, 0, 10), (1, 0, 8, 10), (2, 3, 3, 4))
    palettes = palettes_of([1, 2])
    first = colours(objects, palettes)
    assert first[0] in palettes[1] and first[2] in palettes[2]
    given = {0: palettes[1][1], 1: palettes[1][0]}
    assert colours(objects, palettes, given)[:2] == [palettes[1][1], palettes[1][0]]
    assert colours(objects, None, {0: PALETTE[0]})[1] != PALETTE[0]


@pytest.mark.parametrize("number", [1, 2, 3, 7, 8, 20])
def test_classes_have_no_colour_in_common(number: int) -> None:
    palettes = palettes_of(range(1, number + 1))
    every = [colour for palette in palettes.values() for colour in palette]
    assert len(palettes) == number and len(every) == len(set(every))


def listed(path: Path, folder: Path, **info: Any) -> None:
    """Write the list of predicted images of a folder with the images a.png and b.png."""
    folder.mkdir(exist_ok=True)
    images = []
    for number, name in enumerate(("a.png", "b.png"), start=1):
        Image.new("L", (SIZE, SIZE), 90).save(folder / name)
        images.append({"id": number, "file_name": name, "height": SIZE, "width": SIZE})
    categories = {str(number): name for number, name in CATEGORIES.items()}
    write_json(sidecar_path(path), {"info": {"categories": categories} | info, "images": images})


def test_own_images_are_drawn_without_ground_truth(
    found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    listed(found, folder, method={"name": "gains"})
    options: dict[str, Any] = {"predictions": [found], "images": [folder], "out": Path("x.png")}
    drawn = shown(monkeypatch, **options)
    assert captions(drawn) == ["a.png", "4 objects", "b.png", "0 objects"]
    expected = {"GAInS, p", "mine: predictions with a score of at least 0.5"}
    assert expected <= set(texts(drawn))
    assert not {"Ground truth", "missed"} & set(texts(drawn))


def test_own_images_are_read_as_they_were_predicted(
    found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(found, tmp_path / "mine", reading={"orientation": "apply"})
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    half = np.zeros((SIZE, SIZE), np.uint8)
    half[: SIZE // 2] = 255
    Image.fromarray(half).save(tmp_path / "mine/a.png", exif=exif)
    options: dict[str, Any] = {
        "predictions": [found],
        "images": [tmp_path / "mine"],
        "out": Path("x.png"),
    }
    pixels = np.asarray(shown(monkeypatch, **options).axes[0].images[0].get_array())
    assert pixels[0].max() == 0 and pixels[-1].min() == 255


def test_a_data_set_without_objects_shows_the_predictions_alone(
    coco: Path, found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(coco, json.loads(coco.read_text()) | {"annotations": []})
    options: dict[str, Any] = {"coco": coco, "predictions": [found], "out": Path("x.png")}
    assert captions(shown(monkeypatch, **options)) == ["a.png", "4 objects"]


def test_what_own_images_need_is_said(found: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"predictions": [found], "out": tmp_path / "x.png"}
    with pytest.raises(ValueError, match="no images are named; .*--coco, .*--images"):
        predictions_figure.draw(**options)
    with pytest.raises(ValueError, match=r"p.images.json: expected a list .*--coco"):
        predictions_figure.draw(**options, images=[tmp_path])
    listed(found, tmp_path)
    other = write_predictions(tmp_path / "q.json", 1, squares(), [])
    listed(other, tmp_path, categories={"1": "yeast"})
    with pytest.raises(ValueError, match="category 1 is 'yeast', but 'cell' in another"):
        predictions_figure.draw(predictions=[found, other], out=options["out"], images=[tmp_path])


def test_titles_name_methods_that_the_lists_of_images_name(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    write_json(sidecar_path(path), {"info": {"method": {"name": "mask_rcnn"}}, "images": []})
    assert titles_of([path], []) == ["Mask R-CNN, a"]


def test_images_are_chosen_from_the_worst_to_the_best(
    coco: Path, found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evenly("abcdefg", 3) == ["a", "d", "g"]
    assert evenly("abc", 9) == ["a", "b", "c"]
    assert evenly("abc", 1) == ["b"]
    write_json(sidecar_path(found), {"images": [vars(i) for i in read_coco(coco).images.values()]})
    scores = found.with_name("scores.json")
    write_json(scores, score_files(coco, found))
    options: dict[str, Any] = {"coco": coco, "predictions": [found], "out": Path("x.png")}
    drawn = shown(monkeypatch, **options, spread=2, scores=scores, study="mine")
    assert captions(drawn)[::3] == ["b.png", "a.png"]
    assert "scene, study mine: predictions with a score of at least 0.5" in texts(drawn)
    with pytest.raises(ValueError, match="--spread need a score file"):
        predictions_figure.draw(**options, spread=2)
    with pytest.raises(ValueError, match="both choose images; give one"):
        predictions_figure.draw(**options, spread=2, worst=1, scores=scores)


def test_many_methods_are_drawn_in_blocks(
    coco: Path, found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"predictions": [found] * 7, "label": list("ABCDEFG")}
    drawn = shown(monkeypatch, coco=coco, out=Path("x.png"), image=["a.png"], **options)
    titles = [axes.get_title() for axes in drawn.axes]
    assert titles == ["Image", "Ground truth", *"ABCD", "Image", "Ground truth", *"EFG"]
    assert len(set(captions(drawn)[2:6] + captions(drawn)[8:])) == 1


@pytest.mark.parametrize("size", [(30, 300), (300, 30), (700, 900)])
def test_nothing_is_cut_off_at_any_size(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, names = tmp_path / "s.json", {k: f"a class with a long name {k}" for k in range(1, 10)}
    boxes = squares(*[(k, 2, 2, 20) for k in names], size=size)
    name = "an image with a name that is longer than its panel is wide.png"
    write_coco(path, [(name, np.zeros(size, np.uint8), boxes)], names, {})
    found = write_predictions(tmp_path / "p.json", 1, boxes, [0.9] * 9)
    title = "Occlusion R-CNN (R101), with a very long name of a variant"
    options: dict[str, Any] = {
        "coco": path,
        "predictions": [found],
        "label": [title],
        "out": Path("x.png"),
    }
    drawn = shown(monkeypatch, **options)
    whole = drawn.bbox
    for text in drawn.findobj(Text):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= whole.x0 and box.x1 <= whole.x1, text.get_text()
            assert box.y0 >= whole.y0 and box.y1 <= whole.y1, text.get_text()
    for axes in drawn.axes:
        shown_at = axes.get_window_extent()
        assert max(shown_at.height, shown_at.width) > 150, "dots"


def test_no_mask_is_decoded_as_a_whole_plane() -> None:
    side, number = 2000, 40
    boxes = [(1, 40 * k, 40 * k, 30) for k in range(number)]
    objects = squares(*boxes, size=(side, side))
    axes = Figure().subplots()
    tracemalloc.start()
    style.outlines(axes, objects, colours(objects), fill=0.25)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < side * side, "less than one plane of bytes"
