"""Fetching as a whole: by hand, mirrors, lock file, receipt, verifying."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import gdown
import pytest

from gains.datasets.catalogue import DATASETS
from gains.fetch.folders import Content, listing
from gains.fetch.sources import read_sources
from gains.fetch.status import changes, state, verify_dataset
from helpers.fetch_server import Project, Server, digest, zipped
from helpers.paths import ROOT

ARCHIVE = zipped({"Set/a.txt": b"a", "Set/b/c.txt": b"cc"})


def lock_of(project: Project) -> Any:
    return json.loads(project.sources.with_suffix(".lock.json").read_text())


def test_an_archive_is_brought_unpacked_and_recorded(server: Server, project: Project) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE))
    receipt = project.fetch()
    assert project.names() == ["Set", "Set.zip", "fetched.json"]
    assert (project.place / "Set" / "b" / "c.txt").read_bytes() == b"cc"
    entry = receipt.files["Set.zip"]
    assert (entry.origin, entry.mirror) == (f"{server.url}/Set.zip", 1)
    assert (entry.bytes, entry.sha256) == (len(ARCHIVE), digest(ARCHIVE))
    assert entry.contents["b/c.txt"].sha256 == digest(b"cc")
    first = (project.place / "fetched.json").read_bytes()
    assert project.fetch() == receipt
    assert (project.place / "fetched.json").read_bytes() == first
    assert len(server.requests) == 1
    assert verify_dataset("cells", project.sources, project.raw) == []
    assert state("cells", project.sources, project.raw).text == "fetched, 2 files, 0 kB"


def test_what_was_found_first_is_held_to(server: Server, project: Project) -> None:
    url = server.give("/Set.zip", ARCHIVE)
    project.add("Set.zip", url)
    project.fetch()
    found = {"bytes": len(ARCHIVE), "sha256": digest(ARCHIVE)}
    assert lock_of(project) == {"cells": {"Set.zip": {url: found}}}
    other = Project.__new__(Project)
    other.sources, other.raw = project.sources, project.raw.with_name("elsewhere")
    server.give("/Set.zip", zipped({"a": b"changed"}))
    with pytest.raises(FileNotFoundError, match="has changed on the server or is damaged"):
        other.fetch()
    assert other.names() == []
    assert lock_of(project) == {"cells": {"Set.zip": {url: found}}}


def test_a_size_that_is_no_whole_number_is_refused(server: Server, project: Project) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE))
    project.fetch()
    size = f'"bytes": {len(ARCHIVE)},'
    lock, receipt = project.sources.with_suffix(".lock.json"), project.place / "fetched.json"
    for path in (lock, receipt):
        whole = path.read_text()
        assert size in whole
        path.write_text(whole.replace(size, size.replace(",", ".0,")))
        with pytest.raises(ValueError, match=rf"{path}.*valid integer, found {len(ARCHIVE)}\.0"):
            verify_dataset("cells", project.sources, project.raw)
        path.write_text(whole)
    assert verify_dataset("cells", project.sources, project.raw) == []


def test_mirrors_are_tried_in_their_order(server: Server, project: Project) -> None:
    good = server.give("/good.zip", ARCHIVE)
    project.add("Set.zip", good, mirror="2")
    project.add("Set.zip", f"{server.url}/dead.zip", mirror="1")
    assert project.fetch().files["Set.zip"].mirror == 2
    assert [path for path, _ in server.requests] == ["/dead.zip", "/good.zip"]


def test_a_checksum_stated_at_another_mirror_is_not_recorded_again(
    server: Server, project: Project
) -> None:
    project.add("Set.zip", f"{server.url}/dead.zip", mirror="1", sha256=digest(ARCHIVE))
    project.add("Set.zip", server.give("/good.zip", ARCHIVE), mirror="2")
    assert project.fetch().files["Set.zip"].mirror == 2
    assert not project.sources.with_suffix(".lock.json").exists()


def test_when_all_fail_the_message_says_what_was_tried_and_what_to_do(
    server: Server, project: Project
) -> None:
    project.add("good.txt", server.give("/good.txt", b"good"))
    project.add("Set.zip", f"{server.url}/1.zip", mirror="1")
    project.add("Set.zip", f"{server.url}/2.zip", mirror="2")
    project.add("Set.zip", "https://page", "manual", mirror="3", note="ask the authors")
    with pytest.raises(FileNotFoundError) as error:
        project.fetch()
    said = str(error.value)
    for part in ("1.zip (http): no such", "2.zip (http): no such", "https://page (ask the authors)",
                 str(project.place / "Set.zip"), f"{project.place / 'Set'}/", "`gains fetch cells`"):  # fmt: skip
        assert part in said
    assert project.names() == ["fetched.json", "good.txt"]
    assert state("cells", project.sources, project.raw).text == "partly fetched, Set.zip missing"


def test_files_by_hand_need_no_network(server: Server, project: Project) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE), sha256=digest(ARCHIVE))
    project.add("train/", "o/r/train", "github")
    (project.place / "train").mkdir(parents=True)
    (project.place / "train" / "x.png").write_bytes(b"x")
    (project.place / "Set.zip").write_bytes(ARCHIVE)
    receipt = project.fetch()
    assert {entry.origin for entry in receipt.files.values()} == {"by hand"}
    assert server.requests == []
    assert not project.sources.with_suffix(".lock.json").exists()


def test_a_wrong_file_by_hand_is_refused_and_left(server: Server, project: Project) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE), sha256=digest(ARCHIVE))
    project.place.mkdir(parents=True)
    (project.place / "Set.zip").write_bytes(b"wrong")
    with pytest.raises(ValueError) as error:
        project.fetch()
    assert str(error.value) == (
        f"{project.place / 'Set.zip'}: sha256 is {digest(b'wrong')}, expected {digest(ARCHIVE)}. "
        f"The expected value is that of {project.sources}. The file is damaged or another version: "
        "remove it and fetch it again, or put the right file there yourself. Then run "
        "`gains fetch cells`"
    )
    assert (project.place / "Set.zip").read_bytes() == b"wrong"
    assert project.names() == ["Set.zip"]
    assert server.requests == []


def test_an_unpacked_folder_by_hand_stands_for_its_archive(
    server: Server, project: Project
) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE), sha256=digest(ARCHIVE))
    (project.place / "Set").mkdir(parents=True)
    with pytest.raises(ValueError, match="the folder is empty"):
        project.fetch()
    (project.place / "Set" / "a.txt").write_bytes(b"a")
    entry = project.fetch().files["Set.zip"]
    assert (entry.origin, entry.bytes, list(entry.contents)) == ("by hand", None, ["a.txt"])
    assert server.requests == []
    assert verify_dataset("cells", project.sources, project.raw) == []


def test_a_manual_source_says_what_to_do(project: Project) -> None:
    project.add("cps/", "https://page", "manual", note="ask the authors")
    assert "by hand: put cps/" in state("cells", project.sources, project.raw).text
    with pytest.raises(FileNotFoundError, match=r"must download it yourself(?s:.*)ask the authors"):
        project.fetch()


def test_another_archive_than_the_unpacked_folder_is_an_error(
    server: Server, project: Project
) -> None:
    project.add("Set.zip", "https://page", "manual", note="by hand")
    project.place.mkdir(parents=True)
    (project.place / "Set.zip").write_bytes(ARCHIVE)
    project.fetch()
    (project.place / "Set.zip").write_bytes(zipped({"new.txt": b"new"}))
    with pytest.raises(
        ValueError, match=r"new.txt is missing; a.txt is extra(?s:.*)Remove or rename the folder"
    ):
        project.fetch()
    assert (project.place / "Set" / "a.txt").read_bytes() == b"a"


def test_verify_lists_missing_changed_and_extra(server: Server, project: Project) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE))
    assert "no such file" in verify_dataset("cells", project.sources, project.raw)[0]
    project.fetch()
    (project.place / "Set" / "a.txt").write_bytes(b"b")
    (project.place / "Set" / "b" / "c.txt").unlink()
    (project.place / "new.txt").write_bytes(b"")
    project.rows[0]["sha256"] = "0" * 64
    project.add("more.txt", f"{server.url}/more.txt")
    problems = verify_dataset("cells", project.sources, project.raw)
    for found, wanted in zip(
        problems,
        (
            "not fetched yet",
            "expected 0000",
            "changed",
            "missing",
            "is an extra file, which is not in",
        ),
        strict=True,
    ):
        assert wanted in found


def test_two_fetches_at_once_download_once(server: Server, project: Project) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(handler: Any) -> None:
        started.set()
        release.wait(60)
        handler.reply(200, ARCHIVE)

    server.answers["/Set.zip"] = slow
    project.add("Set.zip", f"{server.url}/Set.zip")
    receipts: list[Any] = []
    threads = [threading.Thread(target=lambda: receipts.append(project.fetch())) for _ in range(2)]
    threads[0].start()
    assert started.wait(60)
    threads[1].start()
    release.set()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1
    assert len(receipts) == 2
    assert receipts[0] == receipts[1]


def test_what_is_left_over_or_listed_no_more_goes(server: Server, project: Project) -> None:
    project.add("a.txt", server.give("/a.txt", b"a"))
    project.add("b.txt", server.give("/b.txt", b"b"))
    project.fetch()
    (project.place / ".tmp-folder").mkdir()
    (project.place / ".tmp-file").write_bytes(b"half")
    del project.rows[0]
    project.add("c.txt", "https://page", "manual", mirror="1", note="ask")
    project.add("c.txt", server.give("/c.txt", b"c"), mirror="2")
    receipt = project.fetch()
    assert sorted(receipt.files) == ["b.txt", "c.txt"]
    assert receipt.files["c.txt"].mirror == 2
    assert project.names() == ["a.txt", "b.txt", "c.txt", "fetched.json"]


def test_an_archive_may_go_once_it_is_unpacked(server: Server, project: Project) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE))
    before = project.fetch().files["Set.zip"]
    (project.place / "Set.zip").unlink()
    after = project.fetch().files["Set.zip"]
    assert after == before.model_copy(update={"bytes": None, "sha256": None})
    assert len(server.requests) == 1
    assert (project.place / "Set").stat().st_mode & 0o777 == 0o755
    (project.place / "Set" / "a.txt").unlink()
    with pytest.raises(ValueError, match="a.txt is missing"):
        project.fetch()


def test_all_mirrors_of_a_file_give_one_content(server: Server, project: Project) -> None:
    project.add("a.txt", server.give("/1.txt", b"a"), mirror="1")
    project.add("a.txt", server.give("/2.txt", b"b"), mirror="2")
    project.fetch()
    (project.place / "a.txt").unlink()
    del server.answers["/1.txt"]
    with pytest.raises(FileNotFoundError, match="was recorded in"):
        project.fetch()


def test_mirrors_of_a_folder_may_differ(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def download_folder(**given: Any) -> None:
        if given["id"] != offered:
            raise ValueError("gone")
        (Path(given["output"]) / f"{offered}.txt").write_bytes(b"x")

    monkeypatch.setattr(gdown, "download_folder", download_folder)
    project.add("own/", "one", "gdrive", mirror="1")
    project.add("own/", "two", "gdrive", mirror="2")
    for offered in ("one", "two"):
        assert list(project.fetch().files["own/"].contents) == [f"{offered}.txt"]
        (project.place / "own" / f"{offered}.txt").unlink()
        with pytest.raises(ValueError, match=f"{offered}.txt is missing"):
            project.fetch()
        (project.place / "own").rmdir()
    assert list(lock_of(project)["cells"]["own/"]) == ["one", "two"]


def test_hidden_files_of_a_folder_by_hand_do_not_count(project: Project) -> None:
    project.add("own/", "", "manual", note="yours")
    (project.place / "own").mkdir(parents=True)
    for name in ("a.txt", ".DS_Store"):
        (project.place / "own" / name).write_bytes(b"x")
    assert list(project.fetch().files["own/"].contents) == ["a.txt"]


def test_the_addresses_are_sound_and_agree_with_the_data_sets() -> None:
    listed = read_sources(ROOT / "data" / "sources.csv")
    for record in DATASETS:
        if record.raw:
            assert record.raw in listed, record.name


@pytest.mark.parametrize("body", [b'{"please": "log in"}', ARCHIVE[:-30]], ids=["page", "cut off"])
def test_what_is_no_whole_archive_is_neither_kept_nor_held_to(
    body: bytes, server: Server, project: Project
) -> None:
    project.add("Set.zip", server.give("/Set.zip", body, Content_Type="application/zip"))
    with pytest.raises(FileNotFoundError, match="expected a complete archive"):
        project.fetch()
    assert project.names() == []
    assert not project.sources.with_suffix(".lock.json").exists()
    server.give("/Set.zip", ARCHIVE)
    project.fetch()
    assert project.names() == ["Set", "Set.zip", "fetched.json"]


def test_a_packed_answer_is_refused(server: Server, project: Project) -> None:
    project.add("a.txt", server.give("/a.txt", b"a", Content_Encoding="gzip"))
    with pytest.raises(FileNotFoundError, match="compresses the file"):
        project.fetch()
    assert project.names() == []


def test_a_folder_of_the_right_sizes_but_other_bytes_is_not_the_archive(
    server: Server, project: Project
) -> None:
    project.add("Set.zip", server.give("/Set.zip", ARCHIVE))
    (project.place / "Set" / "b").mkdir(parents=True)
    (project.place / "Set" / "a.txt").write_bytes(b"a")
    (project.place / "Set" / "b" / "c.txt").write_bytes(b"xx")
    (project.place / "Set.zip").write_bytes(ARCHIVE)
    with pytest.raises(ValueError, match=r"c\.txt: is not the file of that name in"):
        project.fetch()
    assert (project.place / "Set" / "b" / "c.txt").read_bytes() == b"xx"


def test_what_a_person_changes_in_files_of_their_own_is_recorded(project: Project) -> None:
    project.add("own/", "", "manual", note="yours")
    (project.place / "own").mkdir(parents=True)
    (project.place / "own" / "a.json").write_text("1")
    project.fetch()
    (project.place / "own" / "a.json").write_text("12")
    (project.place / "own" / "b.json").write_text("3")
    found = changes("cells", project.raw)
    assert found == ["own/a.json has 2 bytes, expected 1", "own/b.json is extra"]
    assert list(project.fetch().files["own/"].contents) == ["a.json", "b.json"]
    assert changes("cells", project.raw) == []
    assert verify_dataset("cells", project.sources, project.raw) == []


def test_the_checksum_of_a_folder_does_not_depend_on_the_order_of_its_files() -> None:
    first, second = Content(bytes=2, sha256="f1"), Content(bytes=3, sha256="f2")
    expected = Content(bytes=5, sha256=digest(b"a\0f1\nb\0f2\n"))
    assert listing({"a": first, "b": second}) == expected
    assert listing({"b": second, "a": first}) == expected
