"""Trainings that are interrupted and continued."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gains.models import checkpoint
from gains.training import train as training
from gains.training.scratch import Scratch
from gains.training.step import step
from helpers.tiny import Tiny, job_of, settings_of
from helpers.training import assert_equal, weights


class Killed(BaseException):
    """An exception that stands for SIGKILL: no code of the package catches it."""


def count_steps(
    patch: pytest.MonkeyPatch, last: int | None = None, error: type[BaseException] = Killed
) -> list[int]:
    """Return a list that grows with every step of a training, which raises ``error`` in the last."""
    steps: list[int] = []

    def counted(*arguments: Any) -> Any:
        steps.append(1)
        if len(steps) == last:
            raise error
        return step(*arguments)

    patch.setattr(training, "step", counted)
    return steps


@pytest.mark.parametrize(
    ("after", "transforms"),
    [(1, []), (2, []), (3, ["rotation", "crop"]), (5, [])],
)
def test_a_killed_training_resumes_to_the_same_weights(
    tiny: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    transforms: list[str],
) -> None:
    monkeypatch.setattr(
        "gains.training.checkpoint_timer.SHARE", 1e9
    )  # checkpoints are made whatever they cost
    settings = settings_of("gains", augmentations=[{"name": name} for name in transforms])
    training.train(job_of(tiny, tmp_path / "whole", settings))
    job = job_of(tiny, tmp_path / "cut", settings)
    count_steps(monkeypatch, last=after + 1)
    with pytest.raises(Killed):
        training.train(job)
    assert not job.out.exists()
    steps = count_steps(monkeypatch)
    training.train(job)
    assert len(steps) == 6 - after // 2 * 2  # a checkpoint every 2 iterations
    assert_equal(weights(tmp_path / "whole/model.pt"), weights(job.out))
    assert (tmp_path / "whole/losses.csv").read_text() == (tmp_path / "cut/losses.csv").read_text()


def test_the_checkpoint_of_another_job_is_not_continued(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    checkpoint.save(job.scratch / "last.pt", {"key": "other", "iteration": 4})
    steps = count_steps(monkeypatch)
    training.train(job)
    assert len(steps) == 6


@pytest.mark.parametrize("change", [{"fold": 1}, {"seed": 1}, {"code": "changed"}])
def test_the_checkpoint_of_another_fold_seed_or_code_is_not_continued(
    change: dict[str, Any], tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = json.loads(tiny.split.read_text())
    two_folds = tmp_path / "split.json"
    two_folds.write_text(json.dumps({**split, "folds": split["folds"] * 2}))
    job = replace(job_of(tiny, tmp_path, settings_of("mask_rcnn")), split=two_folds)
    steps = count_steps(monkeypatch, last=5)
    with pytest.raises(Killed):
        training.train(job)
    assert (job.scratch / "last.pt").is_file()
    training.train(replace(job, **change))
    assert len(steps) == 5 + 6


def test_the_checkpoint_of_another_layout_is_not_continued(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("gains.training.train.LAYOUT", 1)
        count_steps(patch, last=4)
        training.train(job)
    left = checkpoint.load(job.scratch / "last.pt")
    del left["validations"]  # earlier versions wrote none
    checkpoint.save(job.scratch / "last.pt", left)
    steps = count_steps(monkeypatch)
    training.train(job)
    assert len(steps) == 6


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_checkpoint_is_set_aside(
    tiny: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    damage: str,
) -> None:
    settings = settings_of("mask_rcnn")
    training.train(job_of(tiny, tmp_path / "whole", settings))
    job = job_of(tiny, tmp_path / "cut", settings)
    count_steps(monkeypatch, last=5)
    with pytest.raises(Killed):
        training.train(job)
    path = job.scratch / "last.pt"
    content = bytearray(path.read_bytes())
    for position in range(len(content) // 2, len(content) // 2 + 4):
        content[position] ^= 0xFF
    path.write_bytes(content if damage == "changed" else content[:100])
    seen = list[list[str]]()
    steps = count_steps(monkeypatch)
    watched = Scratch.set_checkpoint_aside

    def set_aside(scratch: Scratch) -> Path:
        moved = watched(scratch)
        seen.append([moved.name, *sorted(p.name for p in job.scratch.iterdir())])
        return moved

    monkeypatch.setattr(Scratch, "set_checkpoint_aside", set_aside)
    training.train(job)
    assert "last.pt: the checkpoint is cut off or damaged; it is now last.pt.dam" in caplog.text
    assert seen == [["last.pt.damaged", "last.pt.damaged"]]
    assert len(steps) == 6
    assert_equal(weights(tmp_path / "whole/model.pt"), weights(job.out))
    assert not job.scratch.exists()


def test_time_and_memory_of_a_resumed_training_add_up(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    count_steps(monkeypatch, last=5, error=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        training.train(job)
    path = job.scratch / "last.pt"
    kept = checkpoint.load(path, torch.device("cpu"))
    assert kept["cost"]["memory_mb"]["host"] > 100
    kept["cost"] = {"seconds": 1000.0, "memory_mb": {"host": 10**6}}
    checkpoint.save(path, kept)
    training.train(job)
    record = json.loads((tmp_path / "run.json").read_text())
    assert 1000 < record["seconds"] < 1500
    assert record["memory_mb"] == {"host": 10**6}


def test_a_full_disk_leaves_nothing_half(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path / "run", settings_of("mask_rcnn"))
    earlier = tmp_path / "earlier.pt"
    checkpoint.save(earlier, {"kept": torch.ones(3)})

    def full(content: Any, file: Any) -> None:
        file.write(b"the beginning")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        training.train(job)
    monkeypatch.undo()
    assert not job.out.exists()
    assert [p for p in (tmp_path / "run").rglob("*") if p.name.startswith(".tmp")] == []
    assert torch.equal(checkpoint.load(earlier)["kept"], torch.ones(3))
    training.train(job)


def test_other_labels_are_another_job(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("gains"))
    relabelled = tmp_path / "other" / tiny.coco.name
    content = json.loads(tiny.coco.read_text())
    content["annotations"].pop()
    relabelled.parent.mkdir()
    relabelled.write_text(json.dumps(content))
    relabelled.with_suffix(".zip").write_bytes(tiny.coco.with_suffix(".zip").read_bytes())
    other = replace(job, coco=relabelled)
    assert job.inputs()["images"] == other.inputs()["images"]
    assert job.inputs() != other.inputs()


def test_files_of_others_in_scratch_are_kept(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    job.scratch.mkdir()
    (job.scratch / "thesis.txt").write_text("mine")
    training.train(job)
    assert [p.name for p in job.scratch.iterdir()] == ["thesis.txt"]
