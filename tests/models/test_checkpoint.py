"""Files that are not checkpoints, folders in place of JSON files, and devices that do not exist."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from gains.models import checkpoint
from gains.models.device import choose_device
from gains.support.files import read_json
from helpers.damage import refused_or_equal


class Foreign:
    """An object that a checkpoint must not hold."""


FILL = """
import resource, signal, sys, torch
from gains.models import checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    checkpoint.save(sys.argv[1], {str(k): torch.rand(300_000) for k in range(4)})
except OSError as error:
    sys.exit(f"OSError: {error}")
"""


@pytest.mark.parametrize("size", [1000, 2_000_000, 4_801_000])
def test_a_disk_that_fills_up_is_named_and_nothing_is_left(tmp_path: Path, size: int) -> None:
    """A limit of the file size stands in for a full disk, at several places in the file."""
    command = [sys.executable, "-c", FILL, str(tmp_path / "model.pt"), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def refused(path: Path) -> None:
    with warnings.catch_warnings(), pytest.raises(ValueError) as error:
        warnings.simplefilter("ignore")  # torch's, of pickles of other kinds
        checkpoint.load(path)
    message = str(error.value)
    assert message.startswith(f"{path}: not a complete checkpoint: ")
    for advice in ("weights_only", "miniz", "torch.load", "unpickl"):
        assert advice not in message


def test_what_is_no_checkpoint_is_refused_in_own_words(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    checkpoint.save(path, {"weights": torch.arange(5.0), "step": 3})
    assert checkpoint.load(path)["step"] == 3
    whole = path.read_bytes()
    contents = [b"", b"{}", b"hello", whole[:100], whole[: len(whole) // 2], whole[:-10]]
    contents += [pickle.dumps(Foreign()), b"\x80", b".", b"e", b"PK\x03\x04"]
    generator = random.Random(0)
    contents += [generator.randbytes(generator.randint(1, 40)) for _ in range(100)]
    for content in contents:
        path.write_bytes(content)
        refused(path)
    torch.save({"x": Foreign()}, path)
    refused(path)


def test_changed_bytes_are_refused_or_do_not_matter(tmp_path: Path) -> None:
    """No checksum covers the headers: a mark there made torch return memory that it never wrote."""
    path = tmp_path / "m.pt"
    checkpoint.save(path, {"weights": torch.arange(20.0), "step": 3})
    size = path.stat().st_size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of old formats
        refused = refused_or_equal(path, checkpoint.load)
    assert size / 4 < refused


def test_damaged_weights_of_a_large_model_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    checkpoint.save(path, {"format": 1, "state": {"a": torch.ones(1_000_000)}})
    broken = bytearray(path.read_bytes())
    for position in (1_000_000, 1_500_000, 2_000_000, 3_000_000):
        broken[position] ^= 1
    path.write_bytes(broken)
    with pytest.raises(ValueError, match=r"m\.pt: not a complete checkpoint"):
        checkpoint.load_model(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    for read in (checkpoint.load, checkpoint.load_model, read_json):
        with pytest.raises(ValueError, match=f"{tmp_path}: is a folder, expected a file"):
            read(tmp_path)
        with pytest.raises(FileNotFoundError, match="none: no such file"):
            read(tmp_path / "none")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:0", "CPU", "mps"])
def test_other_devices_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"unknown device '{name}'; .* auto, cpu, cuda"):
        choose_device(name)
    assert choose_device("cpu") == torch.device("cpu")


def test_a_model_of_another_format_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "m.pt", {"format": 2, "state": {}})
    with pytest.raises(ValueError, match="expected a model of format 1 written by"):
        checkpoint.load_model(tmp_path / "m.pt")
