"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import socket
import threading
import time
from pathlib import Path, PurePath

import pytest
from filelock import FileLock

from gains.support.file_errors import ADVICE, worded
from gains.support.files import (
    atomic_path,
    check_output,
    parse_object,
    read_json,
    require_file,
    require_suffix,
    settings_hash,
    sha256,
    write_json,
)
from gains.support.locks import waiting_lock
from gains.support.names import is_junk
from helpers.damage import refused_or_equal


def test_atomic_write_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_bytes_depend_on_content_alone(tmp_path: Path) -> None:
    for name in ("a.json.gz", "b.json.gz"):
        write_json(tmp_path / name, {"b": 1, "a": [1.5, "ü"]})
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()
    assert read_json(tmp_path / "a.json.gz") == {"a": [1.5, "ü"], "b": 1}


def test_a_file_below_missing_folders_is_written_for_everybody_to_read(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.json.gz"
    with atomic_path(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.name.endswith("x.json.gz")
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_the_bytes_of_json(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.json", tmp_path / "a.json.gz"
    write_json(plain, {"b": 1, "a": [1.5, "ü"]})
    write_json(packed, {"b": 1, "a": [1.5, "ü"]}, indent=None)
    assert plain.read_bytes() == b'{\n "a": [\n  1.5,\n  "\\u00fc"\n ],\n "b": 1\n}\n'
    assert gzip.decompress(packed.read_bytes()) == b'{"a": [1.5, "\\u00fc"], "b": 1}\n'
    assert packed.read_bytes()[4:8] == bytes(4)  # no time


def test_the_content_decides_whether_json_is_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(gzip.compress(b"[1]"))
    (tmp_path / "b.json.gz").write_bytes(b"[2]")
    assert read_json(tmp_path / "a.json") == [1]
    assert read_json(tmp_path / "b.json.gz") == [2]


def test_json_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_truncated_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}')[:-6])
    with pytest.raises(ValueError, match=r"a\.json\.gz: expected complete JSON"):
        read_json(path)


def test_changed_bytes_of_compressed_json_are_refused_or_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    write_json(path, {"a": [1, 2, 3] * 20, "b": "text"})
    assert refused_or_equal(path, read_json) > path.stat().st_size / 2


def test_outputs_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"), atomic_path(tmp_path):
        raise AssertionError("the work began")
    with pytest.raises(ValueError, match="cannot be written"), atomic_path("/proc/none/a.json"):
        raise AssertionError("the work began")


def test_a_lock_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    order: list[str] = []

    def second() -> None:
        with waiting_lock(tmp_path / "lock", "somebody else is at work"):
            order.append("second")

    thread = threading.Thread(target=second)
    with waiting_lock(tmp_path / "lock", "not said"):
        thread.start()
        while "somebody else is at work" not in caplog.text:
            time.sleep(0.01)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert "not said" not in caplog.text


def test_an_error_in_the_block_frees_the_lock(tmp_path: Path) -> None:
    # the error keeps the frames of its traceback alive, and with them the lock
    with pytest.raises(KeyError) as error, waiting_lock(tmp_path / "lock", "not said"):
        raise KeyError
    with FileLock(tmp_path / "lock").acquire(timeout=0):
        assert error.traceback


def test_json_objects_of_options() -> None:
    assert parse_object('{"a": 1}', "--settings") == {"a": 1}
    for text in ("{", "[1]", "1"):
        with pytest.raises(ValueError, match="--settings: expected a JSON object, found"):
            parse_object(text, "--settings")


def test_only_the_named_suffixes_are_accepted(tmp_path: Path) -> None:
    assert require_suffix("a.png", ".pdf", ".png") == Path("a.png")
    with pytest.raises(ValueError, match=r"a\.svg: expected a name ending in \.pdf or \.png"):
        require_suffix("a.svg", ".pdf", ".png")


@pytest.mark.parametrize("name", [".hidden", "a/.DS_Store", "__MACOSX/a.txt", ".git/config"])
def test_files_of_operating_systems_count_as_junk(name: str) -> None:
    assert is_junk(PurePath(name))
    assert not is_junk(PurePath("a/b.txt"))


def test_the_hash_of_settings_depends_on_keys_and_values_but_not_on_their_order() -> None:
    first = settings_hash({"a": 1, "b": {"c": 2, "d": [3, 4]}})
    assert first == settings_hash({"b": {"d": [3, 4], "c": 2}, "a": 1})
    assert first != settings_hash({"a": 1, "b": {"c": 2, "d": [4, 3]}})
    assert first == hashlib.sha256(b'{"a":1,"b":{"c":2,"d":[3,4]}}').hexdigest()[:16]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 100_000, "it is nested too deeply"),
        (b"9" * 5000, "a number has more than 4300 digits"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 60, "invalid"),
    ],
)
def test_json_that_cannot_be_held_is_refused_by_name(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.json: expected complete JSON .*{reason}"):
        read_json(path)
    if content.isascii():
        with pytest.raises(ValueError, match=f"--options: expected a JSON object, .*{reason}"):
            parse_object(content.decode(), "--options")


def special(folder: Path, kind: str) -> Path:
    """Make something that is not a file, and return its path."""
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "long":
        path = folder / ("x" * 300)
    else:
        (folder / "file").write_text("")
        path = folder / "file" / "x"
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("pipe", "is a pipe, socket or device"),
        ("socket", "is a pipe, socket or device"),
        ("loop", "a link that leads back to itself; replace the link"),
        ("long", "the name is too long for this system; choose a shorter one"),
    ],
)
def test_what_is_no_file_is_neither_read_nor_replaced(
    kind: str, message: str, tmp_path: Path
) -> None:
    path = special(tmp_path, kind)
    for work in (require_file, sha256, read_json, check_output):
        with pytest.raises(ValueError, match=message) as error:
            work(path)
        assert str(error.value).startswith(f"{path}: ")
    with pytest.raises(ValueError, match=message):
        write_json(path, {})
    assert not path.is_file() if kind != "long" else list(tmp_path.iterdir()) == []


def test_a_device_is_no_output() -> None:
    with pytest.raises(ValueError, match="/dev/null: is a pipe, socket or device"):
        check_output("/dev/null")


def test_a_file_in_place_of_a_folder_is_named(tmp_path: Path) -> None:
    path = special(tmp_path, "below a file")
    with pytest.raises(FileNotFoundError, match="file/x: no such file"):
        require_file(path)
    with pytest.raises(ValueError, match="cannot be written: there is another file"):
        check_output(path)


def test_a_name_of_the_greatest_length_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250 + ".json")
    write_json(path, [])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_names_the_file_that_was_written(number: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(OSError) as error, atomic_path(path):
        raise OSError(number, os.strerror(number))
    assert worded(error.value) == f"{path}: {os.strerror(number)}: {ADVICE[number]}"
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_system_say_what_to_do() -> None:
    denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/a/b")
    assert worded(denied).startswith("/a/b: permission denied; change the permissions")
    assert worded(OSError(errno.ENOSPC, "own words", "/a")) == "/a: own words"
    assert worded(FileNotFoundError("own words")) == "own words"
    assert worded(OSError(errno.EBUSY, os.strerror(errno.EBUSY))) == os.strerror(errno.EBUSY)
