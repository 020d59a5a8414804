"""Measure images per second and memory of several trainings on one device at the same time.

    python benchmarks/packing.py [--trainings 1 2 4] [--method gains] [--size 512] [--device cuda]

Each training is a separate process, as Snakemake starts them with ``--resources gpu=N``. All begin
at the same time and take steps for the same time, and the script adds up their steps. A further
training is worthwhile if it raises this sum. The scenes are those of ``against_torchvision.py``.
Memory is that of model and step, without the samples that a real training keeps on its device.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import time
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Barrier
from typing import Any

import torch
import torch.multiprocessing as multiprocessing

from against_torchvision import our_step
from gains.models.device import peak_memory
from lib.timing import machine, wait


def train(options: argparse.Namespace, begin: Barrier, results: Any) -> None:
    """Take steps for some time, and report images per second and memory."""
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    step = our_step(options.method, options.size, options.batch, device, options.amp)
    step()
    wait(options.device)
    begin.wait()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < options.seconds:
        step()
        wait(options.device)
        steps += 1
    speed = steps * options.batch / (time.perf_counter() - began)
    results.put((speed, peak_memory(device)))


def together(options: argparse.Namespace, count: int) -> tuple[float, int]:
    """Return the images per second of ``count`` trainings, and the memory of the largest in MB."""
    context: SpawnContext = multiprocessing.get_context("spawn")
    begin, results = context.Barrier(count), context.Queue()
    work = [context.Process(target=train, args=(options, begin, results)) for _ in range(count)]
    for process in work:
        process.start()
    found: list[tuple[float, dict[str, int]]] = []
    while len(found) < count:
        with contextlib.suppress(queue.Empty):
            found.append(results.get(timeout=1))
        if any(process.exitcode for process in work):
            for process in work:
                process.terminate()
            raise SystemExit(f"one of {count} trainings failed; see above")
    for process in work:
        process.join()
    memory = max(peak.get("device", peak["host"]) for _, peak in found)
    return sum(speed for speed, _ in found), memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trainings", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--method", default="gains")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--threads", type=int, default=1, help="Number of CPU threads of each training."
    )
    parser.add_argument("--amp", action="store_true")
    options = parser.parse_args()
    print(machine(options.device))
    first = None
    for count in options.trainings:
        speed, memory = together(options, count)
        first = first or speed / count
        print(
            f"{count:3} at once {speed:8.2f} images/s   {speed / first:5.2f} x one   "
            f"{memory} MB each",
            flush=True,
        )


if __name__ == "__main__":
    main()
