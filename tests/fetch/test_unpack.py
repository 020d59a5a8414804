"""Unpacking: archives that are refused, and no incomplete folder after an error."""

from __future__ import annotations

import errno
import io
import stat
import tarfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gains.fetch import unpack as room
from gains.fetch.names import archive_folder
from gains.fetch.unpack import ArchiveLimits, contents_in, unpack
from helpers.fetch_server import digest, zipped


def packed(folder: Path, data: bytes, name: str = "set.zip") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refuse(archive: Path, message: str, limits: ArchiveLimits = room.LIMITS) -> None:
    """Unpack; the error names the archive, and only the archive exists afterwards."""
    before = archive.read_bytes()
    with pytest.raises(ValueError, match=message) as error:
        unpack(archive, archive.parent / "set", limits)
    assert str(archive) in str(error.value)
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    assert archive.read_bytes() == before


def test_files_are_unpacked_and_listed(tmp_path: Path) -> None:
    files = {"b/two.txt": b"22", "one.txt": b"1", "a/three.txt": b"", "a/": b""}
    archive = packed(tmp_path, zipped(files))
    contents = unpack(archive, tmp_path / "set")
    assert {p: (c.bytes, c.sha256) for p, c in contents.items()} == {
        name: (len(data), digest(data)) for name, data in files.items() if name != "a/"
    }
    assert (tmp_path / "set" / "b" / "two.txt").read_bytes() == b"22"
    assert contents_in(archive, tmp_path / "set") == contents


def test_a_folder_of_the_same_name_is_not_nested_and_leavings_are_skipped(tmp_path: Path) -> None:
    files = {"set/a.txt": b"a", "set/.DS_Store": b"x", "__MACOSX/set/._a.txt": b"x"}
    assert list(unpack(packed(tmp_path, zipped(files)), tmp_path / "set")) == ["a.txt"]
    assert sorted(p.name for p in (tmp_path / "set").rglob("*")) == ["a.txt"]


@pytest.mark.parametrize("files", [["other/a.txt"], ["set"], ["set/a.txt", "b.txt"]])
def test_only_a_folder_of_the_name_of_the_archive_is_left_out(
    files: list[str], tmp_path: Path
) -> None:
    archive = packed(tmp_path, zipped(dict.fromkeys(files, b"x")))
    assert sorted(unpack(archive, tmp_path / "set")) == sorted(files)


def test_an_encrypted_entry_and_a_device_are_named(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the directory
    refuse(packed(tmp_path, bytes(data)), "is encrypted; unpack it by hand")
    device = zipfile.ZipInfo("tty")
    device.external_attr = stat.S_IFCHR << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(device, "")
    refuse(packed(tmp_path, buffer.getvalue()), "'tty' is a link or device")


def test_two_small_files_exceed_the_limit_of_bytes_together(tmp_path: Path) -> None:
    archive = packed(tmp_path, zipped({"a": b"1234", "b": b"1234"}))
    refuse(archive, "or 7 bytes", ArchiveLimits(bytes=7))


def test_names_that_differ_in_case_are_two_files(tmp_path: Path) -> None:
    archive = packed(tmp_path, zipped({"a.txt": b"1", "A.txt": b"2"}))
    assert len(unpack(archive, tmp_path / "set")) == 2


@pytest.mark.parametrize(
    "name", ["../out.txt", "a/../../out.txt", "/tmp/out.txt", "C:/out.txt", "a\\..\\out.txt"]
)
def test_an_entry_that_leaves_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    refuse(packed(tmp_path, zipped({"good.txt": b"", name: b"x"})), "refused as hostile")


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    refuse(packed(tmp_path, data.getvalue()), "link or device")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_link_or_device_in_a_tar_is_refused(kind: bytes, tmp_path: Path) -> None:
    refuse(packed(tmp_path, tarred({"a.txt": b"a"}, kind), "set.tar.gz"), "link or device")


def tarred(files: dict[str, bytes], extra: bytes | None = None) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if extra:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = extra, "a.txt"
            archive.addfile(info)
    return data.getvalue()


def test_a_tar_is_unpacked_likewise(tmp_path: Path) -> None:
    archive = packed(tmp_path, tarred({"set/a.txt": b"a", "set/b/c.txt": b"c"}), "set.tar.gz")
    assert list(unpack(archive, tmp_path / "set")) == ["a.txt", "b/c.txt"]
    hostile = packed(tmp_path, tarred({"../a.txt": b"a"}), "other.tar.gz")
    with pytest.raises(ValueError, match="hostile"):
        unpack(hostile, tmp_path / "other")


def test_a_bomb_by_ratio_is_refused(tmp_path: Path) -> None:
    bomb = zipped({"zeros": bytes(10_000_000)})
    assert len(bomb) < 20_000
    refuse(packed(tmp_path, bomb), "more than .* 1000000 bytes", ArchiveLimits(bytes=1_000_000))


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """Both headers state 10 bytes for a megabyte."""
    data, true = bytearray(zipped({"zeros": bytes(1_000_000)})), (1_000_000).to_bytes(4, "little")
    assert data.count(true) == 2
    lying = bytes(data).replace(true, (10).to_bytes(4, "little"))
    refuse(
        packed(tmp_path, lying), "expected a complete archive|should have", ArchiveLimits(bytes=100)
    )


@pytest.mark.parametrize("given", [b"y" * 1000, b"y"])
def test_what_is_written_is_counted_whatever_the_reader_gives(
    given: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed(tmp_path, zipped({"a": b"four"}))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: io.BytesIO(given))
    refuse(archive, "damaged or hostile")


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path, zipped({f"{n}": b"" for n in range(20)}))
    refuse(archive, "more than 10 entries", ArchiveLimits(entries=10))


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    refuse(packed(tmp_path, data.getvalue()), "twice")


def test_a_file_that_is_also_a_folder_is_refused(tmp_path: Path) -> None:
    refuse(packed(tmp_path, zipped({"a": b"", "a/b": b""})), "a parent of 'a/b' is a file")


DAMAGES = ["empty", "no archive", "cut off"]


@pytest.mark.parametrize("data", [b"", b"no archive", zipped({"a": b"x" * 999})[:-40]], ids=DAMAGES)
def test_a_damaged_archive_is_named(data: bytes, tmp_path: Path) -> None:
    refuse(packed(tmp_path, data), "expected a complete archive")


@pytest.mark.parametrize(
    "data", [b"", b"no archive", tarred({"a": bytes(9999)})[:-20]], ids=DAMAGES
)
def test_a_damaged_tar_is_named(data: bytes, tmp_path: Path) -> None:
    refuse(packed(tmp_path, data, "set.tar.gz"), "expected a complete archive")


def test_an_archive_without_files_is_refused(tmp_path: Path) -> None:
    refuse(packed(tmp_path, zipped({})), "holds no file")


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed(tmp_path, zipped({"a": b"1", "b": b"2"}))
    written: list[Any] = []
    real = room._write

    def write(*args: Any) -> Any:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(args)
        return real(*args)

    monkeypatch.setattr(room, "_write", write)
    with pytest.raises(OSError, match="the disk is full; make room") as error:
        unpack(archive, tmp_path / "set")
    assert error.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]


def test_too_small_a_disk_is_noticed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 6

    monkeypatch.setattr("gains.fetch.folders.shutil.disk_usage", lambda _: Usage)
    archive = packed(tmp_path, zipped({"a": b"four", "b": b"333"}))
    with pytest.raises(OSError, match="needs 7 bytes, but only 6 are free") as error:
        unpack(archive, tmp_path / "set")
    assert error.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]
    Usage.free = 7
    assert list(unpack(archive, tmp_path / "set")) == ["a", "b"]


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(FileExistsError, match="exists already"):
        unpack(packed(tmp_path, zipped({"a": b""})), tmp_path / "set")
    assert list((tmp_path / "set").iterdir()) == []


def test_what_counts_as_archive() -> None:
    names = ["a.zip", "A.ZIP", "a.b.tar.gz", "a.tgz", "a.mat", ".zip", "a/"]
    assert [archive_folder(n) for n in names] == ["a", "A", "a.b", "a", None, None, None]


def test_an_archive_at_its_limits_is_unpacked(tmp_path: Path) -> None:
    archive = packed(tmp_path, zipped({"a": b"1234", "b": b"56"}))
    refuse(archive, "more than 2 entries or 5 bytes", ArchiveLimits(entries=2, bytes=5))
    refuse(archive, "more than 1 entries", ArchiveLimits(entries=1))
    assert len(unpack(archive, tmp_path / "set", ArchiveLimits(entries=2, bytes=6))) == 2
