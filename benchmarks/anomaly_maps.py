"""Time of the gradient anomaly maps, on one core.

    python benchmarks/anomaly_maps.py

Three questions: how much faster than a literal loop over windows, how long for an image of the
usual size, and how the time grows with instances that do not touch. Times are CPU time of this
process, the best of several runs, masks given.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from gains.anomaly.maps import anomaly_maps  # noqa: E402
from gains.config.maps import MapSettings  # noqa: E402
from helpers.anomaly_loop import loop_maps  # noqa: E402

PROGRAMS = ("isbi", "chrom", "nuclei")


def discs(shape, circles):
    """Return masks and stored boxes (x y width height) of discs (row, column, radius)."""
    rows, columns = np.indices(shape)
    masks = [(rows - y) ** 2 + (columns - x) ** 2 <= r * r for y, x, r in circles]
    boxes = np.array([(x - r, y - r, 2 * r + 1, 2 * r + 1) for y, x, r in circles], dtype=float)
    return masks, boxes


def seconds(work, repeats):
    """Return the CPU time of the fastest of several runs, and its result."""
    best, result = np.inf, None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def against_the_loop():
    masks, boxes = discs((96, 96), [(36, 36, 20), (40, 62, 18), (64, 48, 19)])
    print("96 x 96 px, 3 discs of ~38 px, w = 5")
    for program in PROGRAMS:
        settings = MapSettings(program=program)
        slow, expected = seconds(lambda s=settings: loop_maps(masks, [1] * 3, s, boxes), 1)
        fast, found = seconds(lambda s=settings: anomaly_maps(masks, [1] * 3, s, boxes), 20)
        error = max(
            np.abs(a.full((96, 96)) - b).max() for a, b in zip(found, expected, strict=True)
        )
        print(
            f"  {program:7} loop {slow:7.3f} s, ours {fast * 1e3:6.2f} ms: {slow / fast:6.0f} x, "
            f"largest difference {error:.0e}"
        )


def usual_size():
    centres = [(150, 150), (150, 260), (150, 370), (260, 200), (260, 310), (370, 250), (380, 370)]
    masks, boxes = discs((512, 512), [(y, x, 75) for y, x in centres])
    print("512 x 512 px, 7 discs of 151 px, w = 5")
    for program in PROGRAMS:
        settings = MapSettings(program=program)
        best, _ = seconds(lambda s=settings: anomaly_maps(masks, [1] * 7, s, boxes), 20)
        print(f"  {program:7} {best * 1e3:6.1f} ms")


def far_apart():
    print("64 x 9600 px, discs of 31 px, 60 px apart, w = 5 (isbi)")
    for number in (10, 20, 40, 80, 160):
        masks, boxes = discs((64, 9600), [(32, 30 + 60 * n, 15) for n in range(number)])
        best, _ = seconds(lambda m=masks: anomaly_maps(m, [1] * len(m), MapSettings()), 3)
        print(f"  {number:4} instances {best * 1e3:7.1f} ms, {best / number * 1e3:5.2f} ms each")


if __name__ == "__main__":
    against_the_loop()
    usual_size()
    far_apart()
