"""Export and import of Snakemake's records with the results."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from gains.support.files import read_json, sha256, write_json
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
    write_json(provenance._record_path(path), content)
    return content


def recorded(path: str) -> Any:
    return read_json(provenance._record_path(path))


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
    Path("results/s/model").write_text("MODEL")
    os.utime("results/s/model", (50, 50))
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


def test_another_content_gets_no_record() -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").write_text("MODEL")  # as long as the recorded one
    provenance.restore(FILE)
    assert not provenance._record_path("results/s/model").exists()
    assert provenance._record_path("results/s/table").exists()


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
    assert recorded("results/s/other")["code"] == provenance.LOST


def test_files_not_fetched_stay_on_record() -> None:
    shutil.rmtree(".snakemake")
    Path("results/s/model").unlink()
    provenance.restore(FILE)
    provenance.export(FILE, ["results/s"], complete=True)
    assert "results/s/model" in read_json(FILE)["files"]
    assert recorded("results/s/model")["params"] == ["'lr=1'"]


def test_broken_file_is_taken_for_absent() -> None:
    Path(FILE).write_text("{")
    shutil.rmtree(".snakemake")
    provenance.restore(FILE)
    assert not provenance.METADATA.exists()


def test_long_names_survive() -> None:
    name = "results/s/" + "/".join(["a" * 90] * 5)
    record(name)
    assert name in set(provenance._recorded())
    assert json.loads(provenance._record_path(name).read_text())["rule"] == "step"


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "expected a provenance file, a mapping .* found list"),
        ({"format": 1}, "expected a provenance file, a mapping .* found dict"),
        ({"files": {}}, "expected a provenance file, .* found 'files': {}"),
        ({"files": {"a": 1}}, "expected a record with sha256 and input_checksums for a, found 1"),
    ],
)
def test_verify_says_what_a_provenance_file_is(content: Any, message: str) -> None:
    write_json("other.json", content)
    with pytest.raises(ValueError, match=f"other.json: {message}"):
        provenance.verify_records("other.json")


def test_a_folder_is_no_provenance_file() -> None:
    for call in (provenance.verify_records, provenance.restore):
        with pytest.raises(ValueError, match="results: is a folder, expected a file"):
            call("results")


def test_another_json_is_taken_for_absent() -> None:
    Path(FILE).write_text("[1]")
    shutil.rmtree(".snakemake")
    provenance.restore(FILE)
    assert not provenance.METADATA.exists()
