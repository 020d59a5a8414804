"""Compare the time from an image to run-length encoded masks with torchvision's model.

    python benchmarks/inference.py [--size 512] [--images 4] [--device cpu]

The masks of torchvision's model are encoded with pycocotools. Both models have a ResNet-50-FPN, the
same 1,000 proposals, and 100 detections per image. The masks are ellipses that fill their boxes,
because random weights would give noise, which takes longer to encode. ``detections to RLE`` is the
part after the network: pasting and encoding.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.roi_heads import paste_masks_in_image

import gains
from gains.config.recipe import RecipeSettings
from gains.models import checkpoint
from gains.models.contract import Detections
from gains.prediction.image_predictor import mask_codes
from gains.prediction.predictor import Predictor
from lib.models import BACKBONE, build_ours, build_torchvision, fix_proposals
from lib.scenes import fixed_proposals, scene
from lib.timing import interleave, machine

DETECTIONS = 100


def ellipses(count: int, channels: int, device: torch.device) -> Tensor:
    """Return logits (count, channels, 28, 28) of an ellipse that fills its box."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 28), torch.linspace(-1, 1, 28), indexing="ij")
    return (10 * (1 - x**2 - y**2)).to(device).expand(count, channels, 28, 28)


def draw_ellipses(predictor: nn.Module) -> None:
    """Let a mask predictor compute its logits, but return ellipses."""
    predictor.register_forward_hook(lambda _, __, out: ellipses(len(out), out.shape[1], out.device))


def our_predictor(size: int, batch: int, device: str, folder: Path) -> Predictor:
    """Return our Mask R-CNN, read from a model file."""
    recipe = RecipeSettings(test_size=size, max_size=1333, train_sizes=(size,))
    settings = {
        "method": {"name": "mask_rcnn", "backbone": BACKBONE},
        "recipe": {**recipe.model_dump(mode="json"), "test_batch_size": batch},
        "max_detections": DETECTIONS,
        "cell_category": None,
        "maps": None,
    }
    content = {
        "format": checkpoint.MODEL_FORMAT,
        "gains": gains.__version__,
        "settings": settings,
        "categories": {"1": "cell"},
        "seed": 0,
        "state": build_ours("mask_rcnn", DETECTIONS).state_dict(),
    }
    checkpoint.save(folder / "model.pt", content)
    return Predictor(folder / "model.pt", device)


def their_codes(masks: Tensor) -> list[Any]:
    """Encode torchvision's masks, probabilities (D, 1, H, W), one after the other."""
    found = (masks[:, 0] > 0.5).cpu().numpy().astype(np.uint8)
    return [coco_mask.encode(np.asfortranarray(mask)) for mask in found]


def their_call(model: MaskRCNN, images: list[NDArray[np.uint8]], device: str) -> list[Any]:
    """Predict and encode a batch with torchvision's model."""
    tensors = [torch.from_numpy(p).permute(2, 0, 1).to(device).float() / 255 for p in images]
    with torch.inference_mode():
        return [their_codes(found["masks"]) for found in model(tensors)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--images", type=int, default=4, help="Number of images per batch.")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device, size = options.device, options.size
    scenes = [scene(size, k) for k in range(options.images)]
    pixels = [np.ascontiguousarray(image.permute(1, 2, 0).numpy()) for image, _ in scenes]
    fixed = fixed_proposals(scenes[0][1], size, 1000).to(device)
    theirs = build_torchvision(size, DETECTIONS).to(device).eval()
    draw_ellipses(theirs.roi_heads.mask_predictor)
    fix_proposals(theirs, fixed, options.images)
    with tempfile.TemporaryDirectory() as folder:
        ours = our_predictor(size, options.images, device, Path(folder))
    draw_ellipses(ours.model.get_submodule("branch.head.predictor"))
    fix_proposals(ours.model, fixed, options.images)

    assert [len(found) for found in ours.batch(pixels)] == [DETECTIONS] * options.images
    assert [len(c) for c in their_call(theirs, pixels, device)] == [DETECTIONS] * options.images
    masks, boxes = ellipses(DETECTIONS, 1, torch.device(device)), fixed[-DETECTIONS:]
    zeros = torch.zeros(DETECTIONS, device=device)
    found = Detections(boxes, zeros, zeros.long(), masks[:, 0].sigmoid())
    taken = interleave(
        {
            "torchvision": lambda: their_call(theirs, pixels, device),
            "gains": lambda: ours.batch(pixels),
            "torchvision to RLE": lambda: their_codes(
                paste_masks_in_image(masks.sigmoid(), boxes, (size, size))
            ),
            "gains to RLE": lambda: mask_codes(found, boxes, (size, size)),
        },
        options.repetitions,
        device,
    )
    print(machine(device))
    print(f"{options.images} images of {size} px, {DETECTIONS} detections each")
    for part, label in (("", "image to RLE"), (" to RLE", "detections to RLE, one image")):
        a, b = taken[f"torchvision{part}"], taken[f"gains{part}"]
        each = 1 if part else options.images
        print(
            f"{label:30} torchvision {a / each * 1e3:8.1f} ms   gains {b / each * 1e3:8.1f} ms an "
            f"image   {b / a:.2f} x torchvision's"
        )


if __name__ == "__main__":
    main()
