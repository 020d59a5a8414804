"""A plain call of Snakemake says what its running jobs do."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gains.running.pulse import Pulse
from gains.workflow.events import FINISHED, STARTED

TRAINING = {"dataset": "cells", "method": "gains", "variant": "default", "seed": "1", "fold": "0"}


def record(**values: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": "", **values})


def test_running_jobs_are_written_with_their_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "train.log"
    log.write_text("12:00:00 INFO train: 20/80, loss 0.5, 3 min to go\n")
    pulse = Pulse(7)
    pulse.beat()
    assert capsys.readouterr().err == ""
    started = {"jobid": 3, "rule_name": "train", "wildcards": TRAINING, "log": [str(log)]}
    pulse.handle(record(event=STARTED, **started))
    pulse.beat()
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(" 0 of 7 jobs done")
    assert " train: cells gains seed 1" in second
    pulse.handle(record(event=FINISHED, job_id=3))
    pulse.beat()
    assert capsys.readouterr().err == ""


def test_lines_come_by_themselves() -> None:
    code = (
        "import logging, time; from gains.running.pulse import attach_pulse\n"
        "logger = logging.getLogger('x'); attach_pulse(logger, 2, 0.01)\n"
        "logger.error('', extra={'event': 'job_info', 'jobid': 1, 'rule_name': 'audit',"
        " 'wildcards': {}}); time.sleep(0.5)"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    assert " 0 of 2 jobs done\n" in said
    assert "audit" in said
