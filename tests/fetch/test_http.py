"""Downloads over HTTP: errors, and the files that remain after them."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from gains.fetch.errors import MirrorError
from gains.fetch.http import DownloadLimits, download
from gains.fetch.lockfile import Known
from gains.fetch.sessions import LEGACY_TLS_HOSTS, OP_LEGACY_SERVER_CONNECT, session
from helpers.fetch_server import QUICK, Handler, Server, digest, serving

BODY = bytes(range(256)) * 400


def attempt(
    url: str, target: Path, known: Known | None = None, limits: DownloadLimits = QUICK
) -> str:
    """Download and return the error; no file has the final name then."""
    with pytest.raises(MirrorError) as error:
        download(url, target, known or Known(), limits)
    assert not target.exists()
    return str(error.value)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class Dropping:
    """An answer that sends some bytes of a body and drops the connection; it may support ranges."""

    def __init__(self, first: int, ranges: bool = True, etag: str = '"one"') -> None:
        self.first, self.ranges, self.etag, self.calls = first, ranges, etag, 0
        self.body = BODY

    def __call__(self, handler: Handler) -> None:
        self.calls += 1
        asked = handler.headers.get("Range")
        same = handler.headers.get("If-Range") in (None, self.etag)
        if asked and self.ranges and same:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            span = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
            handler.reply(206, self.body[start:], Content_Range=span, ETag=self.etag)
            return
        sent = self.body[: self.first] if self.calls == 1 else self.body
        handler.reply(200, sent, length=len(self.body), ETag=self.etag)
        handler.close_connection = True


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(server: Server, tmp_path: Path) -> None:
    url = server.give("/a.bin", BODY)
    download(url, tmp_path / "a.bin", Known(digest(BODY), len(BODY)), QUICK)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert files_in(tmp_path) == ["a.bin"]


def test_a_refused_connection_is_tried_again_and_reported(tmp_path: Path) -> None:
    with serving() as gone:
        pass
    said = attempt(f"{gone.url}/a.bin", tmp_path / "a.bin", limits=replace(QUICK, attempts=2))
    assert "refused" in said.lower()
    assert "attempt 2 of 2" in said
    assert files_in(tmp_path) == []


def page(handler: Handler) -> None:
    handler.reply(403, b"<html>agree first</html>", Content_Type="text/html")


def login(handler: Handler) -> None:
    handler.reply(200, b"<html>log in</html>", Content_Type="text/html; charset=utf-8")


def disguised(handler: Handler) -> None:
    handler.reply(200, b"\n<!DOCTYPE html><html>x", Content_Type="application/zip")


def typed(handler: Handler) -> None:
    handler.reply(200, b"please log in", Content_Type="Text/HTML; charset=utf-8")


def to_itself(handler: Handler) -> None:
    handler.reply(302, Location="/a.bin")


def to_a_file(handler: Handler) -> None:
    handler.reply(302, Location="file:///etc/hostname")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda handler: handler.reply(404), "no such file there (404"),
        (page, "refuses (403): it may require a login or consent; open it in a browser"),
        (login, "a web page came instead"),
        (disguised, "a web page came instead"),
        (lambda handler: handler.reply(503), "busy or broken (503"),
        (lambda handler: handler.reply(500), "busy or broken (500"),
        (lambda handler: handler.reply(429), "busy or broken (429"),
        (typed, "a web page came instead"),
        (to_itself, "TooManyRedirects"),
        (to_a_file, "InvalidSchema"),
    ],
)
def test_an_answer_that_is_no_file_is_named(
    answer: Any, message: str, server: Server, tmp_path: Path
) -> None:
    server.answers["/a.bin"] = answer
    assert message in attempt(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert files_in(tmp_path) == []


def test_a_redirect_is_followed(server: Server, tmp_path: Path) -> None:
    server.give("/there.zip", BODY)
    server.answers["/a.bin"] = lambda handler: handler.reply(302, Location="/there.zip")
    download(f"{server.url}/a.bin", tmp_path / "a.bin", Known(digest(BODY)), QUICK)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_another_checksum_leaves_no_file(server: Server, tmp_path: Path) -> None:
    said = attempt(server.give("/a.bin", BODY), tmp_path / "a.bin", Known("0" * 64, None, "Do so."))
    assert "0" * 64 in said
    assert digest(BODY) in said
    assert "Do so." in said
    assert files_in(tmp_path) == []


def test_another_size_is_refused_before_the_body(server: Server, tmp_path: Path) -> None:
    said = attempt(server.give("/a.bin", BODY), tmp_path / "a.bin", Known(None, 7))
    assert "expected 7" in said
    assert files_in(tmp_path) == []


def test_a_dropped_transfer_is_gone_on_from(server: Server, tmp_path: Path) -> None:
    server.answers["/a.bin"] = Dropping(5000)
    url, target = f"{server.url}/a.bin", tmp_path / "a.bin"
    assert "keeps 5000 bytes" in attempt(url, target)
    assert (tmp_path / "a.bin.part").read_bytes() == BODY[:5000]
    download(url, target, Known(digest(BODY)), QUICK)
    assert target.read_bytes() == BODY
    assert files_in(tmp_path) == ["a.bin"]
    second = server.requests[1][1]
    assert (second["Range"], second["If-Range"]) == ("bytes=5000-", '"one"')


def test_a_dropped_transfer_is_gone_on_from_within_one_call(server: Server, tmp_path: Path) -> None:
    server.answers["/a.bin"] = Dropping(5000)
    limits = replace(QUICK, attempts=2)
    download(f"{server.url}/a.bin", tmp_path / "a.bin", Known(digest(BODY)), limits)
    assert len(server.requests) == 2


@pytest.mark.parametrize("changed", [True, False])
def test_it_starts_over_when_the_server_sends_all(
    changed: bool, server: Server, tmp_path: Path
) -> None:
    """A server without ranges answers 200, and so does one that now holds another file."""
    answer = Dropping(5000, ranges=changed)
    server.answers["/a.bin"] = answer
    attempt(f"{server.url}/a.bin", tmp_path / "a.bin")
    if changed:
        answer.etag, answer.body = '"two"', BODY[::-1]
    download(f"{server.url}/a.bin", tmp_path / "a.bin", Known(digest(answer.body)), QUICK)
    assert (tmp_path / "a.bin").read_bytes() == answer.body


@pytest.mark.parametrize(
    "span",
    ["bytes 0-9/10", "bytes 4000-102399/102400", "bytes 5000-102399/999999", "nonsense"],
)
def test_a_wrong_rest_is_thrown_away(span: str, server: Server, tmp_path: Path) -> None:
    server.answers["/a.bin"] = Dropping(5000)
    attempt(f"{server.url}/a.bin", tmp_path / "a.bin")
    server.answers["/a.bin"] = lambda handler: handler.reply(206, b"x" * 10, Content_Range=span)
    assert "the partial download; it is started again" in attempt(
        f"{server.url}/a.bin", tmp_path / "a.bin"
    )
    assert files_in(tmp_path) == []


def test_a_half_file_that_nothing_vouches_for_is_not_used(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(b"who knows")
    download(server.give("/a.bin", BODY), tmp_path / "a.bin", Known(digest(BODY)), QUICK)
    assert "Range" not in server.requests[0][1]
    assert files_in(tmp_path) == ["a.bin"]


def test_a_silent_server_is_given_up(server: Server, tmp_path: Path) -> None:
    server.answers["/a.bin"] = lambda _: server.over.wait(60)
    said = attempt(f"{server.url}/a.bin", tmp_path / "a.bin", limits=replace(QUICK, read=0.1))
    assert "Timeout" in said


def test_a_server_that_falls_silent_leaves_what_came(server: Server, tmp_path: Path) -> None:
    def halt(handler: Handler) -> None:
        handler.reply(200, BODY[:3000], length=len(BODY), ETag='"one"')
        handler.wfile.flush()
        server.over.wait(60)

    server.answers["/a.bin"] = halt
    said = attempt(f"{server.url}/a.bin", tmp_path / "a.bin", limits=replace(QUICK, read=0.5))
    assert "keeps 3000 bytes" in said


def test_a_server_that_drips_is_given_up(server: Server, tmp_path: Path) -> None:
    def drip(handler: Handler) -> None:
        handler.reply(200, length=len(BODY))
        for byte in BODY:
            if server.over.wait(0.02):
                return
            handler.wfile.write(bytes([byte]))

    server.answers["/a.bin"] = drip
    said = attempt(f"{server.url}/a.bin", tmp_path / "a.bin", limits=replace(QUICK, window=0.1))
    assert "stalled" in said


def test_too_small_a_disk_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 10

    monkeypatch.setattr("gains.fetch.folders.shutil.disk_usage", lambda _: Usage)
    with pytest.raises(OSError, match="make room"):
        download(server.give("/a.bin", BODY), tmp_path / "a.bin", Known(), QUICK)
    assert files_in(tmp_path) == []


def test_old_tls_is_for_the_old_server_only() -> None:
    with session() as made:
        for host in LEGACY_TLS_HOSTS:
            adapter: Any = made.get_adapter(f"https://{host}/x")
            pools = [adapter.poolmanager, adapter.proxy_manager_for("http://127.0.0.1:1")]
            for pool in pools:
                context = pool.connection_pool_kw["ssl_context"]
                assert context.options & OP_LEGACY_SERVER_CONNECT
                assert context.verify_mode is ssl.CERT_REQUIRED
                assert context.check_hostname
        other: Any = made.get_adapter("https://data.broadinstitute.org/x")
        assert "ssl_context" not in other.poolmanager.connection_pool_kw
    assert not ssl.create_default_context().options & OP_LEGACY_SERVER_CONNECT
    assert type(other) is requests.adapters.HTTPAdapter
