"""The study that a command line names, and the table or figure of it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import yaml

from gains.cli.front.run import catch_signals, split_words
from gains.running.choice import choose, find_project
from gains.running.targets import product_target
from gains.workflow.call import refuse_reserved
from helpers.paths import ROOT

TINY = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]


def test_a_name_is_a_study_of_the_project(tmp_path: Path) -> None:
    for choice in (choose("first", None, ROOT), choose(None, "first", ROOT)):
        assert (choice.study.tag, choice.file) == ("first", None)
        assert choice.config_words == ["--config", "study=first"]
    file = choose(str(ROOT / "studies/first.yaml"), None, ROOT)
    assert file.config_words == ["--config", "study=first"]
    (tmp_path / "link.yaml").symlink_to(ROOT / "studies/first.yaml")
    assert choose(str(tmp_path / "link.yaml"), None, ROOT).study.tag == "first"
    with pytest.raises(ValueError, match="no study 'frst'; did you mean 'first'"):
        choose("frst", None, ROOT)
    with pytest.raises(ValueError, match="no study is named"):
        choose(None, None, ROOT)


def test_a_file_gives_its_only_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(yaml.safe_dump({"studies": {"mine": TINY}}))
    choice = choose("own.yaml", None, ROOT)
    assert (choice.study.name, choice.file) == ("mine", tmp_path / "own.yaml")
    assert choice.config_words == ["--configfile", str(tmp_path / "own.yaml")]
    two = {"studies": {"a": TINY, "b": TINY}}
    Path("two.yaml").write_text(yaml.safe_dump(two))
    assert choose("two.yaml", "b", ROOT).config_words[2:] == ["--config", "study=b"]
    with pytest.raises(ValueError, match="holds the studies a, b; expected one study"):
        choose("two.yaml", None, ROOT)
    with pytest.raises(FileNotFoundError, match=r"absent\.yaml"):
        choose("absent.yaml", None, ROOT)


def test_a_changed_copy_of_a_study_needs_another_name(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / "studies/first.yaml").read_text())
    content["studies"]["first"]["seeds"] = [5]
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ValueError, match="needs a name of its own"):
        choose(str(tmp_path / "own.yaml"), None, ROOT)


def test_a_package_outside_a_clone_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_project() == ROOT.resolve()
    monkeypatch.setattr("gains.__file__", "/usr/lib/python3/site-packages/gains/__init__.py")
    with pytest.raises(FileNotFoundError, match="git clone"):
        find_project()


def test_a_table_is_asked_for_by_name_or_file() -> None:
    study = choose("first", None, ROOT).study
    assert product_target(study, None) == "all"
    assert product_target(study, "table3") == product_target(study, "results/table3.csv")
    assert product_target(study, "table3") == "results/table3.csv"
    assert product_target(study, "figure3") == "results/figure3.png"
    assert product_target(study, "predictions") == "results/predictions.png"
    assert product_target(study, "data_audit") == "results/data_audit.csv"
    assert product_target(study, "report") == "results/report.html"
    with pytest.raises(ValueError, match="no table or figure 'tabel3'; did you mean 'table3'"):
        product_target(study, "tabel3")


def test_options_after_two_dashes_are_for_snakemake() -> None:
    assert split_words(["a.yaml", "t"]) == (["a.yaml", "t"], ())
    assert split_words(["a.yaml", "-F", "x"]) == (["a.yaml"], ("-F", "x"))
    for word in ("-n", "--config", "--cores=3"):
        with pytest.raises(ValueError, match="sets this option itself"):
            refuse_reserved(["-F", word])


def test_nohup_keeps_a_run_alive_when_the_terminal_closes() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        catch_signals()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        catch_signals()
        assert callable(signal.getsignal(signal.SIGHUP))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
