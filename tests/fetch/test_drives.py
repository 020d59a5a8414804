"""Downloads from Google Drive, Kaggle and GitHub, and their errors."""

from __future__ import annotations

import errno
import hashlib
import inspect
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import gdown
import kagglehub
import pytest
import requests
from kagglehub.exceptions import UnauthenticatedError

from gains.fetch.transports import NetworkSettings
from helpers.fetch_server import QUICK, Project, Server


def fill(folder: str) -> None:
    (Path(folder) / "sub").mkdir(parents=True)
    (Path(folder) / "sub" / "a.json").write_text("{}")


def test_a_folder_of_google_drive(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdown, "download_folder", lambda **given: fill(given["output"]))
    project.add("coco/", "id", "gdrive")
    assert list(project.fetch().files["coco/"].contents) == ["sub/a.json"]
    assert project.names() == ["coco", "fetched.json"]


def test_a_file_of_google_drive(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gdown, "download", lambda **g: Path(g["output"]).write_bytes(b"x"))
    project.add("a.mat", "id", "gdrive")
    project.fetch()
    assert project.names() == ["a.mat", "fetched.json"]


def test_what_google_drive_is_asked_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def download(**given: Any) -> None:
        asked.append(given)
        Path(given["output"]).write_bytes(b"x")

    def download_folder(**given: Any) -> None:
        asked.append(given)
        fill(given["output"])

    monkeypatch.setattr(gdown, "download", download)
    monkeypatch.setattr(gdown, "download_folder", download_folder)
    project.add("sub/a.mat", "one", "gdrive")
    project.add("coco/", "two", "gdrive")
    files = project.fetch(NetworkSettings(replace(QUICK, connect=3, read=4))).files
    assert (project.place / "sub" / "a.mat").read_bytes() == b"x"
    common = {"quiet": True, "use_cookies": False, "timeout": (3, 4)}
    assert [{k: v for k, v in given.items() if k != "output"} for given in asked] == [
        {"id": "one", **common},
        {"id": "two", **common},
    ]
    assert files["sub/a.mat"].origin == "https://drive.google.com/file/d/one/view"
    assert files["coco/"].origin == "https://drive.google.com/drive/folders/two"


def test_what_a_drive_gives_must_be_what_is_known(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gdown, "download_folder", lambda **given: fill(given["output"]))
    project.add("coco/", "id", "gdrive")
    project.fetch()
    shutil.rmtree(project.place)

    def changed(**given: Any) -> None:
        fill(given["output"])
        (Path(given["output"]) / "more.json").write_text("{}")

    monkeypatch.setattr(gdown, "download_folder", changed)
    with pytest.raises(FileNotFoundError, match=r"was recorded in .*sources\.lock\.json"):
        project.fetch()
    assert project.names() == []
    project.rows.clear()
    monkeypatch.setattr(gdown, "download", lambda **g: Path(g["output"]).write_bytes(b"x"))
    project.add("a.mat", "id", "gdrive", sha256="0" * 64)
    with pytest.raises(FileNotFoundError, match="expected 0000"):
        project.fetch()
    assert project.names() == []


@pytest.mark.parametrize("gives", ["error", "nothing"])
def test_google_drive_fails(gives: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def download_folder(**given: Any) -> None:
        if gives == "error":
            fill(given["output"])
            raise gdown.exceptions.DownloadError("quota")

    monkeypatch.setattr(gdown, "download_folder", download_folder)
    project.add("coco/", "id", "gdrive")
    with pytest.raises(FileNotFoundError, match="quota" if gives == "error" else "gave no file"):
        project.fetch()
    assert project.names() == []


def test_kaggle_files_arrive_without_the_marker_of_its_client(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dataset_download(handle: str, *, output_dir: str) -> str:
        fill(output_dir)
        (Path(output_dir) / ".complete").mkdir()
        return output_dir

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)
    project.add("archive/", "o/s", "kaggle")
    project.fetch()
    assert [p.name for p in (project.place / "archive").iterdir()] == ["sub"]


def test_kaggle_without_credentials(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def dataset_download(handle: str, *, output_dir: str) -> str:
        raise UnauthenticatedError

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)
    project.add("archive/", "o/s", "kaggle")
    with pytest.raises(FileNotFoundError, match="make a token at https://www.kaggle.com"):
        project.fetch()
    assert project.names() == []


@pytest.mark.parametrize(("code", "advised"), [(403, True), (404, False)])
def test_kaggle_refuses(
    code: int, advised: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dataset_download(handle: str, *, output_dir: str) -> str:
        response = requests.Response()
        response.status_code = code
        raise requests.HTTPError("no", response=response)

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)
    project.add("archive/", "o/s", "kaggle")
    with pytest.raises(FileNotFoundError) as raised:
        project.fetch()
    assert ("make a token" in str(raised.value)) == advised
    assert "https://www.kaggle.com/datasets/o/s (kaggle): Kaggle" in str(raised.value)


def test_a_full_disk_is_no_fault_of_kaggle(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dataset_download(handle: str, *, output_dir: str) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kagglehub, "dataset_download", dataset_download)
    project.add("archive/", "o/s", "kaggle")
    with pytest.raises(OSError, match="the disk is full"):
        project.fetch()
    assert project.names() == []


def test_what_kaggle_keeps_elsewhere_is_copied(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(str(tmp_path / "mounted"))
    monkeypatch.setattr(kagglehub, "dataset_download", lambda *_, **__: str(tmp_path / "mounted"))
    project.add("archive/", "o/s", "kaggle")
    assert list(project.fetch().files["archive/"].contents) == ["sub/a.json"]


@pytest.mark.parametrize("kind", ["link", "folder", "device"])
def test_a_link_or_device_that_a_drive_gives_is_refused(
    kind: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(**given: Any) -> None:
        fill(given["output"])
        path = Path(given["output"]) / "sub" / "hostile"
        if kind == "device":
            os.mkfifo(path)
        else:
            path.symlink_to("/etc/passwd" if kind == "link" else "/etc")

    monkeypatch.setattr(gdown, "download_folder", give)
    project.add("coco/", "id", "gdrive")
    with pytest.raises(FileNotFoundError, match="'sub/hostile', which is a link or device"):
        project.fetch()
    assert project.names() == []


def test_the_libraries_take_the_arguments_they_are_given() -> None:
    given = {"id", "output", "quiet", "use_cookies", "timeout"}
    assert given <= inspect.signature(gdown.download).parameters.keys()
    assert given <= inspect.signature(gdown.download_folder).parameters.keys()
    assert "output_dir" in inspect.signature(kagglehub.dataset_download).parameters


def listed(server: Server, name: str, data: bytes, sha: str = "") -> dict[str, Any]:
    found = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    url = server.give(f"/raw/{name}", data)
    return {
        "name": name,
        "type": "file",
        "size": len(data),
        "sha": sha or found,
        "download_url": url,
    }


def offer(server: Server, path: str, entries: Any) -> None:
    server.give(f"/repos/o/r/contents/{path}", json.dumps(entries).encode())


def test_a_folder_of_github(server: Server, project: Project) -> None:
    offer(server, "d/train", [listed(server, "a.png", b"a"), {"name": "sub", "type": "dir"}])
    offer(server, "d/train/sub", [listed(server, "b.json", b"{}")])
    project.add("train/", "o/r/d/train", "github")
    entry = project.fetch(NetworkSettings(QUICK, server.url)).files["train/"]
    assert list(entry.contents) == ["a.png", "sub/b.json"]
    assert entry.origin == "https://github.com/o/r/tree/HEAD/d/train"
    assert project.names() == ["fetched.json", "train"]


def file_named(name: str) -> dict[str, Any]:
    return {"name": name, "type": "file", "size": 1, "sha": "0", "download_url": "http://none"}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "lists no file"),
        ({"name": "a"}, "expected the list of a folder"),
        ([{"name": "../a", "type": "dir"}], "an entry named '../a'"),
        ([{"name": "..", "type": "dir"}], "an entry named '..'"),
        ([{"name": "", "type": "dir"}], "an entry named ''"),
        ([{"name": ".", "type": "dir"}], "an entry named '.'"),
        ([{"name": "a\\..\\b", "type": "dir"}], "an entry named"),
        ([{"name": "C:a", "type": "dir"}], "an entry named 'C:a'"),
        ([{"name": "a\0b", "type": "dir"}], "an entry named"),
        ([{"name": 3, "type": "dir"}], "an entry named 3"),
        ([file_named("a.part"), file_named("a")], r"overwrite each other, \['a'\]"),
        ([file_named("a"), file_named("a")], "overwrite each other, of one name"),
        ([{"name": "a", "type": "symlink"}], "found 'symlink'"),
        ([{"name": "a", "type": "dir"}] * 1000, "no more than 1000"),
        (None, "git's checksum is"),
    ],
)
def test_github_lists_nonsense(
    entries: Any, message: str, server: Server, project: Project
) -> None:
    offer(server, "d", [listed(server, "a", b"a", "0" * 40)] if entries is None else entries)
    project.add("train/", "o/r/d", "github")
    with pytest.raises(FileNotFoundError, match=message):
        project.fetch(NetworkSettings(QUICK, server.url))
    assert project.names() == []


def test_folders_of_github_have_a_limit_of_depth(
    server: Server, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gains.fetch.github.MOST_DEPTH", 1)
    offer(server, "d", [{"name": "one", "type": "dir"}])
    offer(server, "d/one", [listed(server, "b.json", b"{}")])
    project.add("train/", "o/r/d", "github")
    network = NetworkSettings(QUICK, server.url)
    assert list(project.fetch(network).files["train/"].contents) == ["one/b.json"]
    shutil.rmtree(project.place)
    offer(server, "d/one", [{"name": "two", "type": "dir"}])
    with pytest.raises(FileNotFoundError, match="d/one/two: more than 1 folders deep"):
        project.fetch(network)


@pytest.mark.parametrize(
    ("code", "answer"), [(403, {"X_RateLimit_Remaining": "0"}), (429, {})], ids=["header", "code"]
)
def test_the_limit_of_github_is_named(
    code: int, answer: dict[str, Any], server: Server, project: Project
) -> None:
    server.answers["/repos/o/r/contents/d"] = lambda handler: handler.reply(code, **answer)
    project.add("train/", "o/r/d", "github")
    with pytest.raises(FileNotFoundError, match="limit of requests without an account"):
        project.fetch(NetworkSettings(QUICK, server.url))
