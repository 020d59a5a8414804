"""Compare nine images with a mosaic of them, which is predicted in tiles: objects, time and memory.

    python benchmarks/tiles.py --model model.pt --images my_images [--score 0.5]

The first nine images of the folder, all of one size, get a margin in the grey of their background,
which replaces their outermost pixels. So they stand apart when they are set 3 x 3 into one image,
and the model sees the same margins when it predicts the nine alone. The seams of the tiles run
through the images, not along the margins. Each part runs in a process of its own, so that its peak
memory is its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gains.datasets.readers.images import read_rgb
from gains.figures.prediction.predicted_images import dataset_of
from gains.masks.crops import encode_crops
from gains.masks.overlaps import intersections, mask_areas
from gains.masks.windows import window_of
from gains.prediction.files import Predictions, box_scores, read_predictions
from gains.prediction.predict import predict_images
from gains.prediction.predictor import Predictor
from gains.support.files import read_json

MARGIN = 12
"""Width of the margin in each image, px."""


def framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image whose outermost pixels have the grey of its background."""
    frame = np.empty_like(image)
    frame[:] = np.median(image, axis=(0, 1)).astype(np.uint8)
    inner = (slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    frame[inner] = image[inner]
    return frame


def mosaic(images: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return nine images as one."""
    return np.concatenate([np.concatenate(images[k : k + 3], axis=1) for k in (0, 3, 6)])


def predict(model: Path, places: list[Path], out: Path) -> tuple[float, float]:
    """Predict images; return the time in s and the peak memory of this process in MB."""
    torch.set_num_threads(1)
    predictor = Predictor(model, "cpu")
    began = time.perf_counter()
    predict_images(predictor, places, out)
    seconds = time.perf_counter() - began
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(model: Path, places: list[Path], out: Path) -> tuple[float, float]:
    """Return what :func:`predict` does in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(predict, (model, places, out))


def read(out: Path) -> Predictions:
    """Return the detections of a prediction file by image id."""
    return read_predictions(out, dataset_of([out], out))


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--score", type=float, default=0.5)
    asked = parser.parse_args()
    files = sorted(path for path in asked.images.iterdir() if path.is_file())[:9]
    pixels = [framed(read_rgb(path)) for path in files]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Image.fromarray(mosaic(pixels)).save(folder / "mosaic.png")
        parts = [folder / f"part{number}.png" for number in range(9)]
        for part, image in zip(parts, pixels, strict=True):
            Image.fromarray(image).save(part)
        one = measured(asked.model, parts[:1], folder / "one.json")
        alone = measured(asked.model, parts, folder / "alone.json")
        whole = measured(asked.model, [folder / "mosaic.png"], folder / "whole.json")
        report(
            read(folder / "alone.json"), read(folder / "whole.json"), pixels[0].shape, asked.score
        )
        (listed,) = read_json(folder / "whole.images.json")["images"]
    print(f"the mosaic: {listed['height']} x {listed['width']} px, tiles {listed.get('tiles')}")
    for what, (seconds, memory) in (("one image", one), ("nine images", alone), ("mosaic", whole)):
        print(f"{what:12} {seconds:7.1f} s {memory:7.0f} MB")
    print(f"memory of the mosaic over that of one image: {whole[1] / one[1]:.2f}")


def report(alone: Predictions, whole: Predictions, shape: tuple[int, ...], score: float) -> None:
    """Print how many objects are found alone and in the mosaic, and how many are the same."""
    (found,) = whole.values()
    found = found.select(box_scores(found) >= score)
    size = (found.height, found.width)
    total = same = 0
    for number, objects in alone.items():
        objects = objects.select(box_scores(objects) >= score)
        row, column = divmod(number - 1, 3)
        y, x = row * shape[0], column * shape[1]
        moved = []
        for rle in objects.masks:
            mask = window_of(rle)
            moved += encode_crops(mask.mask.T[None], np.array([[mask.x + x, mask.y + y]]), size)
        both = intersections(moved, found.masks, *map(mask_areas, (moved, found.masks)))
        areas = mask_areas(moved)[:, None] + mask_areas(found.masks)[None] - both
        fits = (both > 0.5 * areas) & (objects.categories[:, None] == found.categories[None])
        total += len(objects)
        same += int(fits.any(axis=1).sum())
    print(f"objects with a score of at least {score:g}: {total} alone, {len(found)} in the mosaic")
    print(f"{same} of those alone are in the mosaic with an IoU above 0.5")


if __name__ == "__main__":
    main()
