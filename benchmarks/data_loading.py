"""Compare the loading of training samples with torchvision's ``CocoDetection``.

    python benchmarks/data_loading.py [--images 24] [--size 512] [--model-size 800]

The script draws scenes of overlapping cells and writes them as a COCO file with PNG images. Both
data sets return an image at the size of the model with boxes, labels and masks, flipped at random.
With ``--maps``, ours also returns gradient anomaly maps, which torchvision's does not have. The
first epoch decodes and resizes; later epochs find the samples in memory if they fit. With several
``train_sizes``, each image is first resized once for each size.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gains.anomaly.build import build_maps
from gains.anomaly.store import MapStore
from gains.config.maps import MapSettings
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import read_coco
from gains.datasets.image_archive import ImageArchive
from gains.training.samples import Samples
from lib.datasets import torchvision_dataset, write_cells
from lib.timing import machine


def epoch(get: Callable[[int], Any], start: int, count: int) -> float:
    """Return the seconds per sample of ``count`` samples, beginning with the sample ``start``."""
    began = time.perf_counter()
    for position in range(start, start + count):
        get(position)
    return (time.perf_counter() - began) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--size", type=int, default=512, help="Side length of the images in px.")
    parser.add_argument(
        "--model-size", type=int, default=800, help="Side length of the resized images in px."
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--maps", action="store_true", help="Also load gradient anomaly maps.")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    count = options.images
    with tempfile.TemporaryDirectory() as name:
        path = write_cells(Path(name), count, options.size)
        theirs = torchvision_dataset(path, options.model_size)
        coco, archive = read_coco(path), ImageArchive(path.with_suffix(".zip"))
        records = list(coco.images.values())
        recipe = RecipeSettings(train_sizes=(options.model_size,))
        maps = None
        if options.maps:
            build_maps(coco, MapSettings(), records, Path(name) / "maps.npz")
            maps = MapStore(Path(name) / "maps.npz")
        samples = Samples(coco, archive, records, recipe, maps, 0, 3 * count)
        rows = [("torchvision, every epoch", epoch(lambda k: theirs[k % count], 0, 2 * count))]
        rows.append(("gains, first epoch", epoch(samples.__getitem__, 0, count)))
        rows.append(("gains, later epochs", epoch(samples.__getitem__, count, 2 * count)))
    print(machine())
    print(
        f"{count} images of {options.size} px for a model that sees {options.model_size} px, "
        f"samples {'fit' if samples.cached else 'do not fit'} in memory"
    )
    for label, seconds in rows:
        ratio = seconds / rows[0][1]
        print(f"{label:26}{seconds * 1e3:8.2f} ms a sample   {ratio:.2f} x torchvision's")


if __name__ == "__main__":
    main()
