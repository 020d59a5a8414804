"""Time each augmentation of a sample, with and without anomaly maps.

    python benchmarks/augmentation.py [--device cuda] [--repetitions 7]

Where torchvision has the transform, its class is the reference: it transforms the image and all
masks as whole planes, and with maps also these as whole planes. Ours transforms the coordinates
and reads each mask and map in the surroundings of its object. Brightness and contrast change the
image alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from gains.config.augmentation import TRANSFORMS
from gains.models.block_maps import BlockMaps
from gains.models.contract import Target
from gains.training.augment import augment
from gains.training.targets import tight_boxes
from lib.timing import interleave, machine

SCENES = ((128, 128, 10), (800, 1066, 30))
"""Height, width and number of objects."""
BILINEAR = v2.InterpolationMode.BILINEAR
THEIRS: dict[str, Callable[..., Any]] = {
    "rotation": v2.RandomRotation((-180, 180), interpolation=BILINEAR),
    "scale": v2.RandomAffine(0, scale=(0.8, 1.25), interpolation=BILINEAR),
    "elastic": v2.ElasticTransform(200.0, 10.0),
    "brightness": v2.ColorJitter(brightness=(0.8, 1.2)),
    "contrast": v2.ColorJitter(contrast=(0.8, 1.2)),
}


def discs(height: int, width: int, count: int) -> tuple[Tensor, Target]:
    """Return noise with discs of different sizes, whose maps differ from 1 on the discs."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)
    rows = torch.arange(height)[:, None]
    masks, parts = torch.zeros(count, height, width, dtype=torch.uint8), []
    for mask, (size, y, x) in zip(masks, torch.rand(count, 3, generator=generator), strict=True):
        radius = height * (0.04 + 0.08 * size)
        inside = (rows - y * height) ** 2 + (torch.arange(width) - x * width) ** 2 <= radius**2
        mask[inside] = 1
    boxes = tight_boxes(masks)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes.long().tolist(), strict=True):
        parts.append((mask[y0:y1, x0:x1] * 0.5, y0, x0))
    maps = BlockMaps.from_parts(parts, [1.0] * count, (height, width))
    return image, Target(boxes, torch.zeros(count, dtype=torch.int64), masks, maps)


def their_call(name: str, image: Tensor, target: Target) -> Callable[[], Any]:
    """Return a call of torchvision's transform of image, masks, and maps if there are any."""
    planes: list[Tensor] = [tv_tensors.Image(image), tv_tensors.Mask(target.masks)]
    if target.maps is not None and "ness" not in name and name != "contrast":
        planes.append(tv_tensors.Image(target.maps.planes() - 1))
    return lambda: THEIRS[name](*planes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(machine(options.device))
    for scene in SCENES:
        image, target = discs(*scene)
        image, target = image.to(options.device), target.to(torch.device(options.device))
        print("{} x {} px, {} objects; ms a sample".format(*scene))
        print(f"{'':12}{'ours':>9}{'torchvision':>13}{'with maps':>11}{'torchvision':>13}")
        for name, kind in TRANSFORMS.items():
            settings = [kind.model_validate({"p": 1})]
            calls: dict[str, Callable[[], Any]] = {}
            for maps in (None, target.maps):
                own = Target(target.boxes, target.labels, target.masks, maps)
                calls[f"ours {maps is None}"] = partial(augment, image, own, settings, 0, 0)
                calls[f"theirs {maps is None}"] = (
                    their_call(name, image, own) if name in THEIRS else lambda: None
                )
            taken = interleave(calls, options.repetitions, options.device)
            row = [f"{seconds * 1e3:.1f}" for seconds in taken.values()]
            if name not in THEIRS:
                row[1] = row[3] = "-"
            print("{:12}{:>9}{:>13}{:>11}{:>13}".format(name, *row))


if __name__ == "__main__":
    main()
