"""The figures of papers: their verbs, marked places, layers and heat maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.coco import read_coco
from gains.figures.drawing import style
from gains.figures.papers.choice import chosen_image
from gains.figures.papers.grid import square_around
from gains.figures.papers.layers import intersection_and_complement
from gains.figures.papers.seen import largest_probability
from gains.figures.prediction.places import marked_places
from gains.figures.prediction.signs import RED
from gains.instances import Instances
from gains.masks.contacts import Contact
from gains.masks.rle import encode_mask
from gains.scoring.score import score_files
from gains.support.files import write_json
from gains.training.train import train
from helpers.coco_files import write_coco
from helpers.tiny import Tiny, job_of, settings_of

SIZE = 50
Box = tuple[int, int, int, int]


def scene_of(*boxes: tuple[int, Box]) -> Instances:
    """Return objects that fill boxes, with their categories."""
    masks = []
    for _, (left, top, right, bottom) in boxes:
        mask = np.zeros((SIZE, SIZE), dtype=bool)
        mask[top:bottom, left:right] = True
        masks.append(encode_mask(mask))
    return Instances.from_rles(SIZE, SIZE, masks, [category for category, _ in boxes])


ALONE = scene_of((1, (5, 5, 15, 15)), (2, (8, 8, 12, 12)))
TOUCHING = scene_of((1, (5, 5, 15, 15)), (1, (15, 5, 25, 15)))
OVERLAPPING = scene_of(
    (1, (5, 5, 20, 20)), (1, (17, 16, 32, 31)), (1, (40, 40, 44, 44)), (1, (44, 40, 48, 44)),
    (2, (8, 8, 12, 12)), (2, (11, 8, 15, 12)),
)  # fmt: skip


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Three images: objects that are alone, that touch, and that overlap."""
    path = tmp_path / "scene.json"
    grey = np.full((SIZE, SIZE), 200, np.uint8)
    images = [("a.png", grey, ALONE), ("b.png", grey, TOUCHING), ("c.png", grey, OVERLAPPING)]
    write_coco(path, images, {1: "cell", 2: "nucleus"}, {})
    return path


def run(*arguments: object) -> None:
    call = CliRunner().invoke(app, ["figure", *map(str, arguments)], catch_exceptions=False)
    assert call.exit_code == 0, call.output


def shown(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> Figure:
    """Return the figure that a verb draws."""
    kept: list[Figure] = []
    with monkeypatch.context() as patch:
        patch.setattr(style, "_save", lambda drawn, *_: kept.append(drawn))
        run(*arguments)
    return kept[0]


def red_boxes(drawn: Figure, place: int) -> list[Box]:
    """Return the red boxes of a panel in px."""
    patches = drawn.axes[place].findobj(Rectangle)
    red = tuple(int(RED[k : k + 2], 16) / 255 for k in (1, 3, 5))
    found = [p for p in patches if p.get_edgecolor()[:3] == red and not p.get_fill()]
    return [
        (x := round(p.get_x() + 0.5), y := round(p.get_y() + 0.5),
         x + round(p.get_width()), y + round(p.get_height()))
        for p in found
    ]  # fmt: skip


def predictions_of(coco: Path, folder: Path) -> list[Path]:
    """Return two files of predictions: of all objects, and of all but the first of each image."""
    truth, paths = read_coco(coco), []
    for name, first in (("all.json", 0), ("some.json", 1)):
        entries = [
            {"image_id": image, "category_id": int(c), "segmentation": rle, "score": 0.9}
            for image in truth.images
            for c, rle in list(
                zip(truth.instances(image).categories, truth.instances(image).masks, strict=True)
            )[first:]
        ]
        write_json(folder / name, entries)
        paths.append(folder / name)
    return paths


def test_places_are_marked_within_a_category_by_hand(coco: Path) -> None:
    truth = read_coco(coco)
    places = {image.file_name: marked_places(truth, image) for image in truth.images.values()}
    assert places["a.png"] == []  # a nucleus in its cell meets no other nucleus
    # a margin of 0.02 * 50 px around the columns 14 and 15
    assert places["b.png"] == [(13, 4, 17, 16)]
    # the cells share 17..20 x 16..20, two others touch at 43, 44, the nuclei share the column 11
    assert places["c.png"] == [(10, 7, 13, 13), (16, 15, 21, 21), (42, 39, 46, 45)]


def test_each_panel_of_methods_side_by_side_has_the_boxes_of_its_image(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = predictions_of(coco, tmp_path)
    drawn = shown(
        monkeypatch, "figure4", "--coco", coco, "--predictions", first, "--predictions", second,
        "--image", "c.png", "--image", "a.png", "--out", tmp_path / "x.png",
    )  # fmt: skip
    expected = [(10, 7, 13, 13), (16, 15, 21, 21), (42, 39, 46, 45)]
    assert [red_boxes(drawn, k) for k in range(8)] == 4 * [expected] + 4 * [[]]
    assert [axes.get_title() for axes in drawn.axes[:4]] == ["Image", "Ground truth", "all", "some"]


def test_the_worst_images_of_two_data_sets(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = predictions_of(coco, tmp_path)
    other = tmp_path / "other.json"
    grey = np.full((SIZE, SIZE), 200, np.uint8)
    write_coco(other, [("z.png", grey, TOUCHING)], {1: "grain"}, {})
    write_json(tmp_path / "s.json", score_files(coco, second))
    (tmp_path / "p").mkdir()
    third = predictions_of(other, tmp_path / "p")[0]
    write_json(tmp_path / "t.json", score_files(other, third))
    drawn = shown(
        monkeypatch, "donet_figure4", "--coco", coco, "--coco", other, "--predictions", second,
        "--predictions", third, "--label", "M", "--scores", tmp_path / "s.json",
        "--scores", tmp_path / "t.json", "--study", "s", "--out", tmp_path / "x.png",
    )  # fmt: skip
    # without its only cell, the first image has the lowest AJI
    assert [drawn.axes[k].get_xlabel() for k in (0, 3)] == ["a.png", "z.png"]
    assert "study s" in drawn.get_suptitle() and "lowest AJI of M" in drawn.get_suptitle()
    common = ("figure4", "--coco", coco, "--out", tmp_path / "x.png", "--predictions", first)
    with pytest.raises(ValueError, match="0 --scores for 1 --coco"):
        run(*common)
    with pytest.raises(ValueError, match="1 --predictions for 2 --coco"):
        run(*common, "--coco", other)
    with pytest.raises(ValueError, match=r"there is no image y\.png"):
        run(*common, "--image", "y.png")


def test_the_first_image_with_the_strongest_contact_is_chosen(coco: Path) -> None:
    truth = read_coco(coco)
    kinds = (Contact.crossing, Contact.light, Contact.touching)
    assert chosen_image(truth, None, None, "train", 1, *kinds).file_name == "c.png"
    assert chosen_image(truth, None, None, "train", 1, Contact.touching).file_name == "b.png"
    assert chosen_image(truth, "a.png", None, "train", 1, *kinds).file_name == "a.png"
    words = "in none of 3 images are two objects of the category 'cell' in contact"
    with pytest.raises(ValueError, match=words):
        chosen_image(truth, None, None, "train", 1, Contact.crossing)
    with pytest.raises(ValueError, match=r"no category 3; known: 1 \(cell\), 2 \(nucleus\)"):
        chosen_image(truth, None, None, "train", 3, *kinds)
    with pytest.raises(ValueError, match=r"'b\.png' has no object of the category 'nucleus'"):
        chosen_image(truth, "b.png", None, "train", 2, *kinds)


def test_layers_by_hand() -> None:
    cells = scene_of((1, (0, 0, 10, 10)), (1, (8, 0, 18, 10)), (1, (30, 0, 34, 4)))
    intersections, complements = intersection_and_complement(cells)
    assert intersections.stack().sum(axis=(1, 2)).tolist() == [20, 20, 0]
    assert complements.stack().sum(axis=(1, 2)).tolist() == [80, 80, 16]
    assert intersections.stack()[0, :10, 8:10].all()


def test_heat_is_the_largest_pasted_probability() -> None:
    masks = torch.stack([torch.full((4, 4), 0.9), torch.full((4, 4), 0.4)])
    boxes = np.array([[2.0, 1.0, 6.0, 5.0], [4.0, 3.0, 12.0, 11.0]])
    heat = largest_probability(masks, boxes, (8, 10))
    expected = np.zeros((8, 10))
    # pixels in the middle; the second box leaves the image
    expected[5:8, 5:10] = 0.4
    expected[1:5, 2:6] = 0.9
    inner = (slice(5, 8), slice(5, 10))
    np.testing.assert_allclose(heat[1:5, 2:6], 0.9, atol=1e-6)
    np.testing.assert_allclose(heat[inner], expected[inner], atol=1e-6)
    assert (heat[:, :2] == 0).all() and (heat[0] == 0).all()


def test_a_region_is_a_square_inside_the_image() -> None:
    assert square_around((10, 10, 20, 14), 50, 50) == (8, 5, 22, 19)
    assert square_around((0, 40, 10, 50), 50, 50) == (0, 36, 14, 50)
    assert square_around((0, 0, 40, 5), 20, 50) == (0, 0, 48, 20)


def test_figure1_shows_a_region_of_each_data_set(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ("figure1", "--coco", coco, "--settings", '{"window_size": 3}', "--out")
    drawn = shown(monkeypatch, *given, tmp_path / "x.png", "--image", "scene=b.png", "--study", "s")
    # a square around both touching objects, with a margin of 2 px
    assert red_boxes(drawn, 0) == [(3, 0, 27, 24)]
    assert [axes.get_xlim() for axes in drawn.axes[1:6]] == 5 * [(2.5, 26.5)]
    note = drawn.get_supxlabel().replace("\n", " ")
    assert "Study s" in note and "scene: b.png, touching" in note
    run(*given, tmp_path / "one.png")
    run(*given, tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    with pytest.raises(ValueError, match="no two of its 1 objects of the category 'cell' touch"):
        run(*given, tmp_path / "x.png", "--image", "scene=a.png")
    with pytest.raises(ValueError, match="with one of the data sets scene"):
        run(*given, tmp_path / "x.png", "--image", "b.png")
    with pytest.raises(ValueError, match="1 --settings for 2 --coco"):
        run(*given, tmp_path / "x.png", "--coco", coco)


def test_donet_figure1_names_image_and_category(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ("donet_figure1", "--coco", coco, "--out", tmp_path / "x.png")
    note = shown(monkeypatch, *given).get_supxlabel().replace("\n", " ")
    assert note.startswith("scene: c.png; ground truth of the category cell.")
    with pytest.raises(ValueError, match="there is no category 7"):
        run(*given, "--target-category", 7)


@pytest.fixture(scope="module")
def guided(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DoNet with MRP after two iterations."""
    folder = tmp_path_factory.mktemp("mrp")
    train(job_of(tiny, folder, settings_of("donet", "mrp", iterations=2)))
    return folder / "model.pt"


@pytest.mark.parametrize("name", ["donet_figure3", "donet_figure6"])
def test_figures_of_a_model_are_drawn_with_equal_bytes(
    name: str, guided: Path, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: tuple[Any, ...] = (name, "--model", guided, "--coco", tiny.coco, "--split", tiny.split)
    given += ("--image", next(iter(read_coco(tiny.coco).images.values())).file_name)
    given += ("--min-score", 0.06, "--study", "s", "--out")
    run(*given, tmp_path / "one.png")
    run(*given, tmp_path / "two.png")
    for kind in ("png", "pdf"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
    note = shown(monkeypatch, *given, tmp_path / "x.png").get_supxlabel().replace("\n", " ")
    assert note.startswith("tiny, study s: ") and "a score of at least 0.06" in note


def test_a_model_without_the_modules_is_named(tiny: Tiny, tmp_path: Path) -> None:
    train(job_of(tiny, tmp_path, settings_of("mask_rcnn", iterations=1)))
    image = next(iter(read_coco(tiny.coco).images.values())).file_name
    given = ("--model", tmp_path / "model.pt", "--coco", tiny.coco, "--image", image)
    for name, part in (("donet_figure3", "modules: mrp"), ("donet_figure6", "modules: crm")):
        with pytest.raises(ValueError, match=rf"model\.pt: the model has no .*`{part}`"):
            run(name, *given, "--out", tmp_path / "x.png")
