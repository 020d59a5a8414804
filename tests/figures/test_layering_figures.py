"""Figures 3 and 5 of the layering paper, from a tiny model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.split_file import read_split
from gains.figures.drawing import style
from gains.figures.drawing.style import inner_point
from gains.masks.rle import encode_mask
from gains.training.train import train
from helpers.tiny import Tiny, job_of, settings_of

NAMES = ["layering_figure3", "layering_figure5"]


@pytest.fixture(scope="module")
def layered(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of layering after two iterations."""
    folder = tmp_path_factory.mktemp("layering")
    train(job_of(tiny, folder, settings_of("layering", iterations=2)))
    return folder / "model.pt"


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


def given(name: str, model: Path, tiny: Tiny, folder: Path) -> tuple[Any, ...]:
    return (
        *(name, "--model", model, "--coco", tiny.coco, "--split", tiny.split),
        *("--study", "s", "--out", folder / "x.png"),
    )


def values(drawn: Figure, place: int) -> Any:
    """Return the array of the picture in a panel."""
    (picture,) = drawn.axes[place].findobj(AxesImage)
    return picture.get_array()


@pytest.mark.parametrize("name", NAMES)
def test_equal_content_gives_equal_bytes(
    name: str, layered: Path, tiny: Tiny, tmp_path: Path
) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        run(*given(name, layered, tiny, folder))
    for kind in ("png", "pdf"):
        first, second = (tmp_path / folder / f"x.{kind}" for folder in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_every_layer_has_a_panel_with_its_number_and_objects(
    layered: Path, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = shown(monkeypatch, *given("layering_figure3", layered, tiny, tmp_path))
    titles = [axes.get_title() for axes in drawn.axes[:12]]
    assert titles[:4] == ["(a) Image", "(b) Ground truth", "(c) Foreground", "(d) Objects by layer"]
    assert [title.split(":")[0] for title in titles[4:]] == [f"Layer {k}" for k in range(1, 9)]
    counts = [int(title.split()[2]) for title in titles[4:]]
    texts = [int(text.get_text()) for text in drawn.axes[3].texts]
    assert sorted(texts) == [k + 1 for k, count in enumerate(counts) for _ in range(count)]
    note = drawn.get_supxlabel().replace("\n", " ")
    assert note.startswith("tiny, study s, test part: ") and f"{sum(counts)} found" in note
    # the panels show the layers themselves: they differ
    assert len({np.asarray(values(drawn, k)).tobytes() for k in range(4, 12)}) == 8


def test_the_chosen_layer_is_that_of_the_other_figure(
    layered: Path, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = read_split(tiny.split).names("test")
    chosen = [word for name in names[:1] for word in ("--image", name)]
    every = shown(monkeypatch, *given("layering_figure3", layered, tiny, tmp_path), *chosen)
    one = (*given("layering_figure5", layered, tiny, tmp_path), *chosen)
    for layer in (1, 8):
        drawn = shown(monkeypatch, *one, "--layer", layer)
        np.testing.assert_array_equal(values(drawn, 1), values(every, 3 + layer))
        assert f"Layer {layer} of 8. Last row" in drawn.get_supxlabel().replace("\n", " ")
    counts = [int(axes.get_title().split()[2]) for axes in every.axes[4:12]]
    note = shown(monkeypatch, *one).get_supxlabel().replace("\n", " ")
    assert f"Layer {int(np.argmax(counts)) + 1} of 8, the one with most objects" in note
    assert f"the {max(counts)} of {sum(counts)} objects" in note


def test_a_layer_is_shown_on_the_first_test_images(
    layered: Path, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = read_split(tiny.split).names("test")
    drawn = shown(
        monkeypatch, *given("layering_figure5", layered, tiny, tmp_path), "--number", len(names)
    )
    titles = [axes.get_title() for axes in drawn.axes[: len(names)]]
    assert titles == [f"({chr(97 + k)}) {name}" for k, name in enumerate(names)]


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_shown_is_refused(
    name: str, layered: Path, tiny: Tiny, tmp_path: Path
) -> None:
    common = given(name, layered, tiny, tmp_path)
    other = read_split(tiny.split).names("train")[0]
    with pytest.raises(
        ValueError, match=rf"split\.json: image '{other}' is not in the part 'test'"
    ):
        run(*common, "--image", other)
    with pytest.raises(ValueError, match=r"no category 7"):
        run(*common, "--target-category", 7)
    missing = (*common[:2], tmp_path / "no.pt", *common[3:])
    with pytest.raises(FileNotFoundError, match=r"no\.pt"):
        run(*missing)


def test_a_layer_that_the_model_lacks_is_refused(layered: Path, tiny: Tiny, tmp_path: Path) -> None:
    common = given("layering_figure5", layered, tiny, tmp_path)
    with pytest.raises(ValueError, match=r"model\.pt: there is no layer 9; .* layers 1 to 8"):
        run(*common, "--layer", 9)


def test_a_model_of_another_method_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    train(job_of(tiny, tmp_path, settings_of("unet2", iterations=1)))
    for name in NAMES:
        with pytest.raises(ValueError, match=r"model\.pt: the model has no layers; expected"):
            run(*given(name, tmp_path / "model.pt", tiny, tmp_path))


def test_the_inner_point_of_a_ring_lies_in_the_ring() -> None:
    ring = np.zeros((20, 20), dtype=bool)
    ring[2:17, 2:17] = True
    ring[4:15, 4:15] = False  # the mean of its pixels, (9, 9), lies in the hole
    x, y = inner_point(encode_mask(ring))
    assert ring[int(y), int(x)]
    bar = np.zeros((20, 20), dtype=bool)
    bar[4:9, 3:8] = True
    assert inner_point(encode_mask(bar)) == (5.0, 6.0)
