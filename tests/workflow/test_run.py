"""`gains run` in a copy of the project, where every step takes no time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gains.running.choice import choose, inside
from gains.running.run import RunWish, run
from gains.workflow.call import Call, workflow_call
from gains.workflow.events import EventReader
from helpers.paths import ROOT
from helpers.project import Project


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file with the study `mine`, of two methods and one seed."""
    study = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"studies": {"mine": {**study, "seeds": [0]}}}))
    return path


def test_a_long_run_asks_a_failed_one_says_why_and_the_same_call_continues(
    own: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    project = Project.copy(tmp_path / "project", stub=True).folder
    monkeypatch.setattr("gains.running.outlook.measure_apart", lambda *_: None)
    found = ["cells.png: is damaged"]
    monkeypatch.setattr("gains.running.run.problems", lambda *_: found)
    monkeypatch.setenv("STUB_FAIL", "synthetic-cells/gains/default")

    def call() -> str:
        choice = choose(str(own), None, project)
        with inside(project):
            run(choice, RunWish("table3", 2))
        said = capfd.readouterr()
        return said.err + said.out

    with pytest.raises(ValueError, match=r"^cells\.png: is damaged$"):
        call()
    assert not (project / "data/mine").exists()
    found.clear()
    capfd.readouterr()
    days = dict.fromkeys(choose(str(own), None, project).study.trainings(), 50_000.0)
    monkeypatch.setattr("gains.running.outlook.estimates", lambda _: days)
    with pytest.raises(ValueError, match=r"take about 13\.9 h, .* add --yes"):
        call()
    assert not (project / "results/mine/runs").exists()
    before = capfd.readouterr().err
    assert before.index("Preparing the data: 3 jobs") < before.index("The study has 2 trainings")
    assert f"The results will be in {project}/results/mine" in before

    monkeypatch.setattr("gains.running.outlook.estimates", lambda _: {})
    with pytest.raises(ValueError, match="train: synthetic-cells gains seed 0 failed") as error:
        call()
    assert "the last line of its log is: asked to fail" in str(error.value)
    assert f"{project}/logs/mine/run/" in str(error.value)
    assert "Traceback" not in str(error.value)
    assert "Preparing the data" not in capfd.readouterr().err
    monkeypatch.delenv("STUB_FAIL")
    again = call()
    assert "1 of 2 trainings of the study are done; 1 to do" in again
    assert '"made by": "table", "file": "table3.md"' in again
    assert f"{project}/results/mine/tables/table3.csv" in again
    last = call()
    assert "Nothing to do: everything is up to date." in last
    assert f"{project}/results/mine/tables/table3.csv" in last


def heed_interruption() -> None:
    """Let a process end with Ctrl-C, as `gains run` does, even if this one runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interruption_ends_all_processes(tmp_path: Path) -> None:
    """The first process stands for Snakemake, and its child for a job; both end with Ctrl-C."""
    code = (
        "import subprocess, sys\n"
        "job = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'],"
        " stdin=subprocess.PIPE)\n"
        "print('started', flush=True)\n"
        "job.wait()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interruption,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    Call(process, EventReader(tmp_path / "none")).end()
    assert process.returncode == -signal.SIGINT
    assert process.stdout.read() == b""  # the end of the pipe, which the job holds too


def test_a_second_interruption_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ignores Ctrl-C; a person who types it again ends it nevertheless."""
    code = (
        "import signal, time; signal.signal(2, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    call, waits = Call(process, EventReader(Path("none"))), iter([KeyboardInterrupt])

    def wait(seconds: float | None = None) -> int:
        for error in waits:
            raise error
        return real(seconds)

    real = process.wait
    monkeypatch.setattr(process, "wait", wait)
    call.end()
    assert process.returncode == -signal.SIGTERM


def test_snakemake_ends_when_its_parent_is_killed() -> None:
    child = (
        "import os, time; from gains.workflow.events import end_with; parent = os.getppid()\n"
        "print(flush=True); end_with(parent, 0.01); time.sleep(60)"
    )
    parent = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]],"
        " start_new_session=True).wait()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent, child],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interruption,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.kill()
    process.wait()
    assert b"KeyboardInterrupt" in process.stderr.read()  # ends when the child has ended


def test_a_call_ends_with_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt), workflow_call(["--help"], tmp_path / "log") as call:
        raise KeyboardInterrupt
    assert call.process.poll() is not None
