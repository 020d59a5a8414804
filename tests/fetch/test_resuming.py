"""Downloads that are continued, repeated, or not of the expected length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gains.fetch.errors import MirrorError, reason
from gains.fetch.http import DownloadLimits, download
from gains.fetch.lockfile import Known
from gains.fetch.sessions import session
from helpers.fetch_server import QUICK, Handler, Server, digest

BODY = bytes(range(256)) * 40
HALF = 5000
DATE = "Mon, 01 Jan 2024 00:00:00 GMT"


def broken(server: Server, target: Path, path: str = "/a.bin", **headers: str) -> str:
    """Let a download break after ``HALF`` bytes, and return the address."""

    def answer(handler: Handler) -> None:
        handler.reply(200, BODY[:HALF], length=len(BODY), **headers)
        handler.close_connection = True

    server.answers[path] = answer
    with pytest.raises(MirrorError, match=f"keeps {HALF} bytes"):
        download(server.url + path, target, Known(), QUICK)
    return server.url + path


def rest(span: str = f"bytes {HALF}-{len(BODY) - 1}/{len(BODY)}", **headers: str) -> Any:
    return lambda handler: handler.reply(206, BODY[HALF:], Content_Range=span, **headers)


def test_a_weak_tag_does_not_vouch_for_the_bytes(server: Server, tmp_path: Path) -> None:
    tags = {"ETag": 'W/"one"', "Last_Modified": DATE}
    url = broken(server, tmp_path / "a.bin", **tags)
    server.answers["/a.bin"] = rest(**tags)
    download(url, tmp_path / "a.bin", Known(digest(BODY)), QUICK)
    assert server.requests[1][1]["If-Range"] == DATE


def test_a_file_without_tag_and_date_is_begun_again(server: Server, tmp_path: Path) -> None:
    broken(server, tmp_path / "a.bin")
    download(server.give("/a.bin", BODY), tmp_path / "a.bin", Known(digest(BODY)), QUICK)
    assert "Range" not in server.requests[1][1]


def test_the_rest_is_not_taken_from_another_address(server: Server, tmp_path: Path) -> None:
    broken(server, tmp_path / "a.bin", ETag='"one"')
    download(server.give("/b.bin", BODY), tmp_path / "a.bin", Known(digest(BODY)), QUICK)
    assert "Range" not in server.requests[1][1]


@pytest.mark.parametrize(
    "answer",
    [
        rest(ETag='"two"', Last_Modified=DATE),
        rest(ETag='"one"', Last_Modified=DATE.replace("2024", "2025")),
        rest(f"bytes {HALF}-{len(BODY) - 1}/{len(BODY) + 1}", ETag='"one"', Last_Modified=DATE),
        lambda handler: handler.reply(416),
    ],
    ids=["tag", "date", "size", "range"],
)
def test_the_rest_of_another_file_is_not_appended(
    answer: Any, server: Server, tmp_path: Path
) -> None:
    url = broken(server, tmp_path / "a.bin", ETag='"one"', Last_Modified=DATE)
    server.answers["/a.bin"] = answer
    with pytest.raises(MirrorError, match="cannot continue the partial download; it is started"):
        download(url, tmp_path / "a.bin", Known(), QUICK)
    assert list(tmp_path.glob("*.part")) == []


def test_space_is_asked_for_the_rest_alone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = len(BODY) - HALF

    url = broken(server, tmp_path / "a.bin", ETag='"one"')
    server.answers["/a.bin"] = rest(ETag='"one"')
    monkeypatch.setattr("gains.fetch.folders.shutil.disk_usage", lambda _: Usage)
    download(url, tmp_path / "a.bin", Known(digest(BODY)), QUICK)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_pauses_grow_from_attempt_to_attempt(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("gains.fetch.http.time.sleep", pauses.append)
    server.answers["/a.bin"] = lambda handler: handler.reply(503)
    limits = DownloadLimits(connect=5, read=5)
    with pytest.raises(MirrorError, match="attempt 4 of 4"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", Known(), limits)
    assert pauses == [0, 2, 4, 6]
    assert len(server.requests) == 4


@pytest.mark.parametrize(("sent", "kept"), [(7, 7), (12, 0)])
def test_a_file_of_unstated_length_must_have_the_known_one(
    sent: int, kept: int, server: Server, tmp_path: Path
) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(BODY[:sent])
        handler.close_connection = True

    server.answers["/a.bin"] = answer
    with pytest.raises(MirrorError, match=f"ended after {sent} of 10 bytes"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", Known(None, 10), QUICK)
    assert sum(path.stat().st_size for path in tmp_path.glob("*.part")) == kept


def test_a_web_page_that_is_wanted_is_taken(server: Server, tmp_path: Path) -> None:
    url = server.give("/a.html", b"<p>x</p>", Content_Type="text/html")
    download(url, tmp_path / "a.html", Known(), QUICK)
    assert (tmp_path / "a.html").read_bytes() == b"<p>x</p>"


def test_a_server_that_drips_after_a_good_start_is_given_up(server: Server, tmp_path: Path) -> None:
    """The first 70 kB fill one window; the drops after them do not fill the next."""

    def drip(handler: Handler) -> None:
        handler.reply(200, bytes(70_000), length=100_000)
        for _ in range(200):
            if server.over.wait(0.02):
                return
            handler.wfile.write(b"x")

    server.answers["/a.bin"] = drip
    limits = replace(QUICK, window=0.1)
    with pytest.raises(MirrorError, match="the transfer has stalled: only"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", Known(), limits)


def test_what_every_request_says() -> None:
    with session() as made:
        assert made.max_redirects == 10
        assert made.headers["Accept-Encoding"] == "identity"
        assert str(made.headers["User-Agent"]).startswith("gains/")


def test_the_reason_of_an_error_names_no_pool() -> None:
    class Cause:
        reason = "<urllib3.Connection object at 0x1>: (host='x', port=1): refused\n by it"

    assert reason(OSError(Cause())) == "OSError: refused by it"
    assert reason(ValueError("plain")) == "ValueError: plain"
