"""Large images are predicted in tiles; the detector finds what is brighter than the background."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy
from numpy.typing import NDArray
from PIL import Image

from gains.config.recipe import RecipeSettings
from gains.datasets.readers.images import read_rgb
from gains.instances import Instances
from gains.masks.regions import components
from gains.masks.rle import decode_mask
from gains.models.scale import TrainingScale
from gains.prediction.image_predictor import ImagePredictor
from gains.prediction.predict import predict_images
from gains.prediction.tiling import Tiling, parse_tiles, tiling_of
from gains.support.files import read_json
from helpers.paths import ROOT

RECIPE = RecipeSettings(train_sizes=(64,), test_size=64, max_size=96)
SCALE = TrainingScale(
    height=64, width=64, scale=1, smallest=1, largest=1, object=12, largest_object=20
)
ISBI = ROOT.parent / "shared/data/isbi2014_train45/images"


class Threshold:
    """A predictor whose objects are the regions brighter than 100, the largest ones first."""

    path = Path("model.pt")
    each = ImagePredictor.each

    def __init__(self, scale: TrainingScale | None = SCALE, limit: int = 100) -> None:
        self.scale, self.recipe = scale, RECIPE
        self.settings = SimpleNamespace(max_detections=limit)
        self.seen: list[tuple[tuple[int, ...], tuple[int, int] | None]] = []

    def size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return shape[0], shape[1]

    def info(self) -> dict[str, Any]:
        return {"categories": {"1": "cell"}}

    def batch(
        self, images: Sequence[NDArray[np.uint8]], size: tuple[int, int] | None = None
    ) -> list[Instances]:
        self.seen += [(pixels.shape[:2], size) for pixels in images]
        return [self._found(pixels) for pixels in images]

    def _found(self, pixels: NDArray[np.uint8]) -> Instances:
        masks = components(pixels[..., 0] > 100)
        areas = [decode_mask(mask).sum() for mask in masks]
        order = np.argsort([-a for a in areas], kind="stable")[: self.settings.max_detections]
        scores = [min(1.0, areas[k] / 10_000) for k in order]
        found = [masks[k] for k in order]
        height, width = pixels.shape[:2]
        return Instances.from_rles(height, width, found, [1] * len(found), scores)


def dots(height: int, width: int, number: int) -> NDArray[np.uint8]:
    """Return an image with round dots that do not touch."""
    rng = np.random.default_rng(height)
    pixels = np.zeros((height, width), dtype=np.uint8)
    rows, columns = np.ogrid[:height, :width]
    for _ in range(number):
        y, x, r = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(2, 9)
        far = (rows - y) ** 2 + (columns - x) ** 2
        if not pixels[far <= (r + 2) ** 2].any():
            pixels[far <= r**2] = 200
    return pixels


def predict(stub: Threshold, folder: Path, *tiles: Any) -> list[dict[str, Any]]:
    given: Any = stub
    predict_images(given, [folder], folder.with_name("x.json"), tiles=tiles[0] if tiles else "auto")
    return list(read_json(folder.with_name("x.json")))


def test_a_large_image_gives_the_objects_of_the_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "i").mkdir()
    pixels = dots(230, 170, 90)
    Image.fromarray(pixels).save(tmp_path / "i/large.png")
    Image.fromarray(pixels[:70, :70]).save(tmp_path / "i/small.png")
    stub = Threshold()
    found = predict(stub, tmp_path / "i")
    # the largest object and twice the edge are 28 px, so tiles of 64 px are at most 36 px apart
    assert stub.seen == [*[((64, 64), (64, 64))] * 24, ((70, 70), None)]
    whole = Threshold()._found(np.repeat(pixels[..., None], 3, axis=2))
    large = [entry["segmentation"] for entry in found if entry["image_id"] == 1]
    assert sorted(rle["counts"] for rle in large) == sorted(rle["counts"] for rle in whole.masks)
    scores = [entry["score"] for entry in found if entry["image_id"] == 1]
    assert scores == sorted(scores, reverse=True)
    listed = read_json(tmp_path / "x.images.json")["images"]
    assert listed[0]["tiles"] == {
        "rows": 6, "columns": 4, "size": [64, 64], "overlap": 28, "scale": 1.0,
    }  # fmt: skip
    assert "tiles" not in listed[1]
    assert "large.png (230 x 170 px) is predicted in 24 tiles of 64 x 64 px" in caplog.text
    assert "the typical object of the training is 12 px long there" in caplog.text


def test_a_side_of_tiles_sets_the_scale_and_never_leaves_images_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "i").mkdir()
    Image.fromarray(dots(130, 200, 30)).save(tmp_path / "i/a.png")
    stub = Threshold()
    predict(stub, tmp_path / "i", 128)
    # an overlap of 28 px at the input is 56 px at half the scale; the rows need two tiles for 2 px
    assert stub.seen == [((128, 128), (64, 64))] * 4
    assert "at 0.5 times the scale of the training" in caplog.text
    stub = Threshold()
    predict(stub, tmp_path / "i", "never")
    assert stub.seen == [((130, 200), None)]
    assert "at a smaller scale than every training image" in caplog.text


def test_a_model_file_without_a_scale_predicts_images_whole_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (tmp_path / "i").mkdir()
    Image.fromarray(dots(300, 300, 30)).save(tmp_path / "i/a.png")
    stub = Threshold(scale=None)
    predict(stub, tmp_path / "i")
    assert stub.seen == [((300, 300), None)]
    assert "the model file does not hold the size of the training images" in caplog.text
    stub = Threshold(scale=None)
    predict(stub, tmp_path / "i", 100)
    assert set(stub.seen) == {((100, 100), (64, 64))}


def test_the_limit_of_detections_holds_for_each_tile(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "i").mkdir()
    Image.fromarray(dots(200, 200, 60)).save(tmp_path / "i/a.png")
    found = predict(Threshold(limit=4), tmp_path / "i")
    assert len(found) > 4
    assert "tiles have 4 detections, the number in max_detections, which holds for each tile" in (
        caplog.text
    )


def test_a_much_smaller_image_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (tmp_path / "i").mkdir()
    Image.fromarray(dots(30, 30, 3)).save(tmp_path / "i/a.png")
    predict(Threshold(), tmp_path / "i")
    assert "far smaller than every training image (64 x 64 px)" in caplog.text
    assert "give --tiles 64" in caplog.text


@pytest.mark.parametrize(
    ("size", "cut"), [((64, 64), False), ((80, 80), False), ((81, 81), True), ((1, 400), True)]
)
def test_an_image_is_cut_if_it_would_be_shrunk_by_more_than_a_quarter(
    size: tuple[int, int], cut: bool
) -> None:
    assert (tiling_of(size, RECIPE, SCALE, "auto") is not None) == cut


def test_tiles_cover_an_image_with_the_overlap() -> None:
    for size in ((81, 300), (97, 1000), (64, 65), (500, 501)):
        tiling = tiling_of(size, RECIPE, SCALE, 64)
        assert isinstance(tiling, Tiling)
        assert tiling.image == size
        for places in (tiling.rows, tiling.columns):
            assert places[0][0] == 0
            assert all(a[1] - b[0] >= 28 for a, b in zip(places[:-1], places[1:], strict=True))


def test_the_tiles_of_an_image_are_listed_once() -> None:
    """The merging asks for them at every detection, so a new list each time is quadratic."""
    tiling = tiling_of((500, 501), RECIPE, SCALE, 64)
    assert tiling is not None
    assert tiling.windows is tiling.windows


@pytest.mark.parametrize("text", ["", "some", "-5", "16", "64px", "1e3"])
def test_other_choices_of_tiles_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected auto, never, or the side of a tile"):
        parse_tiles(text)


@pytest.mark.skipif(not ISBI.is_dir(), reason="needs the cervical images of shared/data")
def test_a_mosaic_of_nine_smears_gives_the_objects_of_the_nine(tmp_path: Path) -> None:
    """The objects are dark regions of a smoothed smear; the seams of the tiles run through them."""
    smears = [255 - read_rgb(path)[..., 0] for path in sorted(ISBI.iterdir())[:9]]
    dark = [
        np.pad((scipy.ndimage.gaussian_filter(smear.astype(float), 1) > 100) * 200, 8)
        for smear in smears
    ]
    rows = [np.concatenate(dark[k : k + 3], axis=1) for k in (0, 3, 6)]
    (tmp_path / "i").mkdir()
    Image.fromarray(np.concatenate(rows).astype(np.uint8)).save(tmp_path / "i/mosaic.png")
    alone = sum(len(components(image > 100)) for image in dark)
    stub = Threshold(limit=10_000)
    found = predict(stub, tmp_path / "i", 512)
    assert len(stub.seen) >= 9
    assert alone > 50
    assert abs(len(found) - alone) <= 0.02 * alone
