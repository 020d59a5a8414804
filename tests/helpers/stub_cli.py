"""A replacement of ``gains.cli.main`` in a copy of the project: each verb only writes its files.

The content that a verb writes depends on its options and on the content of its inputs, so that
changes have the same effects as with the real verbs. ``STUB_FAIL=<dataset>/<method>/<variant>``
makes that training fail; ``STUB_ALONE=<folder>`` makes a training fail if it runs at the same time
as another one.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import sys
from pathlib import Path

BESIDE = {
    "convert": lambda out: [out.with_suffix(".zip")],
    "train": lambda out: [
        out.parent / name for name in ("losses.csv", "validation.csv", "run.json")
    ],
    "predict": lambda out: [out.parent / "test.predictions.images.json"],
    "import-predictions": lambda out: [out.parent / "test.predictions.images.json"],
    "table": lambda out: [
        out.with_suffix(f".{kind}")
        for kind in ("md", "tex", "certainty.csv", "certainty.md", "contact.csv", "contact.md")
    ],
    "validation-table": lambda out: [out.with_suffix(".md"), out.with_suffix(".tex")],
    "compare": lambda out: [out.with_suffix(".md")],
    "figure": lambda out: [out.with_suffix(".png")],
}
WITHOUT_EFFECT = ("--out", "--scratch", "--jobs", "--code")


def parse(arguments: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    plain: list[str] = []
    options: dict[str, list[str]] = {}
    current = plain
    for argument in arguments:
        if argument.startswith("--"):
            current = options.setdefault(argument, [])
        else:
            current.append(argument)
    return plain, options


def content(verb: str, plain: list[str], options: dict[str, list[str]]) -> str:
    parts = [verb]
    specs = [Path(path).read_text() for path in options.get("--spec", [])]
    named = re.findall(r"[\w/.+-]+\.json", " ".join(specs))
    for values in (plain, named, *(v for k, v in options.items() if k not in WITHOUT_EFFECT)):
        for value in values:
            is_file = len(value) < 200 and Path(value).is_file()
            parts.append(hashlib.sha256(Path(value).read_bytes()).hexdigest() if is_file else value)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def train(options: dict[str, list[str]]) -> None:
    if options["--name"] == [os.environ.get("STUB_FAIL")]:
        sys.exit("asked to fail")
    if "STUB_ALONE" in os.environ:
        lock = Path(os.environ["STUB_ALONE"]) / "running"
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        hashlib.pbkdf2_hmac("sha256", b"", b"", 300_000)
        lock.unlink()


def main() -> None:
    verb, *rest = sys.argv[1:]
    plain, options = parse(rest)
    if verb == "copy":
        files = options.pop("--study")[1:]
        for source, destination in zip(files[::2], files[1::2], strict=True):
            Path(destination).write_bytes(Path(source).read_bytes())
        return
    if verb == "train":
        train(options)
    if verb == "fetch":
        options["--out"] = [f"data/raw/{plain[0]}/fetched.json"]
    out = Path(options["--out"][0])
    digest = content(verb, plain, options)
    out.parent.mkdir(parents=True, exist_ok=True)
    if verb == "fetch":
        entry: dict[str, object] = {
            "origin": "by hand",
            "mirror": None,
            "bytes": None,
            "sha256": None,
            "contents": {},
        }
        addresses = hashlib.sha256(Path("data/sources.csv").read_bytes()).hexdigest()
        out.write_text(json.dumps({"dataset": plain[0], "files": {addresses: entry}}))
        with Path("data/sources.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["dataset"] == plain[0]]
        for name in (row["file"] for row in rows if row["file"].endswith(".pth")):
            out.with_name(name).write_text(name)
        return
    for path in (out, *BESIDE.get(verb, lambda _: [])(out)):
        path.write_text(
            json.dumps({"made by": verb, "file": path.name, "value": int(digest[:8], 16)}) + "\n"
        )
