"""Errors of jobs and of Snakemake as outlook_lines."""

from __future__ import annotations

from pathlib import Path

from gains.running.failures import error_in, failures
from gains.running.jobs import JobInProgress, Jobs
from gains.workflow.errors import plain_error


def failed(folder: Path, name: str, text: str) -> JobInProgress:
    log = folder / f"{name}.log"
    log.write_text(text)
    return JobInProgress("convert", {"dataset": name}, log)


def test_each_distinct_error_is_said_once_with_its_first_log(tmp_path: Path) -> None:
    same = "12:00:00 reading\ngains: error: a.json: is empty; add objects\n"
    jobs = Jobs(
        4,
        failed=[
            failed(tmp_path, "a", same),
            failed(tmp_path, "b", "gains: error: another"),
            failed(tmp_path, "c", same),
        ],
        errors=[
            "At least one job did not complete successfully.",
            "Command 'gains x' returned non-zero exit status 1.",
        ],
    )
    assert list(failures(jobs)) == [
        "convert images and labels: a failed (2 jobs ended with this error): a.json: is empty; add "
        f"objects\n  Its log is {tmp_path}/a.log",
        f"convert images and labels: b failed: another\n  Its log is {tmp_path}/b.log",
    ]


def test_an_error_is_that_of_the_verb_or_the_last_line(tmp_path: Path) -> None:
    log = failed(tmp_path, "x", "gains: error: first\ngains: error: last\nmore of it\n").log
    assert error_in(log) == "last\nmore of it"
    log.write_text("one\ntwo\n\n")
    assert error_in(log).endswith("the last line of its log is: two")
    log.write_text("")
    assert "memory" in error_in(log)
    log.write_text("12:00:00 c/g/d 3/9, 4 s, 80 s to go loss 1.5\n")
    assert "memory is full" in error_in(log)
    log.write_text("")
    assert error_in(tmp_path / "absent.log") == error_in(log)


def test_errors_of_snakemake_name_no_places_in_its_files() -> None:
    text = (
        'WorkflowError in file "/p/workflow/rules/handlers.smk", line 61:\n/nope: no such folder\n'
        '  File "/p/workflow/rules/handlers.smk", line 61, in __onstart'
    )
    assert plain_error(text) == "/nope: no such folder"
    assert "snakemake --unlock" in plain_error("LockException:\nError: Directory cannot be locked.")
