"""Copying finished runs to the folder of kept runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gains.study.study import Study
from gains.support.files import read_json
from gains.workflow.code_hash import Sources
from gains.workflow.keep import Kept, keep_runs
from helpers.kept import put_run, runs_of, study_of

OUT = Path("kept")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study whose two runs are finished."""
    monkeypatch.chdir(tmp_path)
    study = study_of()
    for run in runs_of(study):
        put_run(study, run, study.run_folder(run))
    return study


def content() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in OUT.rglob("*") if path.is_file()}


def test_finished_runs_are_copied_without_model_and_losses(study: Study) -> None:
    found = keep_runs(study, OUT)
    size = sum(map(len, content().values()))
    assert found == Kept(2, 0, 0, size, 3600.0, {None: 2})  # type: ignore[arg-type]
    names = {Path(path).name for path in content()}
    assert sorted(names) == [
        "run.json",
        "test.predictions.images.json",
        "test.predictions.json.gz",
        "test.scores.json",
        "validation.csv",
    ]
    assert not list(Path().rglob(".tmp-*"))
    assert all(study_of().is_kept(run) for run in runs_of(study))


def test_a_second_call_changes_nothing_and_needs_no_results(study: Study) -> None:
    keep_runs(study, OUT)
    before = content()
    assert keep_runs(study_of(), OUT).before == 2
    for path in Path("results").rglob("run.json"):
        path.unlink()
    found = keep_runs(study_of(), OUT)
    assert (found.new, found.before, found.unfinished) == (0, 2, 0)
    assert content() == before


def test_an_unfinished_run_is_not_copied_and_the_cost_of_a_run_is(study: Study) -> None:
    first, second = runs_of(study)
    (study.run_folder(first) / "test.scores.json").unlink()
    (study.run_folder(second) / "cost.json").write_text("{}")
    found = keep_runs(study, OUT)
    assert (found.new, found.unfinished) == (1, 1)
    assert {Path(path).parent.name for path in content()} == {"fold1"}
    assert (OUT / second.path / "cost.json").is_file()


def test_another_content_is_refused_unless_it_shall_replace_the_kept_one(study: Study) -> None:
    keep_runs(study, OUT)
    before, (run, _) = content(), runs_of(study)
    results = Path("results/mine/runs", run.path)
    put_run(study, run, results)
    (results / "validation.csv").write_text("iteration,metric,value,picked\n1,mAP,0.5,yes\n")
    with pytest.raises(ValueError, match=r"fold0: this run is kept already .* add --overwrite"):
        keep_runs(study, OUT)
    assert content() == before
    assert keep_runs(study, OUT, overwrite=True).new == 1
    assert (OUT / run.path / "validation.csv").read_text().endswith("yes\n")


def test_runs_of_other_settings_are_refused_and_nothing_is_copied(study: Study) -> None:
    with pytest.raises(
        ValueError, match=r"recipe.lr 0.015, but the study has 0.5; .*\(2 such runs"
    ):
        keep_runs(study_of(recipe={"iterations": 10, "warmup_iterations": 2, "lr": 0.5}), OUT)
    assert not OUT.exists()


def test_a_study_without_a_finished_run_is_refused(study: Study) -> None:
    with pytest.raises(FileNotFoundError, match=r"none of the 2 runs .* `gains run mine`"):
        keep_runs(study, OUT, clone=Path("elsewhere"))


def test_the_commit_is_that_of_the_clone_if_its_code_made_the_run(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*words: str) -> str:
        author = ("-c", "user.name=t", "-c", "user.email=t@t")
        call = ("git", "-C", str(tmp_path), *author, *words)
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()

    source = tmp_path / "src/module.py"
    source.parent.mkdir()
    source.write_text("x = 1\n")
    git("init", "-q")
    git("add", "src")
    git("commit", "-q", "-m", "code")
    monkeypatch.setattr(Sources, "hash", lambda self, *modules: "c0de")
    assert keep_runs(study, OUT).commits == {git("rev-parse", "HEAD"): 2}
    before = content()
    git("commit", "-q", "--allow-empty", "-m", "later")
    assert keep_runs(study, OUT).new == 0
    assert content() == before
    run = runs_of(study)[0]
    assert read_json(OUT / run.path / "run.json")["commit"] == git("rev-parse", "HEAD~1")
    source.write_text("x = 2\n")
    assert keep_runs(study, Path("changed")).commits == {None: 2}
    git("checkout", "-q", "src")
    monkeypatch.setattr(Sources, "hash", lambda self, *modules: "other")
    assert keep_runs(study, Path("other")).commits == {None: 2}
