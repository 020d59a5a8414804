"""Every command in README.md, CONTRIBUTING.md and docs/ works: it runs, or it is run dry.

The commands run in a copy of the project with tiny images and trainings of two iterations. The two
tables below name all commands that do not run here as they stand, each with the reason.
"""

from __future__ import annotations

import runpy
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import typer.core
from typer.testing import CliRunner

from gains.cli.main import app
from helpers.documents import Reader, blocks, commands
from helpers.paths import ROOT

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
DRY = {
    "make environment*": "installs packages from the network",
    "make demo": "takes twenty minutes",
    "gains run *": "trains for minutes",
    "make test": "contains this test",
    "make slow": "takes an hour",
    "snakemake --cores 2 results/table3.csv": "the demo takes twenty minutes",
    "snakemake --cores 2 results/figure3.png": "the demo takes twenty minutes",
    "snakemake --cores 8 results/table3.csv": "the demo takes twenty minutes",
    "snakemake --cores 8": "the demo takes twenty minutes",
    "snakemake --cores 8 results/table3.csv --configfile own.yaml": "trains for minutes",
    "snakemake --cores 8 results/table3.csv --config study=paper": "trains for days on a GPU",
    "snakemake --cores 8 --config label=long *": "trains for an hour",
    "dvc repro": "the demo takes twenty minutes",
    "dvc repro workflow/dvc/first/dvc.yaml": "trains for minutes",
    "dvc exp run *": "the demo takes twenty minutes",
    "gains fetch isbi2014": "downloads a data set",
    "gains fetch imagenet-resnet50": "downloads weights",
    "gains convert isbi2014*": "needs a data set that is downloaded",
    "gains figure donet_figure3 *": "needs a trained DoNet",
    "gains figure layering_figure*": "needs a trained model of layering",
    "gains figure ranks *": "needs a table of six data sets",
    "gains keep *": "needs trainings on images that are not in the repository",
    "gains validation-table *": "needs trainings with validations",
    "gains rescore --study evidence *": "needs images that are not in the repository",
    "snakemake --cores 2 --config study=evidence *": "another test makes these tables",
    "snakemake --cores 2 --config study=real-layering *": "another test makes these tables",
    "gains thresholds --study evidence *": "needs trainings on images that are not in the repository",
    "gains init *": "measures the machine for a minute",
    "gains run demo-donet": "trains 35 models",
    "snakemake * --config study=donet": "trains for days on a GPU",
    "gains data sheet * --coco data/demo-layering/*": "needs the data of another study",
    "gains run demo-layering": "trains 22 models",
    "snakemake * --config study=layering": "trains for days on a GPU",
    "gains predict --model best --config my-cells.yaml *": "needs a study that trains for an hour",
    "gains certainty comparison --config my-cells.yaml": "needs a study that trains for an hour",
    "gains export --predictions new.json *": "needs a study that trains for an hour",
    "python benchmarks/*": "takes minutes on a GPU",
}
"""Commands whose programs only say what they would do, or only read their options."""
FIRST_PAGE = ROOT / "docs/index.md"
LONG = {
    "gains init *": "measures the machine for a minute",
    "gains run paper table3": "trains for days on a GPU",
}
"""The commands of the first page that do not run although their readers' studies are tiny."""
NOT_RUN = {
    "pip install pre-commit": "needs the network",
    "pre-commit install": "needs a program that is not installed here",
    "dvc commit": "asks about stages that are not complete in this test",
    "git add studies/evidence": "needs runs that were kept",
    "dvc add data/raw/isbi2014": "needs a data set that is downloaded",
    "git add data/raw/isbi2014.dvc": "needs a data set that is downloaded",
    "dvc pull": "would replace the results of this test by those of a remote",
}
"""Commands of which nothing runs."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    reader = Reader(tmp_path_factory.mktemp("reader") / "project")
    reader.prepare()
    return reader


def documented() -> Iterator[str]:
    for document in DOCUMENTS:
        for language, text in blocks(document):
            if language == "sh":
                yield from commands(text)


def named_in(table: dict[str, str], command: str) -> bool:
    return any(fnmatchcase(command, pattern) for pattern in table)


def read_options(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``gains`` or a benchmark read its options, and stop it before it does anything."""
    program, *arguments = shlex.split(command)
    if program == "gains":
        monkeypatch.setattr(typer.core.TyperCommand, "invoke", lambda *_: None)
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, f"{command}\n{done.output}{done.exception}"
        return
    parse = ArgumentParser.parse_args

    def parse_and_stop(parser: ArgumentParser, *given: Any) -> None:
        parse(parser, *given)
        raise InterruptedError

    monkeypatch.setattr(ArgumentParser, "parse_args", parse_and_stop)
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    with pytest.raises(InterruptedError):
        runpy.run_path(str(ROOT / arguments[0]), run_name="__main__")


def follow(command: str, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command, run it dry, or pass it over, as the tables say."""
    if named_in(NOT_RUN, command):
        return
    if not named_in(DRY, command):
        reader.run(command)
    elif command.startswith(("gains ", "python ")):
        read_options(command, monkeypatch)
    else:
        reader.dry_run(command)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_work_as_they_stand(
    document: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, text in blocks(document):
        if language == "yaml":
            reader.save_study(text)
            continue
        for command in commands(text):
            follow(command, reader, monkeypatch)


def test_the_five_commands_of_each_reader_work(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [list(commands(text)) for language, text in blocks(FIRST_PAGE) if language == "sh"]
    assert [len(of_reader) for of_reader in listed] == [5, 5, 5]
    reader.save_own_study()
    for command in sum(listed, []):
        if named_in(LONG, command):
            read_options(command, monkeypatch)
        else:
            reader.run(command)
    assert reader.project.path("results/report.html").is_file()
    reader.shell(f"cd studies; MPLBACKEND=agg python {ROOT}/docs/tutorial_notebook.py")


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("gains scroe --out a.json", AssertionError),
        ("gains convert isbi2014 --otu a.json", AssertionError),
        ("gains maps --coco nowhere.json --program isbi --out a.npz", AssertionError),
        ("python benchmarks/packing.py --devise cuda", SystemExit),
        ("python benchmarks/nowhere.py", FileNotFoundError),
        ("snakemake --cores 8 --config label=long study=nowhere", AssertionError),
        ("make environments", AssertionError),
    ],
)
def test_a_wrong_command_fails(
    command: str, error: type[BaseException], reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error):
        follow(command, reader, monkeypatch)


def test_every_exception_is_a_command_of_a_document() -> None:
    written = list(documented())
    for pattern in (*DRY, *NOT_RUN):
        assert any(fnmatchcase(command, pattern) for command in written), pattern
