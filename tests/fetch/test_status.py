"""The state of a data set, and its comparison with receipt and lock file."""

from __future__ import annotations

import pytest

from gains.fetch.folders import Content, listing
from gains.fetch.lockfile import Known, fetch_inputs, record_content
from gains.fetch.receipt import FetchedFile, Receipt, write_receipt
from gains.fetch.sources import files_of
from gains.fetch.status import fetched_text, state, verify_dataset
from helpers.fetch_server import Project, Server, digest, zipped

ARCHIVE = zipped({"Set/a.txt": b"a", "Set/b/c.txt": b"cc"})


def entry(content: Content | None, contents: dict[str, Content] | None = None) -> FetchedFile:
    size, checksum = (content.bytes, content.sha256) if content else (None, None)
    return FetchedFile(
        origin="by hand", mirror=None, bytes=size, sha256=checksum, contents=contents or {}
    )


def text(project: Project) -> str:
    return state("cells", project.sources, project.raw).text


def problems(project: Project) -> list[str]:
    return verify_dataset("cells", project.sources, project.raw)


def test_sizes_are_written_in_decimal_units() -> None:
    assert fetched_text(1, 10**6) == "fetched, 1 file, 1 MB"
    assert fetched_text(2, 999_400) == "fetched, 2 files, 999 kB"
    assert fetched_text(3, 2_600_000) == "fetched, 3 files, 3 MB"


def test_a_file_with_another_address_is_not_to_be_got_by_hand(project: Project) -> None:
    project.add("a.txt", "https://example.org/a.txt", mirror="1")
    project.add("a.txt", "https://page", "manual", mirror="2", note="ask")
    assert text(project) == "not fetched"


def test_files_that_are_there_are_told_from_those_that_are_missing(project: Project) -> None:
    for name in ("a.txt", "b.txt"):
        project.add(name, f"https://example.org/{name}")
    project.place.mkdir(parents=True)
    (project.place / "a.txt").write_bytes(b"a")
    assert text(project) == "not fetched"
    (project.place / "b.txt").write_bytes(b"b")
    assert text(project) == f"in {project.place}/, but not checked yet: run `gains fetch cells`"


def test_an_archive_whose_unpacking_was_not_recorded_is_not_whole(project: Project) -> None:
    project.add("Set.zip", "https://example.org/Set.zip")
    (project.place / "Set").mkdir(parents=True)
    found = entry(Content(bytes=len(ARCHIVE), sha256=digest(ARCHIVE)))
    write_receipt(Receipt(dataset="cells", files={"Set.zip": found}), project.raw)
    assert not state("cells", project.sources, project.raw).complete


def test_an_empty_file_is_a_file(server: Server, project: Project) -> None:
    project.add("a.txt", server.give("/a.txt", b""), bytes="0")
    project.fetch()
    assert problems(project) == []
    found = state("cells", project.sources, project.raw)
    assert (found.complete, found.files, found.bytes) == (True, 1, 0)


def test_receipts_that_do_not_fit_are_refused(project: Project) -> None:
    content = {"x.png": Content(bytes=1, sha256=digest(b"x"))}
    project.add("own/", "", "manual", note="yours")
    (project.place / "own").mkdir(parents=True)
    (project.place / "own" / "x.png").write_bytes(b"x")
    files = {"own/": entry(listing(content), content)}
    write_receipt(Receipt(dataset="cells", files=files), project.raw)
    assert problems(project) == []
    (project.place / "old.txt").write_bytes(b"x")
    more = {
        "own/": entry(Content(bytes=1, sha256="0" * 64), content),
        "old.txt": entry(content["x.png"]),
    }
    write_receipt(Receipt(dataset="cells", files=more), project.raw)
    assert problems(project) == [
        f"{project.place / 'old.txt'}: is no longer listed in {project.sources}",
        f"{project.place / 'own'}: its receipt contradicts itself; remove it and fetch again",
    ]
    path = project.place / "fetched.json"
    path.write_text(path.read_text().replace('"cells"', '"worms"'))
    with pytest.raises(ValueError, match="belongs to data set 'worms', expected 'cells'"):
        problems(project)


def test_a_file_by_hand_may_be_what_any_mirror_gave(project: Project) -> None:
    project.add("own/", "one", "gdrive", mirror="1")
    project.add("own/", "two", "gdrive", mirror="2")
    (project.place / "own").mkdir(parents=True)
    (project.place / "own" / "x.png").write_bytes(b"x")
    content = listing({"x.png": Content(bytes=1, sha256=digest(b"x"))})
    first, second = files_of("cells", project.sources)["own/"]
    record_content(project.sources, first, Content(bytes=9, sha256="1" * 64))
    with pytest.raises(ValueError, match="expected 1111"):
        project.fetch()
    record_content(project.sources, second, content)
    project.fetch()
    assert problems(project) == []
    assert fetch_inputs("cells", project.sources) == {
        "stated": {"own/": [["gdrive", "one", None, None], ["gdrive", "two", None, None]]},
        "locked": {"own/": {"one": "1" * 64, "two": content.sha256}},
    }


def test_a_fetch_depends_on_all_that_is_stated(project: Project) -> None:
    project.add("a.txt", "https://x/a", sha256="2" * 64, bytes="7")
    assert fetch_inputs("cells", project.sources) == {
        "stated": {"a.txt": [["http", "https://x/a", "2" * 64, 7]]},
        "locked": {},
    }


def test_the_known_size_counts_as_well_as_the_checksum() -> None:
    found = Content(bytes=4, sha256="a")
    assert Known(None, 5, "Do so.").problem(found) == "has 4 bytes, expected 5. Do so."
    assert Known("b", 5, "Do so.").problem(found) == "sha256 is a, expected b. Do so."
    assert Known("a", 4).problem(found) is None
