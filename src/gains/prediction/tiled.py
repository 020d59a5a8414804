"""Prediction of images of which some are cut into tiles, and what is said about it."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gains.config.recipe import RecipeSettings
from gains.datasets.coco import ImageRecord
from gains.datasets.records import CocoRecord
from gains.instances import Instances
from gains.models.scale import TrainingScale
from gains.prediction.image_predictor import ImagePredictor, Picture
from gains.prediction.merge import merge_tiles
from gains.prediction.tiling import Tiles, Tiling, is_larger, is_smaller, tiling_of

logger = logging.getLogger(__name__)

Advance = Callable[[int], None]


@dataclass
class TiledPrediction:
    """How each image of a prediction is cut, and what came of it.

    Attributes:
        tilings: the tiles of the images that are cut, by image id.
        total: number of tiles and of images that are not cut.
        cut: number of objects that lie whole in no tile.
        full: number of tiles that have as many detections as are allowed.
        full_images: number of such images that are not cut.
    """

    tilings: Mapping[int, Tiling]
    total: int
    cut: int = 0
    full: int = 0
    full_images: int = 0
    done: int = field(default=0, repr=False)

    def each(
        self, predictor: ImagePredictor, images: Iterable[Picture], advance: Advance
    ) -> Iterator[tuple[ImageRecord, Instances]]:
        """Yield every image with its instances.

        Args:
            predictor: the model.
            images: the images with their pixels.
            advance: function that is told the number of finished tiles and images.
        """
        for tiled, run in itertools.groupby(images, key=lambda item: item[0].id in self.tilings):
            if tiled:
                for record, pixels in run:
                    yield record, self._in_tiles(predictor, record, pixels, advance)
            else:
                for record, found in predictor.each(run):
                    self._advance(1, advance)
                    self.full_images += len(found) >= predictor.settings.max_detections
                    yield record, found

    def _in_tiles(
        self,
        predictor: ImagePredictor,
        record: ImageRecord,
        pixels: NDArray[np.uint8],
        advance: Advance,
    ) -> Instances:
        tiling = self.tilings[record.id]
        found: list[Instances] = []
        windows, number = tiling.windows, predictor.recipe.test_batch_size
        for some in (windows[k : k + number] for k in range(0, len(windows), number)):
            found += predictor.batch([pixels[window.place] for window in some], tiling.seen)
            self._advance(len(some), advance)
        merged = merge_tiles(tiling, found)
        self.cut += merged.cut
        self.full += sum(len(part) >= predictor.settings.max_detections for part in found)
        return merged.instances

    def _advance(self, number: int, advance: Advance) -> None:
        self.done += number
        advance(self.done)

    def listed(self) -> dict[int, CocoRecord]:
        """Return what the list of predicted images says about each image in tiles, by image id."""
        return {number: tiling.to_json() for number, tiling in self.tilings.items()}

    def warn(self, limit: int, images: int) -> None:
        """Warn of objects that may be missing or in parts.

        Args:
            limit: largest number of detections of a tile, or of an image that is not cut.
            images: number of images.
        """
        whole, tiles = images - len(self.tilings), self.total - images + len(self.tilings)
        for full, total, what in ((self.full_images, whole, "images"), (self.full, tiles, "tiles")):
            if full:
                logger.warning(
                    "%d of %d %s have %d detections, the number in max_detections%s, so more "
                    "objects may have been found and left out; choose a larger number to keep them",
                    full,
                    total,
                    what,
                    limit,
                    ", which holds for each tile" if what == "tiles" else "",
                )
        if self.cut:
            logger.warning(
                "%d objects lie whole in no tile, since they are larger than the overlap of the "
                "tiles; the parts in adjacent tiles that agree were united. Choose larger tiles "
                "with --tiles, or predict the images whole with --tiles never",
                self.cut,
            )


def plan_tiles(
    records: Sequence[ImageRecord],
    recipe: RecipeSettings,
    training: TrainingScale | None,
    tiles: Tiles,
) -> TiledPrediction:
    """Choose how each image is predicted; the log says what was chosen, and why.

    Args:
        records: the images.
        recipe: sizes that the model sees.
        training: sizes of the training; None if the model file does not hold them.
        tiles: the choice of tiles.
    """
    found = {r.id: tiling_of((r.height, r.width), recipe, training, tiles) for r in records}
    tilings = {number: tiling for number, tiling in found.items() if tiling is not None}
    for sentence in _sentences(records, recipe, training, tiles, tilings):
        logger.info("%s", sentence)
    cut = sum(len(tiling.windows) for tiling in tilings.values())
    return TiledPrediction(tilings, cut + len(records) - len(tilings))


def _sentences(
    records: Sequence[ImageRecord],
    recipe: RecipeSettings,
    training: TrainingScale | None,
    tiles: Tiles,
    tilings: Mapping[int, Tiling],
) -> Iterator[str]:
    if training is None:
        if tiles == "auto":
            yield (
                "the model file does not hold the size of the training images, since an earlier "
                "version wrote it, so every image is predicted whole; if the images are larger "
                "than those of the training, give the side of a training image with --tiles"
            )
    elif tiles != "auto":
        larger = [r for r in records if is_larger((r.height, r.width), recipe, training)]
        if tiles == "never" and larger:
            yield (
                f"{_some(larger)} shown to the model at a smaller scale than every training image "
                f"({training.height} x {training.width} px), as --tiles never demands"
            )
    else:
        smaller = [r for r in records if is_smaller((r.height, r.width), recipe, training)]
        if smaller:
            side = min(training.height, training.width)
            yield (
                f"{_some(smaller)} far smaller than every training image ({training.height} x "
                f"{training.width} px), and enlarged for the model; if the objects have as many px "
                f"as in the training, give --tiles {side}"
            )
    alike: dict[Tiling, list[ImageRecord]] = {}
    for record in (record for record in records if record.id in tilings):
        alike.setdefault(tilings[record.id], []).append(record)
    for tiling, cut in alike.items():
        yield _described(tiling, cut, training, tiles)


def _described(
    tiling: Tiling, cut: Sequence[ImageRecord], training: TrainingScale | None, tiles: Tiles
) -> str:
    size, number = f"{tiling.size[0]} x {tiling.size[1]} px", len(tiling.windows)
    text = f"{_some(cut)} predicted in {number} tile{'s' * (number > 1)} of {size}"
    if number > 1:
        text += f" that overlap by at least {tiling.overlap} px"
    if training is None:
        return f"{text}; the model file does not hold the sizes of the training to compare with"
    reason = ""
    if tiles == "auto":
        reason = " since training images are smaller,"
    return (
        f"{text},{reason} at {tiling.scale / training.scale:.3g} times the scale of the training: "
        f"the typical object of the training is {training.object / tiling.scale:.0f} px long "
        "there. If yours have another size, give the side of a tile with --tiles, larger for "
        "larger objects"
    )


def _some(records: Sequence[ImageRecord]) -> str:
    first = records[0]
    name = f"{first.file_name} ({first.height} x {first.width} px)"
    if len(records) == 1:
        return f"{name} is"
    return f"{len(records)} images, first {name}, are"
