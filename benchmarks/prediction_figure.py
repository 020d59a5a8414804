"""Measure the time and the memory of the prediction figure of a large image.

The script draws one image of 2000 px with 300 objects and the predictions of four methods, in a
process of its own, and prints the time and the peak memory of this process.

    python benchmarks/prediction_figure.py [--objects 300] [--methods 4] [--size 2000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from gains.datasets.coco_writer import open_writer
from gains.instances import Instances
from gains.masks.segmentation import to_rle
from gains.support.files import read_json, write_json


def make_data(folder: Path, objects: int, methods: int, size: int) -> tuple[Path, list[Path]]:
    """Write an image with circles, and shifted circles as predictions of each method."""
    generator = np.random.default_rng(0)
    centres = generator.uniform(45, size - 45, (objects, 2))
    radii = generator.uniform(15, 40, objects)
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    pixels = generator.integers(0, 255, (size, size, 3), dtype=np.uint8)
    coco, files = folder / "truth.json", []
    for number in range(methods + 1):
        moved = centres + generator.normal(0, 3, centres.shape) * (number > 0)
        points = moved[:, None] + radii[:, None, None] * circle
        masks = [to_rle([polygon.ravel().tolist()], size, size) for polygon in points]
        path = folder / f"m{number}.json" if number else coco
        with open_writer(path) as writer:
            writer.add("a.png", pixels, Instances.from_rles(size, size, masks, [1] * objects))
            writer.finish({1: "cell"}, {})
        if number:
            found = [{**a, "score": 0.9} for a in read_json(path)["annotations"]]
            write_json(path, found)
            files.append(path)
    return coco, files


def draw(coco: Path, files: list[Path], out: Path) -> None:
    """Draw the figure; print its time and the peak memory of this process."""
    start = time.perf_counter()
    from gains.figures import predictions

    predictions.draw(coco=coco, predictions=files, out=out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{time.perf_counter() - start:.1f} s, peak memory {peak:.0f} MiB, {out.stat().st_size} B"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--methods", type=int, default=4)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--out", type=Path, help="picture to keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = make_data(Path(folder), options.objects, options.methods, options.size)
        out = options.out or Path(folder) / "figure.png"
        # a new process, so that making the data does not count
        process = multiprocessing.get_context("spawn").Process(target=draw, args=(*files, out))
        process.start()
        process.join()
    print(f"{options.objects} objects, {options.methods} methods, {options.size} px")


if __name__ == "__main__":
    main()
