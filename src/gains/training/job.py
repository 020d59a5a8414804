"""A training job, and its record."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision

import gains
from gains.methods.run_settings import RunSettings
from gains.models.imagenet import require_weights
from gains.support.files import require_file, settings_hash, sha256


@dataclass(frozen=True)
class Job:
    """A training job.

    Attributes:
        settings: settings of the run; those of prediction change no weight and are not recorded.
        coco: COCO JSON file; the images are beside it as ``.zip``.
        split: split file; the model learns its ``train`` part.
        maps: gradient anomaly maps of that part, or None.
        seed: seed of all random numbers.
        fold: fold of the split.
        out: model file; ``losses.csv`` and ``run.json`` are written beside it.
        scratch: folder of the running checkpoint.
        name: name of the run, for logs and ``run.json``.
        code: hash of the code, part of the checkpoint's key.
        start: model file of the run from which the training starts, or None.
    """

    settings: RunSettings
    coco: Path
    split: Path
    maps: Path | None
    seed: int
    fold: int
    out: Path
    scratch: Path
    name: str = ""
    code: str = ""
    start: Path | None = None

    @property
    def weights(self) -> Path | None:
        """The file of initial values, or None."""
        return self.settings.initial_weights

    def inputs(self) -> dict[str, str]:
        """Return the SHA-256 of every input file, by its role.

        Raises:
            FileNotFoundError: the file of initial weights, or the model of the run from which the
                training starts, is missing.
        """
        paths = {"coco": self.coco, "images": self.coco.with_suffix(".zip"), "split": self.split}
        if self.maps is not None:
            paths["maps"] = self.maps
        if self.weights is not None:
            paths["weights"] = require_weights(self.weights)
        if self.start is not None:
            paths["start"] = require_file(
                self.start, "the training starts from this model of another run; train that first"
            )
        return {role: sha256(path) for role, path in paths.items()}


def provenance(job: Job, inputs: dict[str, str], device: torch.device) -> dict[str, Any]:
    """Return the content of ``run.json``.

    It holds the settings, the hashes of the inputs, the name of the file of initial weights, the
    hash of the code, the device and the versions.
    """
    cuda, settings = device.type == "cuda", job.settings.recorded_json()
    return {
        "name": job.name,
        "settings": settings,
        "settings_hash": settings_hash(settings),
        "seed": job.seed,
        "fold": job.fold,
        "code": job.code,
        "inputs": inputs,
        "weights": job.weights.name if job.weights else None,
        "device": torch.cuda.get_device_name(device) if cuda else platform.machine(),
        "device_type": device.type,
        "versions": {
            "gains": gains.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
    }
