"""Export and import of Snakemake's records with the results."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gains.support.files import read_json, sha256, write_json
from gains.workflow import hash_memory, metadata
from gains.workflow import snakemake_records as provenance

FILE = "results/s/provenance.json"


def record(path: str, **changed: Any) -> dict[str, Any]:
    """Return Snakemake's record of the job that made ``path``."""
    content = {
        "rule": "step",
        "input": ["data/in.json"],
        "params": ["'lr=1'"],
        "code": "gains step",
        "record_format_version": 6,
        "input_checksums": {},
        "starttime": 1.0,
        "endtime": 2.0,
        "incomplete": False,
        **changed,
    }
    write_json(metadata.record_path(path), content)
    return content


def made(path: str, content: str) -> None:
    """Write an output and the record of the job of this clone that made it."""
    Path(path).write_text(content)
    record(path, job_hash=7, endtime=Path(path).stat().st_mtime)


def recorded(path: str) -> Any:
    return read_json(metadata.record_path(path))


@pytest.fixture(autouse=True)
def finished_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run with two outputs."""
    monkeypatch.chdir(tmp_path)
    Path("results/s").mkdir(parents=True)
    for name in ("model", "table"):
        Path(f"results/s/{name}").write_text(name)
        record(f"results/s/{name}")
    provenance.export(FILE, ["results/s"], complete=True)


def test_export_has_contents_and_no_times() -> None:
    files = read_json(FILE)["files"]
    assert sorted(files) == ["results/s/model", "results/s/table"]
    assert files["results/s/model"]["sha256"] == sha256("results/s/model")
    assert files["results/s/model"]["params"] == ["'lr=1'"]
    assert "starttime" not in files["results/s/model"]


def test_equal_state_gives_equal_bytes() -> None:
    before = Path(FILE).read_bytes()
    for name in ("model", "table"):
        record(f"results/s/{name}", starttime=50.0, endtime=60.0)
    provenance.export(FILE, ["results/s"], complete=True)
    assert Path(FILE).read_bytes() == before


def test_a_file_of_the_same_size_is_hashed_again_if_its_time_changed() -> None:
    made("results/s/model", "MODEL")
    provenance.export(FILE, ["results/s"], complete=True)
    assert read_json(FILE)["files"]["results/s/model"]["sha256"] == sha256("results/s/model")


def test_other_folders_are_not_exported() -> None:
    Path("results/s2").mkdir()
    Path("results/s2/model").write_text("m")
    record("results/s2/model")
    provenance.export(FILE, ["results/s"], complete=True)
    assert "results/s2/model" not in read_json(FILE)["files"]


def test_clone_gets_its_records_back() -> None:
    shutil.rmtree(".snakemake")
    provenance.restore(FILE)
    assert recorded("results/s/model")["params"] == ["'lr=1'"]
    assert recorded("results/s/model")["incomplete"] is False
    made = Path("results/s/model").stat().st_mtime
    assert (recorded("results/s/model")["starttime"], recorded("results/s/model")["endtime"]) == (
        made,
        made,
    )


@pytest.mark.parametrize("content", ["MODEL", "longer than the model", ""])
def test_another_content_is_made_again(content: str, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").write_text(content)  # the first one is as long as the recorded one
    for _ in range(2):  # until it has been made
        caplog.clear()
        provenance.restore(FILE)
        assert recorded("results/s/model")["code"] == metadata.LOST
        assert recorded("results/s/table")["code"] == "gains step"
        assert "is not the recorded one in 1 of 2 files: results/s/model;" in caplog.text
    before = Path(FILE).read_bytes()
    provenance.export(FILE, ["results/s"], complete=True)  # of a run that made something else
    assert Path(FILE).read_bytes() == before
    assert provenance.verify_records(FILE) == ["results/s/model: content is not the recorded one"]


def test_a_file_that_is_fetched_again_gets_its_record_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").write_text("MODEL")
    provenance.restore(FILE)
    Path("results/s/model").write_text("model")
    caplog.clear()
    provenance.restore(FILE)
    assert recorded("results/s/model")["code"] == "gains step"
    assert not caplog.messages


def test_a_file_that_is_fetched_later_is_compared() -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").unlink()
    provenance.restore(FILE)
    Path("results/s/model").write_text("MODEL")
    provenance.restore(FILE)
    assert recorded("results/s/model")["code"] == metadata.LOST


def test_a_file_that_replaced_the_one_of_a_job_is_made_again() -> None:
    made("results/s/model", "of this clone")
    provenance.export(FILE, ["results/s"], complete=True)
    Path("results/s/model").write_text("of another")
    os.utime("results/s/model", (50, 50))
    provenance.export(FILE, ["results/s"], complete=True)
    assert provenance.verify_records(FILE) == ["results/s/model: content is not the recorded one"]
    provenance.restore(FILE)
    assert recorded("results/s/model")["code"] == metadata.LOST


def test_files_of_a_run_that_was_killed_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    made("results/s/model", "newer than the last export")
    Path("results/s/table").write_text("a part of what a job is wri")
    write_json(metadata.record_path("results/s/table", metadata.INCOMPLETE), {})
    provenance.restore(FILE)
    assert recorded("results/s/model")["job_hash"] == 7
    assert recorded("results/s/table")["code"] == "gains step"
    assert not caplog.messages
    before = read_json(FILE)["files"]
    provenance.export(FILE, ["results/s"], complete=False)
    files = read_json(FILE)["files"]
    assert files["results/s/model"]["sha256"] == sha256("results/s/model")
    assert files["results/s/table"] == before["results/s/table"]


def test_records_that_were_fetched_replace_those_of_this_clone() -> None:
    content = read_json(FILE)
    content["files"]["results/s/model"]["params"] = ["'lr=3'"]
    write_json(FILE, content)
    provenance.restore(FILE)
    assert recorded("results/s/model")["params"] == ["'lr=3'"]
    record("results/s/model", params=["'lr=4'"])
    provenance.restore(FILE)
    assert recorded("results/s/model")["params"] == ["'lr=4'"]


def test_a_record_without_a_content_says_nothing_of_a_file() -> None:
    content = read_json(FILE)
    content["files"]["results/s/model"].update(sha256=None, size=None)
    write_json(FILE, content)
    shutil.rmtree(".snakemake")
    provenance.restore(FILE)
    assert not metadata.record_path("results/s/model").exists()


def test_a_fetched_file_of_the_same_date_is_not_taken_for_that_of_a_job() -> None:
    shutil.rmtree(".snakemake")
    provenance.restore(FILE)
    date = Path("results/s/model").stat().st_mtime_ns
    Path("results/s/model").write_text("MODEL")
    os.utime("results/s/model", ns=(date, date))
    hash_memory.MEMORY.unlink()
    provenance.restore(FILE)
    assert recorded("results/s/model")["code"] == metadata.LOST


def test_a_file_with_a_newer_date_alone_is_as_recorded(caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").touch()
    provenance.restore(FILE)
    assert recorded("results/s/model")["code"] == "gains step"
    assert not caplog.messages


def test_a_file_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(".snakemake")
    provenance.restore(FILE)
    monkeypatch.setattr("gains.workflow.hash_memory.sha256", lambda path: pytest.fail(str(path)))
    provenance.restore(FILE)


DEEP = pytest.param("[" * 100_000, id="deep")


@pytest.mark.parametrize("damage", [DEEP, "{", "[1]", "\xff\xfe", '{"results/s/model": 5}'])
def test_a_damaged_memory_of_hashes_costs_only_time(damage: str) -> None:
    hash_memory.MEMORY.write_text(damage, encoding="latin-1")
    provenance.restore(FILE)
    assert recorded("results/s/model")["code"] == "gains step"
    assert read_json(hash_memory.MEMORY)["results/s/model"][-1] == sha256("results/s/model")


def test_failed_rerun_gets_the_old_record_back() -> None:
    Path("results/s/model").unlink()  # Snakemake deletes the output of a failed job,
    record("results/s/model", params=["'lr=2'"])  # and keeps the new parameters
    provenance.export(FILE, ["results/s"], complete=False)
    provenance.restore(FILE)
    assert recorded("results/s/model")["params"] == ["'lr=1'"]


def test_first_run_that_failed_is_marked() -> None:
    record("results/s/other")  # has never been made
    provenance.export(FILE, ["results/s"], complete=False)
    provenance.restore(FILE)
    assert recorded("results/s/other")["code"] == metadata.LOST


def test_files_not_fetched_stay_on_record() -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").unlink()
    provenance.restore(FILE)
    provenance.export(FILE, ["results/s"], complete=True)
    assert "results/s/model" in read_json(FILE)["files"]
    assert recorded("results/s/model")["params"] == ["'lr=1'"]


GOOD = {"sha256": "0" * 64, "size": 1}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "expected complete JSON"),
        ("", "expected complete JSON"),
        ("\xff\xfe\xfa", "expected complete JSON"),
        ("[1]", "the content is '\\[1\\]'"),
        ("null", "the content is 'None'"),
        ('{"format": 1}', "files is .*Field required"),
        ('{"format": 2, "files": {}}', "format is '2'"),
        ('{"files": [1]}', "files is '\\[1\\]'"),
        ('{"files": {"a": 1}}', "files.a is '1'"),
        ('{"files": {"a": {"size": 1}}}', "files.a.sha256 is .*Field required"),
        ('{"files": {"a": {"sha256": "0"}}}', "files.a.size is .*Field required"),
        (json.dumps({"files": {"a": GOOD | {"size": "1"}}}), "files.a.size is '1'"),
        (json.dumps({"files": {"a": GOOD | {"input_checksums": [1]}}}), "files.a.input_checksums"),
        (json.dumps({"files": {"a": GOOD | {"input_checksums": {"b": 1}}}}), "checksums.b is '1'"),
        (json.dumps({"files": {"a": GOOD | {"params": "lr"}}}), "files.a.params is 'lr'"),
        (json.dumps({"files": {"a": GOOD | {"code": 5}, "b": 5}}), "problems in all: 2"),
    ],
)
def test_another_shape_is_an_error_and_no_record_is_lost(content: str, problem: str) -> None:
    Path(FILE).write_text(content, encoding="latin-1")
    before = {path: path.read_bytes() for path in metadata.METADATA.rglob("*") if path.is_file()}
    calls: list[Callable[[], object]] = [
        lambda: provenance.restore(FILE),
        lambda: provenance.export(FILE, ["results/s"], complete=True),
        lambda: provenance.verify_records(FILE),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"(?s){FILE}: .*{problem}.*fetch the file again"):
            call()
    assert Path(FILE).read_text(encoding="latin-1") == content
    assert before == {path: path.read_bytes() for path in before}


def test_long_names_survive() -> None:
    name = "results/s/" + "/".join(["a" * 90] * 5)
    record(name)
    assert name in dict(metadata.recorded())
    assert json.loads(metadata.record_path(name).read_text())["rule"] == "step"


def test_verification_reports_a_file_whose_content_changed() -> None:
    assert provenance.verify_records(FILE) == []
    Path("results/s/model").write_text("x")
    assert provenance.verify_records(FILE) == ["results/s/model: content is not the recorded one"]


def test_verification_reports_a_file_made_from_other_inputs() -> None:
    checksums = {"results/s/model": f"sha256:{'0' * 64}"}
    record("results/s/table", input_checksums=checksums)
    provenance.export(FILE, ["results/s"], complete=True)
    assert provenance.verify_records(FILE) == [
        "results/s/table: was made from another results/s/model"
    ]


def test_verify_of_nothing_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="none.json: no such file"):
        provenance.verify_records("none.json")


def test_verify_refuses_a_file_without_records() -> None:
    write_json(FILE, {"format": 1, "files": {}})
    with pytest.raises(ValueError, match=f"{FILE}: holds no record"):
        provenance.verify_records(FILE)


def test_a_folder_is_no_provenance_file() -> None:
    for call in (provenance.verify_records, provenance.restore):
        with pytest.raises(ValueError, match="results: is a folder, expected a file"):
            call("results")


@pytest.mark.parametrize(
    "content", [DEEP, "{", "", "[1]", "5", '{"rule": 5}', '{"params": {}}', "\xff"]
)
def test_a_damaged_record_of_snakemake_is_replaced(
    content: str, caplog: pytest.LogCaptureFixture
) -> None:
    made("results/s/other", "not exported")
    for name in ("model", "other"):
        metadata.record_path(f"results/s/{name}").write_text(content, encoding="latin-1")
    before = Path(FILE).read_bytes()
    provenance.export(FILE, ["results/s"], complete=True)
    assert Path(FILE).read_bytes() == before
    provenance.restore(FILE)
    assert recorded("results/s/model")["params"] == ["'lr=1'"]
    assert recorded("results/s/other")["code"] == metadata.LOST
    assert recorded("results/s/other")["record_format_version"] == 6  # else its code does not count
    assert "the record of results/s/other was damaged" in caplog.text


@pytest.mark.parametrize("name", [".DS_Store", ".tmp-abcd", "x", "_w==", "YQ==.bak"])
def test_other_files_beside_the_records_are_ignored(name: str) -> None:
    (metadata.METADATA / name).write_text("no record")
    provenance.restore(FILE)
    assert set(dict(metadata.recorded())) == {"results/s/model", "results/s/table"}
