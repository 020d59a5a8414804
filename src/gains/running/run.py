"""The run of a study: what is to do, the data, the outlook, the trainings, the results."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gains.running.check import problems, quick_problems
from gains.running.choice import ChosenStudy
from gains.running.failures import failures
from gains.running.forecast import Forecast
from gains.running.jobs import TRAIN, Jobs, run_of
from gains.running.outlook import LONG, forecast, outlook_lines
from gains.running.owner import claim
from gains.running.screen import screen
from gains.running.targets import made, product_target
from gains.support.durations import duration
from gains.support.heartbeat import heartbeat
from gains.workflow.call import workflow_call
from gains.workflow.events import STARTED, Event

DATA_RULES = ("fetch", "convert", "split", "maps")
"""The rules that prepare data; they run before all others, so that errors of data come first."""
FORCE_DATA = frozenset(("-f", "--force", "-F", "--forceall", *DATA_RULES))
"""Words of a command line that make data again: a call for the data alone would make them twice."""
PAUSE = 0.5
"""Time in s between two looks at the jobs."""


@dataclass(frozen=True)
class RunWish:
    """What a person asks for.

    Attributes:
        target: name of a table or figure, or None for everything.
        cores: number of cores.
        yes: whether long trainings begin without a question.
        further: further options for Snakemake.
    """

    target: str | None
    cores: int
    yes: bool = False
    further: tuple[str, ...] = ()


def run(choice: ChosenStudy, wish: RunWish) -> None:
    """Make a table, a figure or everything of a study, in the folder of the project.

    Raises:
        ValueError: a job failed, the trainings take long and nobody agreed, or the results are of
            another study file; the message holds each distinct error once.
        KeyboardInterrupt: a person interrupted; all jobs have ended then.
    """
    began = time.monotonic()
    if choice.file is not None:
        claim(Path(choice.study.results), choice.study.name, choice.file)
    target = product_target(choice.study, wish.target)
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    runner = _Runner(choice, wish, target, Path(f"logs/{choice.study.tag}/run/{stamp}.log"))
    _refuse(quick_problems(choice.study, choice.files))
    say(f"Study {choice.study.tag}: looking for what is out of date ...")
    todo = runner.plan()
    if not todo:
        say("Nothing to do: everything is up to date.")
    else:
        _make(runner, todo)
    _show_results(choice, target)
    if todo:
        say(f"It took {duration(time.monotonic() - began)}.")


def _refuse(found: Sequence[str]) -> None:
    if found:
        raise ValueError("\n".join(found))


def say(text: str) -> None:
    """Tell a person something now; the results alone go to stdout."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class _Runner:
    """The calls of Snakemake for one wish."""

    choice: ChosenStudy
    wish: RunWish
    target: str
    log: Path

    def words(self, *targets: str, dry: bool = False) -> list[str]:
        words = ["--cores", str(self.wish.cores), *self.wish.further]
        return [*words, *(["-n"] if dry else []), *self.choice.config_words, "--", *targets]

    def plan(self) -> list[Event]:
        """Return the jobs that are to do."""
        words = self.words(self.target, dry=True)
        with workflow_call(words, self.log) as call, heartbeat("looking for what is out of date"):
            while call.wait(PAUSE) is None:
                pass
            events = call.new_events()
        jobs = Jobs(0, errors=[event.text for event in events if event.kind != STARTED])
        self.require(call.process.returncode, jobs)
        return [event for event in events if event.kind == STARTED]

    def follow(self, targets: Sequence[str], total: int, expected: Forecast | None) -> None:
        """Run jobs and show them.

        Raises:
            ValueError: a job failed.
        """
        jobs, status = Jobs(total), None
        with workflow_call(self.words(*targets), self.log) as call, screen() as shown:
            while status is None:
                status = call.wait(PAUSE)
                for event in call.new_events():
                    jobs.take(event)
                shown.show(jobs, expected.left(jobs) if expected else None)
        self.require(status, jobs)

    def require(self, status: int | None, jobs: Jobs) -> None:
        if status == 0:
            return
        found = list(failures(jobs)) or [f"the workflow ended with status {status}"]
        rest = "The same command makes what is missing. "
        raise ValueError("\n".join([*found, f"{rest}All messages: {self.log.absolute()}"]))


def _make(runner: _Runner, todo: Sequence[Event]) -> None:
    trainings = [run for event in todo if event.rule == TRAIN and (run := run_of(event.wildcards))]
    data = [event for event in todo if event.rule in DATA_RULES]
    if data or trainings:
        say("Checking the settings and the labels ...")
        with heartbeat("checking the settings and the labels"):
            _refuse(problems(runner.choice.study, runner.choice.files))
    data_first = len(data) < len(todo) and FORCE_DATA.isdisjoint(runner.wish.further)
    try:
        if data and data_first:
            say(f"Preparing the data: {len(data)} jobs.")
            files = [event.output for event in data if event.rule != "fetch"]
            runner.follow(files, len(data), None)
        expected = None
        if trainings:
            say("Estimating the time of the trainings ...")
            expected = forecast(runner.choice, trainings, runner.wish.cores)
            for text in outlook_lines(runner.choice.study, expected):
                say(text)
            _agree(expected, runner.wish.yes)
        left = len(todo) - (len(data) if data_first else 0)
        runner.follow([runner.target], left, expected)
    except KeyboardInterrupt:
        say(
            "Interrupted: all jobs have ended. The same command continues; a training continues "
            "from its last checkpoint."
        )
        raise


def _agree(expected: Forecast, yes: bool) -> None:
    """Ask before trainings that take long.

    Raises:
        ValueError: nobody agreed.
    """
    seconds = expected.all
    if yes or seconds is None or seconds < LONG:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise ValueError(
            f"the trainings take about {duration(seconds)}, which is more than {duration(LONG)}, "
            "and no terminal is there to ask; add --yes to start them"
        )
    say(f"Start trainings of about {duration(seconds)}? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ValueError("nothing was trained, as you chose")


def _show_results(choice: ChosenStudy, target: str) -> None:
    tables, files = made(choice.study, target)
    for table in tables:
        print(table.read_text(encoding="utf-8"))
    print("\n".join(map(str, files)), flush=True)
