"""A web server on this machine, and a project that fetches from it."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gains.fetch.http import DownloadLimits
from gains.fetch.sources import COLUMNS
from gains.fetch.transports import NetworkSettings

QUICK = DownloadLimits(connect=5, read=5, attempts=1, pause=0)

Answer = Callable[["Handler"], object]


class Handler(BaseHTTPRequestHandler):
    """A handler that answers with the function of the path, and records every request."""

    def do_GET(self) -> None:
        self.web.requests.append((self.path, dict(self.headers)))
        self.web.answers.get(self.path, lambda handler: handler.reply(404))(self)

    @property
    def web(self) -> Server:
        return self.server.web  # type: ignore[attr-defined]

    def reply(
        self, code: int, body: bytes = b"", *, length: int | None = None, **headers: Any
    ) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Server:
    """A server: its functions by path, and the requests so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()

    def give(self, path: str, body: bytes, **headers: Any) -> str:
        """Let the server answer with a body, and return the address."""
        self.answers[path] = lambda handler: handler.reply(200, body, **headers)
        return self.url + path


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    http.web = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        http.shutdown()
        thread.join()
        http.server_close()


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip of files by name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Project:
    """A folder with addresses and raw data."""

    def __init__(self, folder: Path) -> None:
        self.sources, self.raw = folder / "data" / "sources.csv", folder / "data" / "raw"
        self.sources.parent.mkdir()
        self.rows: list[dict[str, str]] = []

    def add(self, file: str, url: str, kind: str = "http", **more: str) -> None:
        row = dict.fromkeys(COLUMNS, "") | {
            "dataset": "cells", "file": file, "url": url, "kind": kind, "mirror": "1",
            "licence": "CC0", "citation": "Nobody 2026",
        }  # fmt: skip
        self.rows.append(row | more)
        with self.sources.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)

    @property
    def place(self) -> Path:
        return self.raw / "cells"

    def fetch(self, network: NetworkSettings | None = None) -> Any:
        from gains.fetch.fetch import fetch

        return fetch("cells", self.sources, self.raw, network or NetworkSettings(QUICK))

    def names(self) -> list[str]:
        """Return the names of all files in the folder of the data set, also of hidden ones."""
        return sorted(path.name for path in self.place.iterdir())
