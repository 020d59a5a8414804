from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from gains.cli.main import app
from gains.cli.reports import FigureGroup
from gains.config.maps import MapSettings
from gains.datasets.coco import read_coco
from gains.figures import FIGURES, Figure
from gains.figures.drawing import style
from gains.figures.drawing.images import short, told_apart
from gains.figures.prediction.columns import Column, all_predicted, refuse_unpredicted, titles_of
from gains.figures.steps.fields import steps
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.sidecar import sidecar_path
from gains.support.files import write_json
from helpers.coco_files import write_coco
from helpers.shapes import disc

SIZE = 64


def discs(*centres: tuple[int, int], radius: int = 11) -> list[npt.NDArray[np.bool_]]:
    return [disc((SIZE, SIZE), cy, cx, radius) for cy, cx in centres]


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Two overlapping discs and a nucleus; and one disc on its own."""
    images = []
    for name, centres in (("a.png", [(24, 24), (30, 38)]), ("b.png", [(32, 32)])):
        masks = discs(*centres)
        pixels = np.full((SIZE, SIZE), 220, np.uint8)
        for mask in masks:
            pixels[mask] //= 2
        small = discs(centres[0], radius=3)
        found = Instances.from_rles(
            SIZE, SIZE, [encode_mask(m) for m in masks + small], [1] * len(masks) + [2]
        )
        images.append((name, pixels, found))
    path = tmp_path / "scene.json"
    write_coco(path, images, {1: "cell", 2: "nucleus"}, {})
    return path


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["figure", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def pixels_of(path: Path) -> npt.NDArray[np.int64]:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_figure3_is_made_with_content_and_equal_bytes(coco: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        out = tmp_path / f"{name}.pdf"
        assert run("figure3", "--coco", coco, "--study", "demo", "--out", out).exit_code == 0
    first, second = (tmp_path / "one.png"), (tmp_path / "two.png")
    assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert b"CreationDate" not in (tmp_path / "one.pdf").read_bytes()
    assert len(np.unique(pixels_of(first).reshape(-1, 3), axis=0)) > 500


def test_figure3_shows_the_chosen_image_and_parameters(coco: Path, tmp_path: Path) -> None:
    common = ("figure3", "--coco", coco, "--out")
    run(*common, tmp_path / "a.png")
    run(*common, tmp_path / "named.png", "--image", "a.png")
    run(*common, tmp_path / "b.png", "--image", "b.png")
    run(*common, tmp_path / "w.png", "--settings", '{"window_size": 9}')
    a = (tmp_path / "a.png").read_bytes()
    assert a == (tmp_path / "named.png").read_bytes()
    assert a != (tmp_path / "b.png").read_bytes()
    assert a != (tmp_path / "w.png").read_bytes()


def test_figure3_takes_the_first_training_image(coco: Path, tmp_path: Path) -> None:
    fold = {"train": ["b.png"], "val": [], "test": ["a.png"], "unlabelled": []}
    write_json(tmp_path / "split.json", {"dataset": "scene", "generator": {}, "folds": [fold]})
    common = ("figure3", "--coco", coco, "--out")
    run(*common, tmp_path / "s.png", "--split", tmp_path / "split.json", "--image", "")
    run(*common, tmp_path / "b.png", "--image", "b.png")
    assert (tmp_path / "s.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_figure3_reads_a_folder_of_deep_images(coco: Path, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    deep = (np.arange(SIZE * SIZE, dtype=np.uint16) * 16).reshape(SIZE, SIZE)
    Image.fromarray(deep).save(folder / "a.png")
    out = tmp_path / "deep.png"
    assert run("figure3", "--coco", coco, "--images", folder, "--out", out).exit_code == 0
    Image.fromarray(deep[:10]).save(folder / "a.png")
    with pytest.raises(ValueError, match="belong to another data set"):
        run("figure3", "--coco", coco, "--images", folder, "--out", out)


def test_steps_of_two_discs(coco: Path) -> None:
    found = read_coco(coco)
    settings = MapSettings(target_category=1)
    fields = steps(found.images[1], found.annotations[1], settings)
    inside = np.logical_or(*discs((24, 24), (30, 38)))
    assert (np.isfinite(fields.distance) == inside).all()
    assert fields.distance[24, 24] == pytest.approx(0, abs=1e-9)
    assert fields.distance[24, 18] == pytest.approx(6)
    assert fields.direction[24, 30 - 2] == pytest.approx(0), "to the right of the first centre"
    assert fields.direction[33, 24] == pytest.approx(np.pi / 2), "below it"
    overlap = np.logical_and(*discs((24, 24), (30, 38)))
    y, x = np.nonzero(overlap)
    nearest = np.minimum(np.hypot(y - 24, x - 24), np.hypot(y - 30, x - 38))
    np.testing.assert_allclose(fields.distance[overlap], nearest)
    assert fields.deviation[overlap].max() > 0.3
    assert fields.deviation[20, 15] == 0, "no second instance in that window"
    assert fields.anomaly.min() == 1 and 1.3 < fields.anomaly.max() <= 1.5 + 1e-6
    alone = steps(found.images[2], found.annotations[2], settings)
    assert (alone.anomaly == 1).all() and (alone.deviation == 0).all()


def test_figure3_refuses_what_it_cannot_draw(coco: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    for arguments, message in (
        (("--image", "c.png", "--out", out), r"unknown image 'c.png'; did you mean .*scene.json"),
        (("--settings", '{"window": 3}', "--out", out), "unknown key 'window'"),
        (("--settings", "{", "--out", out), "not JSON"),
        (
            ("--settings", '{"target_category": 7}', "--out", out),
            r"target category 7; .* \[1, 2\].*target_cat",
        ),
        (("--out", tmp_path / "x.svg"), "ending in .pdf or .png"),
    ):
        with pytest.raises(ValueError, match=message):
            run("figure3", "--coco", coco, *arguments)
    assert not list(tmp_path.glob("x.*"))


def predictions(coco: Path, path: Path, score: float) -> Path:
    content = json.loads(coco.read_text())
    found = [
        {key: a[key] for key in ("image_id", "category_id", "segmentation", "bbox")}
        | {"score": score}
        for a in content["annotations"]
    ]
    path.write_bytes(gzip.compress(json.dumps(found).encode()))
    return path


def test_predictions_beside_ground_truth(coco: Path, tmp_path: Path) -> None:
    good = predictions(coco, tmp_path / "good.json.gz", 0.9)
    weak = predictions(coco, tmp_path / "weak.json.gz", 0.3)
    common = ("predictions", "--coco", coco, "--predictions", good, "--predictions", weak)
    run(*common, "--out", tmp_path / "one.png")
    run(*common, "--out", tmp_path / "two.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    run(*common, "--min-score", "0.2", "--out", tmp_path / "low.png")
    assert (pixels_of(tmp_path / "one.png") != pixels_of(tmp_path / "low.png")).any()
    for labels, message in ((("x",), "1 --label for 2"), (("x", "x"), "title 'x'.* --label")):
        with pytest.raises(ValueError, match=message):
            options = [part for label in labels for part in ("--label", label)]
            run(*common, *options, "--out", tmp_path / "x.png")
    with pytest.raises(ValueError, match="unknown image 'no.png'; .*scene.json has 2 images"):
        run(*common, "--image", "no.png", "--out", tmp_path / "x.png")


def list_predicted(path: Path, *images: tuple[int, str]) -> None:
    entries = [{"id": i, "file_name": name, "height": SIZE, "width": SIZE} for i, name in images]
    write_json(sidecar_path(path), {"images": entries})


def test_only_predicted_images_are_shown(coco: Path, tmp_path: Path) -> None:
    good = predictions(coco, tmp_path / "good.json.gz", 0.9)
    empty = tmp_path / "empty.json"
    write_json(empty, [])
    common = ("predictions", "--coco", coco, "--predictions", good, "--out")
    run(*common, tmp_path / "both.png")
    run(*common, tmp_path / "b.png", "--image", "b.png")
    list_predicted(good, (2, "b.png"))
    run(*common, tmp_path / "default.png")
    assert (tmp_path / "default.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "default.png").read_bytes() != (tmp_path / "both.png").read_bytes()
    x = tmp_path / "x.png"
    with pytest.raises(ValueError, match=r"'a.png' was not predicted; .*good.images.json lists"):
        run(*common, x, "--image", "a.png")
    with pytest.raises(ValueError, match="none of 2 images was predicted in all"):
        run(*common, x, "--predictions", empty)
    list_predicted(empty, (1, "a.png"), (2, "b.png"))
    run(*common, tmp_path / "listed.png", "--predictions", empty)
    # one row and not two; the legend of a wider figure has fewer lines
    both = pixels_of(tmp_path / "both.png").shape[0]
    assert pixels_of(tmp_path / "listed.png").shape[0] < 0.7 * both
    list_predicted(good, (1, "b.png"))
    with pytest.raises(ValueError, match="prediction 3: image 2 is not in the list of predicted"):
        run(*common, x)
    assert not x.exists()


def test_images_without_a_detection_are_left_out_where_no_list_tells(
    coco: Path, tmp_path: Path
) -> None:
    read = read_coco(coco)
    path = predictions(coco, tmp_path / "p.json.gz", 0.9)
    entries = [e for e in json.loads(gzip.decompress(path.read_bytes())) if e["image_id"] == 2]
    write_json(tmp_path / "p.json.gz", entries)
    column = Column.read("p", path, read)
    assert [i.file_name for i in all_predicted(list(read.images.values()), [column])] == ["b.png"]
    refuse_unpredicted([read.images[1]], [column])  # nothing says that it was not predicted


def test_titles_tell_runs_apart() -> None:
    runs = Path("results/demo/runs/cells")
    name = "seed0/fold0/test.predictions.json.gz"
    paths = [runs / "gains/default" / name, runs / "gains/w7" / name, Path("mine.json.gz")]
    assert titles_of(paths, []) == ["GAInS", "GAInS, w7", "mine"]
    assert titles_of(paths, ["a", "b", "c"]) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="2 columns have the title 'GAInS, w7'.* --label"):
        titles_of([paths[1], runs / "gains/w7/seed1/fold0/x.json"], [])


def texts_of_figure3(
    monkeypatch: pytest.MonkeyPatch, coco: Path, tmp_path: Path, *options: str
) -> list[str]:
    shown = []

    def save(drawn: Any, *_: Any) -> None:
        shown.append([text.get_text() for text in drawn.axes[7].texts])

    monkeypatch.setattr(style, "_save", save)
    run("figure3", "--coco", coco, "--out", tmp_path / "x.png", *options)
    return shown[0]


def test_figure3_names_data_set_and_study(
    coco: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title, below = texts_of_figure3(monkeypatch, coco, tmp_path, "--study", "demo")
    assert title == "scene"
    assert below.splitlines()[:2] == ["study demo", "a.png"]
    assert "overlap highlight 0.1" in below
    content = json.loads(coco.read_text())
    write_json(coco, content | {"info": {"name": "My cells"}})
    options = ("--settings", '{"program": "nuclei"}')
    title, below = texts_of_figure3(monkeypatch, coco, tmp_path, *options)
    assert title == "My cells"
    assert "no highlight (nuclei)" in below and "overlap" not in below and "study" not in below


def test_worst_images_by_aji(coco: Path, tmp_path: Path) -> None:
    good = predictions(coco, tmp_path / "good.json.gz", 0.9)
    entries = [
        {"image_id": 1, "file_name": "a.png", "per_class": {"1": {"AJI": 0.9}, "2": {"AJI": 0.8}}},
        {"image_id": 2, "file_name": "b.png", "per_class": {"1": {"AJI": 0.2}, "3": {"AJI": None}}},
        {"image_id": 3, "file_name": "c.png", "per_class": {"3": {"AJI": None}}},
    ]
    content = {"coco": {}, "clean": {}, "as_published": {}, "per_image": entries}
    write_json(tmp_path / "s.json", content)
    common = ("predictions", "--coco", coco, "--predictions", good, "--out")
    run(*common, tmp_path / "worst.png", "--worst", 1, "--scores", tmp_path / "s.json")
    run(*common, tmp_path / "b.png", "--image", "b.png")
    assert (tmp_path / "worst.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with pytest.raises(ValueError, match="need a score file"):
        run(*common, tmp_path / "x.png", "--worst", 1)


def test_a_figure_is_added_in_one_place(tmp_path: Path) -> None:
    def draw(out: Annotated[Path, typer.Option(help="File.")], word: str = "hello") -> None:
        """Write a word."""
        out.write_text(word)

    with FIGURES.with_record(Figure("dummy", draw)):
        assert run("dummy", "--out", tmp_path / "x.txt", "--word", "hi").exit_code == 0
        assert (tmp_path / "x.txt").read_text() == "hi"
        assert "dummy" in run("--help").output
        assert FigureGroup(name="figure").list_commands(None) == [
            "augmentations", "clusters", "curves", "differences", "donet_figure1",
            "donet_figure3", "figure4", "donet_figure4", "donet_figure5", "donet_figure6",
            "figure1", "figure3", "layering_figure3", "layering_figure4", "layering_figure5",
            "predictions", "ranks", "dummy",
        ]  # fmt: skip
        with pytest.raises(ValueError, match="did you mean 'dummy'"):
            run("dumy")


def test_long_names_lose_their_middle() -> None:
    assert short("a.png") == "a.png"
    found = short("folder/" + "0123456789abcdef" * 4 + ".png")
    assert found == "0123456789a…9abcdef.png"
    assert len(found) <= 24


def test_images_of_one_name_in_two_folders_are_told_apart() -> None:
    assert told_apart(["day 1/a.png", "day 1/b.png"]) == ["a.png", "b.png"]
    assert told_apart(["a.png", "day 1/a.png", "day 1/b.png"]) == [
        "a.png", "day 1\na.png", "day 1\nb.png",
    ]  # fmt: skip
    inner = ["p1/images/a.png", "p2/images/a.png"]
    assert told_apart(inner) == ["p1/images\na.png", "p2/images\na.png"]
    assert told_apart(["a.png", "a.png"]) == ["a.png", "a.png"]
