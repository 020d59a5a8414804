"""Measure the time of the gradient anomaly maps on one core.

    OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/anomaly_maps.py

The script answers three questions: how much faster the maps are than a literal loop over windows
(the loop that the tests compare with, hence ``PYTHONPATH``), how long an image of the usual size
takes, and how the time grows with instances that do not touch. Making the masks does not count.
Times are CPU times of this process, the best of several runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gains.anomaly.fields import Float
from gains.anomaly.maps import anomaly_maps
from gains.config.maps import MapSettings
from helpers.anomaly_loop import loop_maps

PROGRAMS = ("isbi", "chrom", "nuclei")

Result = TypeVar("Result")


def discs(
    shape: tuple[int, int], circles: list[tuple[int, int, int]]
) -> tuple[list[NDArray[np.bool_]], Float]:
    """Return the masks and the stored boxes (x y width height) of discs (row, column, radius)."""
    rows, columns = np.indices(shape)
    masks = [(rows - y) ** 2 + (columns - x) ** 2 <= r * r for y, x, r in circles]
    boxes = [(x - r, y - r, 2 * r + 1, 2 * r + 1) for y, x, r in circles]
    return masks, np.array(boxes, dtype=np.float64)


def seconds(work: Callable[[], Result], repeats: int) -> tuple[float, Result]:
    """Return the CPU time of the fastest of several runs, and the result of the last one."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def against_the_loop() -> None:
    masks, boxes = discs((96, 96), [(36, 36, 20), (40, 62, 18), (64, 48, 19)])
    print("96 x 96 px, 3 discs of ~38 px, w = 5")
    for program in PROGRAMS:
        settings = MapSettings.model_validate({"program": program})
        slow, expected = seconds(partial(loop_maps, masks, [1] * 3, settings, boxes), 1)
        fast, found = seconds(partial(anomaly_maps, masks, [1] * 3, settings, boxes), 20)
        error = max(
            np.abs(a.full((96, 96)) - b).max() for a, b in zip(found, expected, strict=True)
        )
        print(
            f"  {program:7} loop {slow:7.3f} s, ours {fast * 1e3:6.2f} ms: {slow / fast:6.0f} x, "
            f"largest difference {error:.0e}"
        )


def usual_size() -> None:
    centres = [(150, 150), (150, 260), (150, 370), (260, 200), (260, 310), (370, 250), (380, 370)]
    masks, boxes = discs((512, 512), [(y, x, 75) for y, x in centres])
    print("512 x 512 px, 7 discs of 151 px, w = 5")
    for program in PROGRAMS:
        settings = MapSettings.model_validate({"program": program})
        best, _ = seconds(partial(anomaly_maps, masks, [1] * 7, settings, boxes), 20)
        print(f"  {program:7} {best * 1e3:6.1f} ms")


def far_apart() -> None:
    print("64 x 9600 px, discs of 31 px, 60 px apart, w = 5 (isbi)")
    for number in (10, 20, 40, 80, 160):
        masks, boxes = discs((64, 9600), [(32, 30 + 60 * n, 15) for n in range(number)])
        best, _ = seconds(partial(anomaly_maps, masks, [1] * number, MapSettings()), 3)
        print(f"  {number:4} instances {best * 1e3:7.1f} ms, {best / number * 1e3:5.2f} ms each")


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None).parse_args()
    against_the_loop()
    usual_size()
    far_apart()


if __name__ == "__main__":
    main()
