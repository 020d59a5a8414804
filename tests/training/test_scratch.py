"""The finished result of a training waits in its scratch folder until it is accepted."""

from __future__ import annotations

import errno
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.support.claims import SupersededError, remove_temporaries
from gains.training import train as training
from gains.training.job import Job
from gains.training.scratch import RESULT, Scratch
from gains.training.step import step
from helpers.tiny import Tiny, job_of, settings_of
from helpers.training import assert_equal, weights


class Killed(BaseException):
    """An exception that stands for SIGKILL: no code of the package catches it."""


@pytest.fixture
def job(tiny: Tiny, tmp_path: Path) -> Job:
    """A job of the workflow, which gives the hash of the code."""
    return replace(job_of(tiny, tmp_path / "run", settings_of("mask_rcnn")), code="0123")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that grows with every step; a function in it is called in the step that follows."""
    taken: list[Any] = []

    def counted(*arguments: Any) -> Any:
        if taken and callable(taken[-1]):
            taken.pop()()
        taken.append(1)
        return step(*arguments)

    monkeypatch.setattr(training, "step", counted)
    return taken


def outputs(job: Job) -> dict[str, bytes]:
    return {name: job.out.with_name(name).read_bytes() for name in RESULT}


def test_a_finished_training_is_found_after_its_outputs_were_deleted(
    job: Job, steps: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """A workflow that is ended deletes the outputs of the jobs that it waited for."""
    training.train(job)
    made = outputs(job)
    for name in RESULT:
        job.out.with_name(name).unlink()
    caplog.set_level("INFO")
    training.train(job)
    assert len(steps) == 6
    assert outputs(job) == made
    assert "this training is finished already" in caplog.text
    assert job.out.stat().st_nlink == 2  # the result takes no space of its own
    training.train(replace(job, name="a/b/c"))
    assert outputs(job)["model.pt"] == made["model.pt"]
    assert b'"name": "a/b/c"' in outputs(job)["run.json"]
    assert len(steps) == 6


def test_a_training_that_is_killed_before_it_delivers_is_not_repeated(
    tiny: Tiny, tmp_path: Path, steps: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Scratch, "deliver", killed)
        training.train(job)
    assert not job.out.exists()
    training.train(job)
    assert len(steps) == 6
    assert job.out.is_file()
    assert not job.scratch.exists()


@pytest.mark.parametrize("change", [{"seed": 1}, {"code": "4567"}])
def test_the_result_of_another_job_is_not_delivered(
    job: Job, steps: list[Any], change: dict[str, Any]
) -> None:
    training.train(job)
    training.train(replace(job, **change))
    assert len(steps) == 12


@pytest.mark.parametrize("name", ["model.pt", "losses.csv", "run.json", "finished.json"])
def test_a_damaged_result_is_made_again(
    job: Job, steps: list[Any], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    training.train(job)
    made = outputs(job)
    path = job.scratch / "finished" / name
    content = bytearray(path.read_bytes())
    path.unlink()
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    training.train(job)
    assert "finished: the finished result is damaged; it is made again" in caplog.text
    assert len(steps) == 12
    assert outputs(job)["model.pt"] == made["model.pt"]


def test_of_two_trainings_in_one_folder_the_second_delivers_the_result_of_the_first(
    tiny: Tiny, tmp_path: Path, steps: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    job = job_of(tiny, tmp_path / "a", settings_of("mask_rcnn"))
    second = threading.Thread(target=training.train, args=(replace(job, out=tmp_path / "b.pt"),))

    def start_second() -> None:
        second.start()
        while "another process trains this run" not in caplog.text:
            time.sleep(0.01)

    steps.append(start_second)
    training.train(job)
    second.join()
    assert len(steps) == 6
    assert job.out.read_bytes() == (tmp_path / "b.pt").read_bytes()
    assert not job.scratch.exists()


def test_an_older_training_hands_over_at_its_next_checkpoint(
    tiny: Tiny, tmp_path: Path, steps: list[Any]
) -> None:
    settings = settings_of("mask_rcnn", checkpoint_every=2)
    training.train(job_of(tiny, tmp_path / "whole", settings))
    steps.clear()
    job = job_of(tiny, tmp_path / "cut", settings)
    steps.append(lambda: remove_temporaries(job.out.parent, job.out.name))  # as a later call does
    with pytest.raises(SupersededError, match=r"model\.pt: another call that writes this file"):
        training.train(job)
    assert len(steps) == 2
    assert not job.out.exists()
    training.train(job)
    assert len(steps) == 6
    assert_equal(weights(tmp_path / "whole/model.pt"), weights(job.out))


def test_an_older_training_that_ends_leaves_its_result_to_the_later_one(
    tiny: Tiny, tmp_path: Path, steps: list[Any]
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", checkpoint_every=100))
    steps.append(lambda: remove_temporaries(job.out.parent, job.out.name))
    with pytest.raises(SupersededError):
        training.train(job)
    assert not job.out.exists()
    training.train(job)
    assert len(steps) == 6


def test_a_result_on_another_disk_is_copied(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_disk(*_: Any) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(Path, "hardlink_to", other_disk)
    training.train(job)
    assert job.out.stat().st_nlink == 1
    assert job.out.read_bytes() == (job.scratch / "finished/model.pt").read_bytes()


def test_an_accepted_result_is_swept_but_no_training_that_runs(
    job: Job, steps: list[Any], tmp_path: Path
) -> None:
    scratch = Scratch(job.scratch)
    steps.append(scratch.sweep)
    (tmp_path / "run").mkdir()
    training.train(job)
    assert scratch.holds(scratch_key(scratch))
    scratch.sweep()
    assert not job.scratch.exists()
    assert job.out.stat().st_nlink == 1
    scratch.sweep()


def scratch_key(scratch: Scratch) -> str:
    from gains.support.files import read_json

    return str(read_json(scratch.finished / "finished.json")["key"])
